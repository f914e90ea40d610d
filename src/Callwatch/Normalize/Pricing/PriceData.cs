using Callwatch.Spans;

namespace Callwatch.Normalize.Pricing;

/// <summary>A list of providers in the schema of <c>data/README.md</c>: the built-in one, an operator's file, an operator's own entries.</summary>
internal sealed record PriceData(IReadOnlyList<ProviderPrices> Providers)
{
    public static readonly PriceData Empty = new([]);

    /// <summary>By id, else by the first provider whose expression holds.</summary>
    public ProviderPrices? Provider(string name) =>
        Providers.FirstOrDefault(provider => provider.Id == name) ?? Providers.FirstOrDefault(provider => provider.ProviderMatch?.Holds(name) == true);

    public ProviderPrices? ProviderAt(string url) => Providers.FirstOrDefault(provider => provider.ApiPattern?.Holds(url) == true);

    /// <summary>Guessed from the model's name alone.</summary>
    public ProviderPrices? ProviderOf(string model) => Providers.FirstOrDefault(provider => provider.ModelMatch?.Holds(model) == true);

    public ProviderPrices? ProviderById(string id) => Providers.FirstOrDefault(provider => provider.Id == id);
}

internal sealed record ProviderPrices
{
    public required string Id { get; init; }

    /// <summary>On the API's address, from its start.</summary>
    public NameMatch.Pattern? ApiPattern { get; init; }

    public NameMatch? ProviderMatch { get; init; }

    public NameMatch? ModelMatch { get; init; }

    /// <summary>Providers whose models are tried when this one has no match.</summary>
    public IReadOnlyList<string> Fallbacks { get; init; } = [];

    /// <summary>Order matters: the first that matches is taken.</summary>
    public required IReadOnlyList<PricedModel> Models { get; init; }
}

internal sealed record PricedModel
{
    public required string ProviderId { get; init; }

    public required string Id { get; init; }

    public required NameMatch Match { get; init; }

    /// <summary>Operators' entries only: before this moment the entry is not there.</summary>
    public Timestamp? From { get; init; }

    /// <summary>At least one; looked at from the last to the first, and the first is for when no other holds.</summary>
    public required IReadOnlyList<DatedPrice> Prices { get; init; }

    public ModelPrice At(Timestamp time)
    {
        for (var i = Prices.Count - 1; i > 0; i--)
            if (Prices[i].HoldsAt(time)) return Prices[i].Price;
        return Prices[0].Price;
    }
}

/// <summary>A price, and when it holds: from a day on, or in a part of each day (UTC), or always.</summary>
internal sealed record DatedPrice(ModelPrice Price)
{
    public Timestamp? From { get; init; }

    /// <summary>Start included, end excluded; an end before the start is past midnight.</summary>
    public (TimeSpan Start, TimeSpan End)? Daily { get; init; }

    public bool HoldsAt(Timestamp time)
    {
        if (From is { } from) return time >= from;
        if (Daily is not { } daily) return true;
        var ofDay = new TimeSpan(time.UnixNanoseconds / 100 % TimeSpan.TicksPerDay);
        return daily.End < daily.Start ? ofDay >= daily.Start || ofDay < daily.End : ofDay >= daily.Start && ofDay < daily.End;
    }
}
