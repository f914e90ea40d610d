namespace Callwatch.Store;

/// <summary>Money in rows: whole numbers of 10⁻¹² US dollars, so that sums are exact and can be taken back.</summary>
public static class Money
{
    private const int Decimals = 12;
    private const decimal Scale = 1_000_000_000_000m;

    /// <summary>No single call costs more: a larger claim is cut here, so that sums stay within 64 bits (9.2 million dollars a row).</summary>
    public const decimal MostUsd = 10_000m;

    public static long ToPico(decimal usd) =>
        (long)decimal.Round(Math.Clamp(usd, -MostUsd, MostUsd) * Scale, 0, MidpointRounding.AwayFromZero);

    public static long? ToPico(decimal? usd) => usd is { } value ? ToPico(value) : null;

    /// <summary>Without trailing zeros, so that a value reads the same before and after it was stored.</summary>
    public static decimal ToUsd(long pico)
    {
        if (pico == 0) return 0;
        // By hand: an answer with thousands of figures has tens of thousands of sums, and dividing decimals takes ten times as long.
        var (rest, scale) = (pico < 0 ? unchecked((ulong)-pico) : (ulong)pico, Decimals);
        for (; scale >= 4 && rest % 10_000 == 0; scale -= 4) rest /= 10_000;
        for (; scale > 0 && rest % 10 == 0; scale--) rest /= 10;
        return new decimal((int)(uint)rest, (int)(uint)(rest >> 32), 0, pico < 0, (byte)scale);
    }

    public static decimal? ToUsd(long? pico) => pico is { } value ? ToUsd(value) : null;

    /// <summary>A sum that may lie beyond 64 bits.</summary>
    public static decimal ToUsd(Int128 pico) =>
        pico >= long.MinValue && pico <= long.MaxValue ? ToUsd((long)pico) : (decimal)pico / Scale / 1.0000000000000000000000000000m;
}
