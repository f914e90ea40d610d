namespace Callwatch.Normalize.Pricing;

/// <summary>What a model charges for text at one time, in US dollars for a million tokens. Null where that costs nothing known.</summary>
public sealed record PriceQuote
{
    public required string Provider { get; init; }

    /// <summary>Id of the price entry.</summary>
    public required string PriceId { get; init; }

    /// <summary>Version of the price book.</summary>
    public required string Book { get; init; }

    public decimal? Input { get; init; }

    /// <summary>The price of <see cref="Input"/> where the entry has none of its own; see <see cref="HasCachePrice"/>.</summary>
    public decimal? CacheRead { get; init; }

    public decimal? CacheWrite { get; init; }

    public decimal? Output { get; init; }

    /// <summary>The price of <see cref="Output"/> where the entry has none of its own.</summary>
    public decimal? Reasoning { get; init; }

    /// <summary>Whether reading from the cache has a price of its own.</summary>
    public bool HasCachePrice { get; init; }

    /// <summary>Whether the prices are others from some length of the prompt on: these are those of short ones.</summary>
    public bool HasTiers { get; init; }

    /// <summary>For one request, beside its tokens; 0 where there is no such price.</summary>
    public decimal PerRequest { get; init; }

    internal static PriceQuote Of(PriceHit hit, ModelPrice price, string book)
    {
        PriceUnit[] units = [PriceUnits.Input, PriceUnits.CacheRead, PriceUnits.CacheWrite, PriceUnits.Output, PriceUnits.Reasoning];
        return new PriceQuote
        {
            Provider = hit.Model.ProviderId,
            PriceId = hit.Model.Id,
            Book = book,
            Input = PerMillion(price, PriceUnits.Input),
            CacheRead = PerMillion(price, PriceUnits.CacheRead),
            CacheWrite = PerMillion(price, PriceUnits.CacheWrite),
            Output = PerMillion(price, PriceUnits.Output),
            Reasoning = PerMillion(price, PriceUnits.Reasoning),
            HasCachePrice = price.Of(PriceUnits.CacheRead) is { } read && !ReferenceEquals(read, price.Of(PriceUnits.Input)),
            HasTiers = units.Any(unit => price.Of(unit) is { Tiers.Count: > 0 }),
            PerRequest = price.PerRequest is { } request ? request.Base / PriceUnits.Requests.Per : 0,
        };
    }

    private static decimal? PerMillion(ModelPrice price, PriceUnit unit) => price.Of(unit) is { } found ? found.Base * 1_000_000 / unit.Per : null;
}
