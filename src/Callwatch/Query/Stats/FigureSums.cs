using Callwatch.Spans;
using Callwatch.Store;
using Callwatch.Store.Rollups;

namespace Callwatch.Query.Stats;

/// <summary>Figures while they are being added up.</summary>
internal sealed class FigureSums
{
    private HistogramSum? latency;
    private HistogramSum? ttft;
    private long latencyCount, latencyMicroseconds, latencyMax, ttftCount, ttftMicroseconds, ttftMax;
    private Int128 speedTokens, speedMicroseconds;
    private long input, output, total, cacheRead, cacheWrite, reasoning, unpriced, positive, negative;
    private Int128 cost, costInput, costCacheRead, costCacheWrite, costOutput, costReasoning, costOther;
    private long success, errors, cancelled;
    private HashSet<int>? users, sessions;
    private long callsWithSession;

    /// <summary>Users and sessions where they are counted from sketches.</summary>
    public PeopleEstimate?[] Estimates { get; } = new PeopleEstimate?[2];

    public long Calls => success + errors + cancelled;

    /// <param name="timed">False when the times of such calls are not asked for: see <see cref="Figures"/>.</param>
    public void Add(in RollupFigures row, Outcome outcome, bool timed)
    {
        Count(outcome, row.Calls);
        input += row.InputTokens;
        output += row.OutputTokens;
        total += row.TotalTokens;
        cacheRead += row.CacheRead;
        cacheWrite += row.CacheWrite;
        reasoning += row.Reasoning;
        unpriced += row.Unpriced;
        positive += row.Positive;
        negative += row.Negative;
        cost += row.Cost;
        costInput += row.CostInput;
        costCacheRead += row.CostCacheRead;
        costCacheWrite += row.CostCacheWrite;
        costOutput += row.CostOutput;
        costReasoning += row.CostReasoning;
        costOther += row.CostOther;
        if (timed) AddTimes(row);
    }

    /// <summary>Takes up what other sums have.</summary>
    public void Add(FigureSums other)
    {
        success += other.success;
        errors += other.errors;
        cancelled += other.cancelled;
        input += other.input;
        output += other.output;
        total += other.total;
        cacheRead += other.cacheRead;
        cacheWrite += other.cacheWrite;
        reasoning += other.reasoning;
        unpriced += other.unpriced;
        positive += other.positive;
        negative += other.negative;
        cost += other.cost;
        costInput += other.costInput;
        costCacheRead += other.costCacheRead;
        costCacheWrite += other.costCacheWrite;
        costOutput += other.costOutput;
        costReasoning += other.costReasoning;
        costOther += other.costOther;
        speedTokens += other.speedTokens;
        speedMicroseconds += other.speedMicroseconds;
        latencyCount += other.latencyCount;
        latencyMicroseconds += other.latencyMicroseconds;
        latencyMax = Math.Max(latencyMax, other.latencyMax);
        ttftCount += other.ttftCount;
        ttftMicroseconds += other.ttftMicroseconds;
        ttftMax = Math.Max(ttftMax, other.ttftMax);
        if (other.latency is not null) (latency ??= new HistogramSum()).Merge(other.latency);
        if (other.ttft is not null) (ttft ??= new HistogramSum()).Merge(other.ttft);
        if (other.users is not null) (users ??= []).UnionWith(other.users);
        if (other.sessions is not null) (sessions ??= []).UnionWith(other.sessions);
        callsWithSession += other.callsWithSession;
    }

    public void AddPeople(int? user, int? session)
    {
        if (user is { } person) (users ??= []).Add(person);
        if (session is not { } conversation) return;
        (sessions ??= []).Add(conversation);
        callsWithSession++;
    }

    /// <summary>One more call of a session that was counted.</summary>
    public void AddSessionAgain() => callsWithSession++;

    public PeopleEstimate Estimate(int field) => Estimates[field] ??= new PeopleEstimate();

    /// <summary>Users and sessions are those of the estimates, also where there are none: nobody is a number too.</summary>
    public void EstimatePeople()
    {
        Estimate(0);
        Estimate(1);
    }

    /// <param name="people">False when users and sessions were not counted one by one.</param>
    public Figures ToFigures(bool people) => Estimates is [null, null] ? Counted(people) : Counted(people: false) with
    {
        Users = Estimates[0]?.People ?? 0,
        Sessions = Estimates[1]?.People ?? 0,
        CallsPerSession = Estimates[1] is { People: > 0 } estimate ? (double)estimate.Calls / estimate.People : null,
        UsersApproximate = Estimates[0]?.IsApproximate == true,
        SessionsApproximate = Estimates[1]?.IsApproximate == true,
    };

    private Figures Counted(bool people) => new()
    {
        Calls = Calls,
        Success = success,
        Errors = errors,
        Cancelled = cancelled,
        LatencyMs = Distribution(latency, latencyCount, latencyMicroseconds, latencyMax),
        TtftMs = Distribution(ttft, ttftCount, ttftMicroseconds, ttftMax),
        OutputTokensPerSecond = speedMicroseconds > 0 ? (double)speedTokens * 1e6 / (double)speedMicroseconds : null,
        InputTokens = input,
        OutputTokens = output,
        TotalTokens = total,
        CacheReadTokens = cacheRead,
        CacheWriteTokens = cacheWrite,
        ReasoningTokens = reasoning,
        CostUsd = Money.ToUsd(cost),
        Cost = new CostByClass(
            Money.ToUsd(costInput), Money.ToUsd(costCacheRead), Money.ToUsd(costCacheWrite), Money.ToUsd(costOutput), Money.ToUsd(costReasoning), Money.ToUsd(costOther)),
        UnpricedCalls = unpriced,
        FeedbackPositive = positive,
        FeedbackNegative = negative,
        Users = people ? users?.Count ?? 0 : null,
        Sessions = people ? sessions?.Count ?? 0 : null,
        CallsPerSession = people && sessions is { Count: > 0 } ? (double)callsWithSession / sessions.Count : null,
    };

