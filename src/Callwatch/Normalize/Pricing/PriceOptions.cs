using Microsoft.Extensions.Options;

namespace Callwatch.Normalize.Pricing;

/// <summary>Settings under <c>Callwatch:Prices</c>.</summary>
public sealed class PriceOptions
{
    public const string Section = "Callwatch:Prices";

    private static readonly HashSet<string> WithoutStandardPrice = new(StringComparer.OrdinalIgnoreCase) { "batch", "flex", "priority" };

    /// <summary>A price list in the schema of the built-in one, looked up before it; read at the start. Default none.</summary>
    public string? File { get; set; }

    /// <summary>By service tier (<c>batch</c>, <c>flex</c>, <c>priority</c>, ...), what its price is of the standard price, as 0.5. Default none:
    /// the standard price, and the cost says so.</summary>
    public Dictionary<string, decimal> TierFactors { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    internal (decimal Factor, string? Note) FactorOf(string? tier) =>
        tier is null ? (1, null)
        : TierFactors.TryGetValue(tier, out var factor) ? (factor, null)
        : (1, WithoutStandardPrice.Contains(tier) ? CostReasons.StandardPriceForTier : null);
}

internal sealed class PriceOptionsValidator : IValidateOptions<PriceOptions>
{
    public ValidateOptionsResult Validate(string? name, PriceOptions options)
    {
        if (options.TierFactors.FirstOrDefault(tier => tier.Value is < 0 or > 100) is { Key: { } wrong })
            return ValidateOptionsResult.Fail($"{PriceOptions.Section}:TierFactors:{wrong} must be from 0 to 100, as 0.5 for half the standard price.");
        return string.IsNullOrWhiteSpace(options.File) ? ValidateOptionsResult.Success : Check(options.File);
    }

    private static ValidateOptionsResult Check(string file)
    {
        try
        {
            return PriceLayer.Parse(File.ReadAllBytes(file)) is PriceLayerResult.Wrong wrong
                ? ValidateOptionsResult.Fail($"{PriceOptions.Section}:File names {file}, where {(wrong.Path.Length == 0 ? "the text" : wrong.Path)} {wrong.Message}. Mend it or take the setting away.")
                : ValidateOptionsResult.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ValidateOptionsResult.Fail($"{PriceOptions.Section}:File names {file}, which cannot be read. Name a readable price list.");
        }
    }
}
