using Callwatch.Normalize.Pricing;
using Callwatch.Spans;

namespace Callwatch.Store.Rollups;

/// <summary>What one call adds to a row of rollups, in the order of the columns. A function of the stored row alone, so that it can be taken away again.</summary>
internal static class CallFigures
{
    /// <summary>Columns that add up: all figures of a row but the two maxima.</summary>
    public const int Count = 23;

    /// <summary>As many there were before users' judgements were counted.</summary>
    public const int CountBefore = 21;

    public const int Calls = 0, LatencyCount = 1, LatencySum = 2, TtftCount = 3, TtftSum = 4, Positive = 21, Negative = 22;

    /// <summary>The first of those that say what was used and what it cost, up to the last of these.</summary>
    public const int FirstOfUse = 5;

    // A hostile clock can claim centuries; a sum of them must not run over.
    private const long LongestNanoseconds = 100L * 86_400 * 1_000_000_000;

    public static long? Latency(Span span) => Bounded(span.DurationNanoseconds);

    public static long? Ttft(Span span) => Bounded(span.Call?.TtftNanoseconds);

    /// <summary>A time as it counts: a row keeps what the sender's clock claimed.</summary>
    public static long? Bounded(long? nanoseconds) => nanoseconds is { } time ? Math.Clamp(time, 0, LongestNanoseconds) : null;

    /// <summary>How long the output took, where output speed is defined (genai-attributes, section 6); null elsewhere.</summary>
    public static long? Generation(Span span)
    {
        if (span.Call is not { Usage.Output: > 1 } call || Latency(span) is not { } duration) return null;
        var generating = call.Streaming == true && Ttft(span) is { } ttft ? duration - ttft : duration;
        return generating > 0 ? generating : null;
    }

    /// <summary>True when its cost is missing from the sums; what failed without having used anything is not.</summary>
    public static bool IsUnpriced(Span span) => span.Call is { } call && CostReasons.IsUnpriced(call.Cost);

    public static void Write(Span span, Span<long> sums)
    {
        var call = span.Call!;
        var (latency, ttft, generation) = (Latency(span), Ttft(span), Generation(span));
        sums[Calls] = 1;
        sums[LatencyCount] = latency is null ? 0 : 1;
        sums[LatencySum] = (latency ?? 0) / 1_000;
        sums[TtftCount] = ttft is null ? 0 : 1;
        sums[TtftSum] = (ttft ?? 0) / 1_000;
        sums[5] = generation is null ? 0 : call.Usage.Output!.Value;
        sums[6] = (generation ?? 0) / 1_000;
        sums[7] = call.Usage.Input ?? 0;
        sums[8] = call.Usage.Output ?? 0;
        sums[9] = call.Usage.Total ?? 0;
        sums[10] = call.Usage.CacheRead ?? 0;
        sums[11] = call.Usage.CacheWrite ?? 0;
        sums[12] = call.Usage.Reasoning ?? 0;
        sums[13] = Money.ToPico(call.Cost.TotalUsd) ?? 0;
        sums[14] = Money.ToPico(call.Cost.InputUsd) ?? 0;
        sums[15] = Money.ToPico(call.Cost.CacheReadUsd) ?? 0;
        sums[16] = Money.ToPico(call.Cost.CacheWriteUsd) ?? 0;
        sums[17] = Money.ToPico(call.Cost.OutputUsd) ?? 0;
        sums[18] = Money.ToPico(call.Cost.ReasoningUsd) ?? 0;
        sums[19] = Money.ToPico(call.Cost.OtherUsd) ?? 0;
        sums[20] = IsUnpriced(span) ? 1 : 0;
        sums[Positive] = call.Feedback == Liking.Positive ? 1 : 0;
        sums[Negative] = call.Feedback == Liking.Negative ? 1 : 0;
    }
}
