using Callwatch.Query.Stats;
using Callwatch.Spans;
using Callwatch.Store.Rollups;

namespace Callwatch.Diagnose.Comparing;

/// <summary>From which bucket of a histogram on a call counts as slow: what 95 of 100 calls of the earlier window stayed below.</summary>
internal readonly record struct SlowFrom(int Latency, int Ttft)
{
    public static readonly SlowFrom Never = new(int.MaxValue, int.MaxValue);

    /// <param name="latencyMs">95th percentile; null when there is none.</param>
    public static SlowFrom Above(double? latencyMs, double? ttftMs) => new(BucketOf(latencyMs), BucketOf(ttftMs));

    private static int BucketOf(double? milliseconds) => milliseconds is { } ms ? Histogram.BucketOf((long)(ms * 1e6)) + 1 : int.MaxValue;
}

/// <summary>What the calls of one window add up to that have the same values of a few fields.</summary>
internal sealed class Cell
{
    private static readonly double[] Milliseconds = [.. Enumerable.Range(0, Histogram.MostBuckets + 1).Select(bucket => Histogram.ValueOf(bucket) / 1e6)];

    /// <summary>No calls; never added to.</summary>
    public static readonly Cell None = new();

    public long Calls { get; private set; }

    public long Success { get; private set; }

    public long Errors { get; private set; }

    public long LatencyCount { get; private set; }

    public double LatencyMs { get; private set; }

    /// <summary>Sum of the squares, from histograms: for how much single calls differ.</summary>
    public double LatencySquares { get; private set; }

    public long Slow { get; private set; }

    public long TtftCount { get; private set; }

    public double TtftMs { get; private set; }

    public double TtftSquares { get; private set; }

    public long SlowTtft { get; private set; }

    public long InputTokens { get; private set; }

    public long OutputTokens { get; private set; }

    public long CacheRead { get; private set; }

    public CostSums Cost { get; private set; }

    /// <param name="timed">False of calls whose times are not asked for.</param>
    public void Take(Outcome outcome, in RollupFigures row, bool timed, SlowFrom slow)
    {
        Calls += row.Calls;
        if (outcome == Outcome.Success) Success += row.Calls;
        else if (outcome == Outcome.Error) Errors += row.Calls;
        InputTokens += row.InputTokens;
        OutputTokens += row.OutputTokens;
        CacheRead += row.CacheRead;
        Cost = Cost.Plus(new CostSums(row.Cost, row.CostInput, row.CostCacheRead, row.CostCacheWrite, row.CostOutput, row.CostReasoning, row.CostOther));
        if (!timed) return;
        LatencyCount += row.LatencyCount;
        LatencyMs += row.LatencyMicroseconds / 1e3;
        var (count, squares) = Read(row.Latency, row.LatencyHistogram, slow.Latency);
        Slow += count;
        LatencySquares += squares;
        TtftCount += row.TtftCount;
        TtftMs += row.TtftMicroseconds / 1e3;
        (count, squares) = Read(row.Ttft, row.TtftHistogram, slow.Ttft);
        SlowTtft += count;
        TtftSquares += squares;
    }

    /// <param name="sign">−1 takes it away.</param>
    public void Add(Cell other, int sign = 1)
    {
        Calls += sign * other.Calls;
        Success += sign * other.Success;
        Errors += sign * other.Errors;
        LatencyCount += sign * other.LatencyCount;
        LatencyMs += sign * other.LatencyMs;
        LatencySquares += sign * other.LatencySquares;
        Slow += sign * other.Slow;
        TtftCount += sign * other.TtftCount;
        TtftMs += sign * other.TtftMs;
        TtftSquares += sign * other.TtftSquares;
        SlowTtft += sign * other.SlowTtft;
        InputTokens += sign * other.InputTokens;
        OutputTokens += sign * other.OutputTokens;
        CacheRead += sign * other.CacheRead;
        Cost = Cost.Plus(other.Cost, sign);
    }

    /// <summary>True when both must be the same calls.</summary>
    public bool IsLike(Cell other) => Calls == other.Calls && Errors == other.Errors && InputTokens == other.InputTokens && Cost == other.Cost && Math.Abs(LatencyMs - other.LatencyMs) < 1e-6 * (LatencyMs + 1);

