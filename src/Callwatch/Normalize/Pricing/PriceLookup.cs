using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Callwatch.Spans;

namespace Callwatch.Normalize.Pricing;

/// <summary>The price entry a call's names lead to.</summary>
/// <param name="Name">The model name that found it.</param>
internal sealed record PriceHit(PricedModel Model, string Name);

/// <summary>All that is known of whose model a call used; two calls that agree in it have the same price entry.</summary>
internal readonly record struct PriceQuestion(string? Provider, string? ServerAddress, string? ResponseModel, string? RequestModel);

/// <summary>What a question leads to: entries in order of preference, the later ones for when the first are not in force yet.</summary>
internal sealed record PriceFinding(IReadOnlyList<PriceHit> Hits, string? Reason)
{
    public PriceHit? At(Timestamp time)
    {
        foreach (var hit in Hits)
            if (hit.Model.From is not { } from || time >= from) return hit;
        return null;
    }
}

/// <summary>Finds the price entry of a call (data/README.md, "Finding the price of a call"; cost specification, rules 4, 5 and 13).</summary>
/// <param name="layers">The operator's first, the built-in book last.</param>
internal sealed partial class PriceLookup(IReadOnlyList<PriceData> layers)
{
    // Names come from senders, so there may be any number of them.
    private const int MostRemembered = 20_000;

    private readonly ConcurrentDictionary<PriceQuestion, PriceFinding> remembered = new();

    public PriceFinding Find(in PriceQuestion question)
    {
        if (remembered.TryGetValue(question, out var known)) return known;
        var found = Search(question);
        if (remembered.Count >= MostRemembered) remembered.Clear();
        remembered[question] = found;
        return found;
    }

    private PriceFinding Search(PriceQuestion question)
    {
        if (question is { ResponseModel: null, RequestModel: null }) return new([], CostReasons.NoModel);
        var hits = new List<PriceHit>();
        var providerKnown = false;
        foreach (var name in new[] { question.ResponseModel, question.RequestModel }.OfType<string>().Distinct(StringComparer.Ordinal))
        {
            var (provider, model) = Split(question.Provider, name.Trim().ToLowerInvariant());
            foreach (var layer in layers)
            {
                if (ProviderIn(layer, provider, question.ServerAddress, model) is not { } prices) continue;
                providerKnown = true;
                foreach (var entry in ModelsIn(prices, model)) hits.Add(new PriceHit(entry, name));
            }
        }

        return new(hits, providerKnown ? CostReasons.UnknownModel : CostReasons.UnknownProvider);
    }

    /// <summary>LiteLLM names the real provider in front of the model.</summary>
    private (string? Provider, string Model) Split(string? provider, string model)
    {
        var name = provider?.Trim().ToLowerInvariant();
        if (name is not "litellm") return (name, model);
        var slash = model.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && slash < model.Length - 1 && layers.Any(layer => layer.Provider(model[..slash]) is not null)
            ? (model[..slash], model[(slash + 1)..])
            : (null, model);
    }

    /// <summary>A named provider is never guessed past: what <c>acme</c> serves as gpt-4o is not priced as OpenAI's.</summary>
    private ProviderPrices? ProviderIn(PriceData layer, string? provider, string? address, string model)
    {
        if (address is not null)
        {
            // Clients of OpenAI's protocol call every host "openai"; the host itself knows better, if anybody knows the host.
            var url = UrlOf(address);
            if (provider is null || (provider == "openai" && layers.Any(any => any.ProviderAt(url) is not null))) return layer.ProviderAt(url);
        }

        return provider is null ? layer.ProviderOf(model) : layer.Provider(provider);
    }

    private List<PricedModel> ModelsIn(ProviderPrices provider, string model)
    {
        var entries = Matching(provider, model);
        var spelled = WithDashes(model);
        return entries.Count > 0 || spelled == model ? entries : Matching(provider, spelled);
    }

    private List<PricedModel> Matching(ProviderPrices provider, string model)
    {
        var entries = InForceOrder(provider, model);
        foreach (var other in provider.Fallbacks)
        {
            foreach (var layer in layers)
                if (entries.Count == 0 && layer.ProviderById(other) is { } prices) entries = InForceOrder(prices, model);
        }

        return entries;
    }

    // The first that matches is the one, unless it begins some day: then the next one holds until that day.
    private static List<PricedModel> InForceOrder(ProviderPrices provider, string model)
    {
        var entries = new List<PricedModel>();
        foreach (var entry in provider.Models)
        {
            if (!entry.Match.Holds(model)) continue;
            entries.Add(entry);
            if (entry.From is null) break;
        }

        return entries;
    }

    private static string UrlOf(string address) =>
        address.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? "https://" + address[7..].ToLowerInvariant()
        : address.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? address.ToLowerInvariant() : "https://" + address.ToLowerInvariant();

    private static string WithDashes(string model) => CompactDate().Replace(model, match =>
    {
        var behind = match.Index + match.Length;
        if (behind < model.Length && model[behind] is not ('-' or ':')) return match.Value;
        return DateOnly.TryParseExact(match.ValueSpan[1..], "yyyyMMdd", out var day) ? day.ToString("-yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture) : match.Value;
    });

    // Without a time limit: it needs none, and on a machine that is short of time a limit strikes whatever the text.
    [GeneratedRegex(@"-20\d{6}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex CompactDate();
}
