using System.Runtime.CompilerServices;
using Callwatch.Spans;

namespace Callwatch.Normalize.Pricing;

/// <summary>
/// The counts of a call with every count taken out of what it is part of, so that nothing is priced twice: 2,048 input tokens of which
/// 1,536 were read from a cache are 512 and 1,536.
/// </summary>
internal ref struct UsageParts
{
    // More than any call can have; keeps sums and products in range whatever a sender writes.
    private const decimal MostOfAUnit = 1_000_000_000_000_000;

    private readonly Span<Part> parts;
    private ulong reported;

    private UsageParts(Span<Part> room) => parts = room;

    public int Count { get; private set; }

    /// <summary>False when parts exceed their whole, or a count is no count.</summary>
    public bool IsSound { get; private set; } = true;

    public readonly ReadOnlySpan<Part> All => parts[..Count];

    public readonly bool Has(PriceUnit unit) => (reported & (1UL << unit.Index)) != 0;

    public static UsageParts Of(TokenUsage usage, ref Room room)
    {
        var parts = new UsageParts(room);
        parts.Add(PriceUnits.Input, usage.Input);
        parts.Add(PriceUnits.Output, usage.Output);
        parts.Add(PriceUnits.CacheRead, usage.CacheRead);
        parts.Add(PriceUnits.CacheWrite, usage.CacheWrite);
        parts.Add(PriceUnits.CacheWrite1h, usage.CacheWrite1h);
        parts.Add(PriceUnits.Reasoning, usage.Reasoning);
        parts.Add(PriceUnits.AudioInput, usage.AudioInput);
        parts.Add(PriceUnits.AudioOutput, usage.AudioOutput);
        parts.Add(PriceUnits.ImageInput, usage.ImageInput);
        parts.Add(PriceUnits.VideoInput, usage.VideoInput);
        foreach (var (key, count) in usage.Others)
            if (PriceUnits.ByUsageKey.TryGetValue(key, out var unit) && unit != PriceUnits.Requests && !parts.Has(unit)) parts.Add(unit, count);
        parts.TakeOut();
        return parts;
    }

    private void Add(PriceUnit unit, decimal? count)
    {
        if (count is not { } known) return;
        if (known is < 0 or > MostOfAUnit) IsSound = false;
        parts[Count++] = new Part(unit, known);
        reported |= 1UL << unit.Index;
    }

    // From the most particular to the least: what is left of a part is final before its wholes are looked at.
    private void TakeOut()
    {
        parts[..Count].Sort(static (a, b) => a.Unit.Index.CompareTo(b.Unit.Index));
        for (var whole = 0; whole < Count; whole++)
        {
            var left = parts[whole].Count;
            for (var part = 0; part < whole; part++)
                if ((parts[part].Unit.Wholes & (1UL << parts[whole].Unit.Index)) != 0) left -= parts[part].Count;
            parts[whole] = parts[whole] with { Count = left };
            if (left < 0) IsSound = false;
        }
    }

    /// <summary>Where the parts lie: the caller's stack. There are fewer units than it has places, and each is there once.</summary>
    [InlineArray(64)]
    public struct Room
    {
        private Part first;
    }

    public readonly record struct Part(PriceUnit Unit, decimal Count);
}
