namespace Callwatch.Store;

/// <summary>Money in rows: whole numbers of 10⁻¹² US dollars, so that sums are exact and can be taken back.</summary>
public static class Money
{
    private const decimal Scale = 1_000_000_000_000m;

    /// <summary>No single call costs more: a larger claim is cut here, so that sums stay within 64 bits (9.2 million dollars a row).</summary>
    public const decimal MostUsd = 10_000m;

    public static long ToPico(decimal usd) =>
        (long)decimal.Round(Math.Clamp(usd, -MostUsd, MostUsd) * Scale, 0, MidpointRounding.AwayFromZero);

    public static long? ToPico(decimal? usd) => usd is { } value ? ToPico(value) : null;

    public static decimal ToUsd(long pico) => Trim(pico / Scale);

    public static decimal? ToUsd(long? pico) => pico is { } value ? ToUsd(value) : null;

    /// <summary>A sum that may lie beyond 64 bits.</summary>
    public static decimal ToUsd(Int128 pico) => Trim((decimal)pico / Scale);

    // Without trailing zeros, so that a value reads the same before and after it was stored.
    private static decimal Trim(decimal value) => value / 1.0000000000000000000000000000m;
}