    /// <summary>What is divided, and by what; of sums, the calls they are made of.</summary>
    public (double Amount, double Weight) Of(Measure measure) => measure switch
    {
        Measure.Latency => (LatencyMs, LatencyCount),
        Measure.Ttft => (TtftMs, TtftCount),
        Measure.Errors => (Errors, Success + Errors),
        Measure.Cost => (Cost.Usd, Calls),
        _ => (Calls, Calls),
    };

    /// <summary>The weight of <see cref="Of"/> alone.</summary>
    public long WeightOf(Measure measure) => measure switch
    {
        Measure.Latency => LatencyCount,
        Measure.Ttft => TtftCount,
        Measure.Errors => Success + Errors,
        _ => Calls,
    };

    /// <summary>How many are slower than what was usual, of how many.</summary>
    public (double Amount, double Weight) SlowOf(Measure measure) => measure == Measure.Ttft ? (SlowTtft, TtftCount) : (Slow, LatencyCount);

    /// <summary>How far single calls lie apart, squared.</summary>
    public double Variance(Measure measure)
    {
        var (amount, weight) = Of(measure);
        if (weight <= 0) return 0;
        var mean = amount / weight;
        return measure switch
        {
            Measure.Latency => Math.Max(LatencySquares / weight - (mean * mean), mean * mean * 0.01),
            Measure.Ttft => Math.Max(TtftSquares / weight - (mean * mean), mean * mean * 0.01),
            // With one more of each: a rate of nothing is not known exactly.
            Measure.Errors => (amount + 1) / (weight + 2) * (1 - ((amount + 1) / (weight + 2))),
            // Nobody kept how costs spread; calls of one kind mostly differ by less than their mean.
            Measure.Cost => mean * mean,
            _ => 0,
        };
    }

    private static (long Slow, double Squares) Read(long? one, ReadOnlySpan<byte> blob, int slowFrom)
    {
        if (one is { } value)
        {
            var own = Histogram.BucketOf(value);
            return (own >= slowFrom ? 1 : 0, value / 1e6 * (value / 1e6));
        }

        var read = new Varints(blob);
        if (blob.IsEmpty || read.Next() != Histogram.Format) return default;
        var (bucket, slow, squares) = (0L, 0L, 0d);
        for (var left = read.Next(); left > 0 && !read.AtEnd; left--)
        {
            bucket += read.Next();
            if (bucket is < 0 or > Histogram.MostBuckets) break;
            var count = read.Next();
            if (bucket >= slowFrom) slow += count;
            squares += count * Milliseconds[bucket] * Milliseconds[bucket];
        }

        return (slow, squares);
    }
}

/// <summary>Costs by class, in 10⁻¹² US dollars.</summary>
internal readonly record struct CostSums(Int128 Total, Int128 Input, Int128 CacheRead, Int128 CacheWrite, Int128 Output, Int128 Reasoning, Int128 Other)
{
    public double Usd => (double)Total / 1e12;

    /// <summary>By the names of the API; what a given cost does not split is the rest. They add up to the total.</summary>
    public IReadOnlyList<(string Class, double Usd)> ByClass =>
    [
        ("input", (double)Input / 1e12), ("cache_read", (double)CacheRead / 1e12), ("cache_write", (double)CacheWrite / 1e12), ("output", (double)Output / 1e12),
        ("reasoning", (double)Reasoning / 1e12), ("other", (double)Other / 1e12), ("unsplit", (double)(Total - Input - CacheRead - CacheWrite - Output - Reasoning - Other) / 1e12),
    ];

    public CostSums Plus(CostSums other) => new(
        Total + other.Total, Input + other.Input, CacheRead + other.CacheRead, CacheWrite + other.CacheWrite, Output + other.Output, Reasoning + other.Reasoning, Other + other.Other);

    public CostSums Plus(CostSums other, int sign) => sign == 1 ? Plus(other) : new(
        Total + (sign * other.Total), Input + (sign * other.Input), CacheRead + (sign * other.CacheRead), CacheWrite + (sign * other.CacheWrite),
        Output + (sign * other.Output), Reasoning + (sign * other.Reasoning), Other + (sign * other.Other));
}
