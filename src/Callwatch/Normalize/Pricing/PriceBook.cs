using System.Security.Cryptography;
using Callwatch.Spans;

namespace Callwatch.Normalize.Pricing;

/// <summary>A price list as it was read, and the hash of its bytes.</summary>
internal sealed record PriceLayer(string Hash, PriceData Data)
{
    /// <summary>The list that comes with the program.</summary>
    public static readonly Lazy<PriceLayer> BuiltIn = new(() => Parse(PriceFiles.BuiltIn("prices.json")) is PriceLayerResult.Read read
        ? read.Layer : throw new InvalidDataException("The built-in price list cannot be read."));

    public static PriceLayerResult Parse(byte[] json) => PriceDataReader.Parse(json) switch
    {
        PriceDataResult.Read read => new PriceLayerResult.Read(new PriceLayer(HashOf(json), read.Data)),
        PriceDataResult.Wrong wrong => new PriceLayerResult.Wrong(wrong.Path, wrong.Message),
        _ => throw new InvalidOperationException("A price list is read or wrong."),
    };

    public static string HashOf(byte[] json) => Convert.ToHexStringLower(SHA256.HashData(json));
}

internal abstract record PriceLayerResult
{
    private PriceLayerResult()
    {
    }

    public sealed record Read(PriceLayer Layer) : PriceLayerResult;

    public sealed record Wrong(string Path, string Message) : PriceLayerResult;
}

/// <summary>The prices at one time: the operator's own entries, the operator's file, the built-in list. Never changes.</summary>
internal sealed class PriceBook
{
    private readonly PriceLookup lookup;
    private readonly IReadOnlyList<PriceLayer> layers;

    /// <param name="layers">In order of precedence.</param>
    public PriceBook(params IReadOnlyList<PriceLayer> layers)
    {
        this.layers = layers;
        lookup = new PriceLookup([.. layers.Select(layer => layer.Data)]);
        Version = PriceLayer.HashOf(System.Text.Encoding.ASCII.GetBytes(string.Join('\n', layers.Select(layer => layer.Hash))))[..12];
    }

    /// <summary>Names the content: twelve hexadecimal digits.</summary>
    public string Version { get; }

    public CallCost Price(LlmCall call, SpanKind kind, Outcome outcome, Timestamp start, PriceOptions options)
    {
        if (!kind.IsCall() && call.Source == CallSource.Recorded && kind != SpanKind.Agent) return CallCost.Unknown(CostReasons.NoCall);
        if (Given(call, outcome) is { } given) return given;
        var finding = lookup.Find(new PriceQuestion(call.Provider, call.ServerAddress, call.ResponseModel, call.RequestModel));
        var price = finding.At(start) is { } hit ? (Hit: hit, Price: hit.Model.At(start)) : default;

        // A price by the request needs no counts.
        if (call.Usage.IsUnknown && price.Price is not { CostsInput: false, CostsOutput: false, PerRequest: not null })
            return Unknown(outcome == Outcome.Error ? CostReasons.NotBillable : CostReasons.NoUsage);
        if (price.Price is null) return Unknown(finding.Hits.Count > 0 ? CostReasons.UnknownModel : finding.Reason!);
        var (factor, tierNote) = options.FactorOf(call.ServiceTier);
        var cost = CostOf.Usage(call, kind, outcome, price.Price, price.Hit.Model, factor);
        return cost with { Reason = cost.Reason ?? tierNote, PriceId = price.Hit.Model.Id, PriceBook = Version, PricedModel = price.Hit.Name };
    }

    /// <summary>The prices that such a call would have, by its names alone; null when none are known.</summary>
    public PriceQuote? Quote(string? provider, string model, Timestamp at) =>
        lookup.Find(new PriceQuestion(provider, null, null, model)).At(at) is { } hit ? PriceQuote.Of(hit, hit.Model.At(at), Version) : null;

    /// <summary>The entries of a provider that have a price for output, in order of precedence.</summary>
    public IEnumerable<string> ModelsOf(string provider) => layers.SelectMany(layer => layer.Data.Provider(provider)?.Models ?? [])
        .Where(model => model.Prices[^1].Price.CostsOutput).Select(model => model.Id).Distinct(StringComparer.Ordinal);

    // Named here too: another book may know what this one does not, and only a repricing lets it be asked.
    private CallCost Unknown(string reason) => CallCost.Unknown(reason) with { PriceBook = Version };

    /// <summary>Clients that have no price for a model write 0, and wrappers write 0 on errors: that is no statement about the cost.</summary>
    private static CallCost? Given(LlmCall call, Outcome outcome)
    {
        if (call.Given is not { TotalUsd: >= 0 and <= CostOf.MostUsd } given) return null;
        if (given.TotalUsd == 0 && (outcome == Outcome.Error || !call.Usage.IsUnknown)) return null;
        var cost = new CallCost { TotalUsd = CostOf.Rounded(given.TotalUsd), Source = "given" };
        return given is { InputUsd: >= 0, OutputUsd: >= 0 } && Math.Abs(given.InputUsd.Value + given.OutputUsd.Value - given.TotalUsd) <= 1e-9m
            ? cost with { InputUsd = CostOf.Rounded(given.InputUsd.Value), OutputUsd = cost.TotalUsd - CostOf.Rounded(given.InputUsd.Value) }
            : cost;
    }
}
