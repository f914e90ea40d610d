namespace Callwatch.Normalize.Pricing;

/// <summary>What one model charges, by unit.</summary>
internal sealed class ModelPrice(IReadOnlyList<(PriceUnit Unit, UnitPrice Price)> prices)
{
    private UnitPrice?[]? byUnit;

    /// <summary>True when some measure of what goes in has a price above zero.</summary>
    public bool CostsInput { get; } = prices.Any(entry => entry is { Unit: { IsMeasure: true, IsOutput: false }, Price.IsFree: false });

    public bool CostsOutput { get; } = prices.Any(entry => entry is { Unit: { IsMeasure: true, IsOutput: true }, Price.IsFree: false });

    public UnitPrice? PerRequest { get; } = prices.FirstOrDefault(entry => entry.Unit == PriceUnits.Requests).Price;

    /// <summary>The unit's price; one that has none of its own is priced like what it is part of. Null when neither has one.</summary>
    public UnitPrice? Of(PriceUnit unit)
    {
        // Made when first asked for: of some two thousand models a server meets a few.
        byUnit ??= [.. PriceUnits.All.Select(PriceOf)];
        return byUnit[unit.Index];
    }

    // Of several wholes the most particular; of audio read from the cache that is "cache read" rather than "audio".
    private UnitPrice? PriceOf(PriceUnit unit) => prices
        .Where(entry => entry.Unit == unit || (unit.Wholes & (1UL << entry.Unit.Index)) != 0)
        .OrderByDescending(entry => entry.Unit.Dimensions).ThenBy(entry => entry.Unit.Part == unit.Part ? 0 : 1)
        .FirstOrDefault().Price;
}

/// <summary>A price in US dollars for <see cref="PriceUnit.Per"/> of a unit, with tiers by the call's total input tokens.</summary>
/// <param name="Tiers">In order of their start.</param>
internal sealed record UnitPrice(decimal Base, IReadOnlyList<PriceTier> Tiers)
{
    public bool IsFree { get; } = Base == 0 && Tiers.All(tier => tier.Price == 0);

    /// <summary>Tiers are not marginal: the highest whose start is passed holds for the whole call.</summary>
    public decimal At(decimal totalInputTokens)
    {
        var price = Base;
        foreach (var tier in Tiers)
            if (totalInputTokens > tier.Start) price = tier.Price;
        return price;
    }
}

internal readonly record struct PriceTier(long Start, decimal Price);