    private void Count(Outcome outcome, long calls)
    {
        if (outcome == Outcome.Success) success += calls;
        else if (outcome == Outcome.Error) errors += calls;
        else cancelled += calls;
    }

    /// <summary>Latency, time to first token and speed alone.</summary>
    public void AddTimes(in RollupFigures row)
    {
        speedTokens += row.SpeedTokens;
        speedMicroseconds += row.SpeedMicroseconds;
        if (row.LatencyCount > 0)
        {
            latencyCount += row.LatencyCount;
            latencyMicroseconds += row.LatencyMicroseconds;
            latencyMax = Math.Max(latencyMax, row.LatencyMax);
            latency ??= new HistogramSum();
            if (row.Latency is { } one) latency.Add(one);
            else latency.Merge(row.LatencyHistogram);
        }

        if (row.TtftCount == 0) return;
        ttftCount += row.TtftCount;
        ttftMicroseconds += row.TtftMicroseconds;
        ttftMax = Math.Max(ttftMax, row.TtftMax);
        ttft ??= new HistogramSum();
        if (row.Ttft is { } first) ttft.Add(first);
        else ttft.Merge(row.TtftHistogram);
    }

    private static Distribution Distribution(HistogramSum? histogram, long count, long microseconds, long max)
    {
        Span<double> quantiles = stackalloc double[4];
        if (histogram is null || count == 0) return Query.Distribution.None;
        var average = microseconds / 1e3 / count;
        if (!histogram.Quantiles(Shares, quantiles)) return new Distribution(average, null, null, null, null, max / 1e6);
        // The bucket of the greatest value may stand for more than the greatest value.
        foreach (ref var quantile in quantiles) quantile = Math.Min(quantile, max) / 1e6;
        return new Distribution(average, quantiles[0], quantiles[1], quantiles[2], quantiles[3], max / 1e6);
    }

    private static ReadOnlySpan<double> Shares => [0.5, 0.9, 0.95, 0.99];
}

/// <summary>What a row of rollups, or one call, adds. Of one call the times stand themselves, not as histograms.</summary>
internal readonly ref struct RollupFigures
{
    public long Calls { get; init; }
    public long LatencyCount { get; init; }
    public long LatencyMicroseconds { get; init; }
    public long LatencyMax { get; init; }
    public long TtftCount { get; init; }
    public long TtftMicroseconds { get; init; }
    public long TtftMax { get; init; }
    public long SpeedTokens { get; init; }
    public long SpeedMicroseconds { get; init; }
    public long InputTokens { get; init; }
    public long OutputTokens { get; init; }
    public long TotalTokens { get; init; }
    public long CacheRead { get; init; }
    public long CacheWrite { get; init; }
    public long Reasoning { get; init; }
    public long Unpriced { get; init; }
    public long Positive { get; init; }
    public long Negative { get; init; }
    public long Cost { get; init; }
    public long CostInput { get; init; }
    public long CostCacheRead { get; init; }
    public long CostCacheWrite { get; init; }
    public long CostOutput { get; init; }
    public long CostReasoning { get; init; }
    public long CostOther { get; init; }
    public long? Latency { get; init; }
    public long? Ttft { get; init; }
    public ReadOnlySpan<byte> LatencyHistogram { get; init; }
    public ReadOnlySpan<byte> TtftHistogram { get; init; }

    /// <param name="sums">In the order of <see cref="CallFigures"/>.</param>
    public static RollupFigures Of(ReadOnlySpan<long> sums, long latencyMax, long ttftMax, ReadOnlySpan<byte> latency, ReadOnlySpan<byte> ttft) => new()
    {
        Calls = sums[CallFigures.Calls],
        LatencyCount = sums[CallFigures.LatencyCount],
        LatencyMicroseconds = sums[CallFigures.LatencySum],
        LatencyMax = latencyMax,
        TtftCount = sums[CallFigures.TtftCount],
        TtftMicroseconds = sums[CallFigures.TtftSum],
        TtftMax = ttftMax,
        SpeedTokens = sums[5],
        SpeedMicroseconds = sums[6],
        InputTokens = sums[7],
        OutputTokens = sums[8],
        TotalTokens = sums[9],
        CacheRead = sums[10],
        CacheWrite = sums[11],
        Reasoning = sums[12],
        Cost = sums[13],
        CostInput = sums[14],
        CostCacheRead = sums[15],
        CostCacheWrite = sums[16],
        CostOutput = sums[17],
        CostReasoning = sums[18],
        CostOther = sums[19],
        Unpriced = sums[20],
        Positive = sums[CallFigures.Positive],
        Negative = sums[CallFigures.Negative],
        LatencyHistogram = latency,
        TtftHistogram = ttft,
    };
}
