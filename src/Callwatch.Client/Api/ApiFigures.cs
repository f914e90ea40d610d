using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Callwatch.Client.Api;

/// <summary>The figures of a set of calls. Latency, time to first token and speed are those of successful calls unless a filter names an outcome.</summary>
public record ApiFigures
{
    /// <summary>How many calls.</summary>
    public long Calls { get; init; }

    /// <summary>How many succeeded.</summary>
    public long Success { get; init; }

    /// <summary>How many failed.</summary>
    public long Errors { get; init; }

    /// <summary>How many the caller stopped; neither success nor failure.</summary>
    public long Cancelled { get; init; }

    /// <summary>Success ÷ (success + errors), 0 to 1; null without either.</summary>
    public double? SuccessRate { get; init; }

    /// <summary>Duration in milliseconds.</summary>
    public required ApiDistribution LatencyMs { get; init; }

    /// <summary>Time to first token in milliseconds.</summary>
    public required ApiDistribution TtftMs { get; init; }

    /// <summary>Output tokens ÷ generation time, summed before dividing.</summary>
    public double? OutputTokensPerS { get; init; }

    /// <summary>Input tokens, cached ones included.</summary>
    public long InputTokens { get; init; }

    /// <summary>Output tokens, reasoning included.</summary>
    public long OutputTokens { get; init; }

    /// <summary>Input read from caches.</summary>
    public long CacheReadTokens { get; init; }

    /// <summary>Input written to caches.</summary>
    public long CacheWriteTokens { get; init; }

    /// <summary>Output spent on reasoning.</summary>
    public long ReasoningTokens { get; init; }

    /// <summary>Input and output.</summary>
    public long TotalTokens { get; init; }

    /// <summary>Known cost in US dollars.</summary>
    public decimal CostUsd { get; init; }

    /// <summary>Known cost by class.</summary>
    public required ApiCostByClass Cost { get; init; }

    /// <summary>Calls whose cost should be known and is not.</summary>
    public long UnpricedCalls { get; init; }

    /// <summary>Distinct users; null where they were not counted.</summary>
    public long? Users { get; init; }

    /// <summary>Distinct sessions; null where they were not counted.</summary>
    public long? Sessions { get; init; }

    /// <summary>True when users were estimated, within about 2 %, because there are too many calls to count them one by one.</summary>
    public bool UsersApproximate { get; init; }

    /// <summary>The same of sessions.</summary>
    public bool SessionsApproximate { get; init; }

    /// <summary>Calls with a session ÷ sessions.</summary>
    public double? CallsPerSession { get; init; }

    /// <summary>What users said.</summary>
    public required ApiFeedback Feedback { get; init; }
}

/// <summary>Milliseconds; null where no call has the value. Percentiles are within 1 %, average and maximum exact.</summary>
/// <param name="Avg">Average.</param>
/// <param name="P50">Median.</param>
/// <param name="P90">90th percentile.</param>
/// <param name="P95">95th percentile.</param>
/// <param name="P99">99th percentile.</param>
/// <param name="Max">Maximum.</param>
public sealed record ApiDistribution(double? Avg, double? P50, double? P90, double? P95, double? P99, double? Max);

/// <summary>Cost in US dollars; the classes are disjoint. Given costs without parts are in none of them.</summary>
/// <param name="InputUsd">Input without its cached parts.</param>
/// <param name="CacheReadUsd">Input read from caches.</param>
/// <param name="CacheWriteUsd">Input written to caches.</param>
/// <param name="OutputUsd">Output without reasoning.</param>
/// <param name="ReasoningUsd">Reasoning.</param>
/// <param name="OtherUsd">Everything else.</param>
public sealed record ApiCostByClass(decimal InputUsd, decimal CacheReadUsd, decimal CacheWriteUsd, decimal OutputUsd, decimal ReasoningUsd, decimal OtherUsd);

/// <summary>What users said.</summary>
/// <param name="Positive">Calls whose user liked the answer: the latest judgement above zero.</param>
/// <param name="Negative">Calls whose user did not: below zero.</param>
public sealed record ApiFeedback(long Positive, long Negative);

/// <summary>Figures over time and by group.</summary>
public sealed record ApiStats
{
    /// <summary>Width of the buckets: <c>1m</c>, <c>15m</c>, <c>1h</c> or <c>1d</c>.</summary>
    public required string Step { get; init; }

    /// <summary><c>rollups</c> or <c>rows</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Where only rows could answer and retention has taken some of the range: the moment from which on they are all there. Null otherwise.</summary>
    public string? RowsFrom { get; init; }

    /// <summary>True when there are more groups than were answered, or some were counted together as <c>other</c>.</summary>
    public required bool Truncated { get; init; }

    /// <summary>The groups, most calls first; one with an empty key when nothing was grouped by.</summary>
    public required IReadOnlyList<ApiStatsGroup> Groups { get; init; }

    /// <summary>Requests to models that nobody told of as calls, of the same range, apps and environment. Null with <c>by</c>, where a filter asks for what requests do not have, and where there was no time.</summary>
    public ApiCoverageTotal? Coverage { get; init; }
}

/// <summary>One group; every bucket of the range is there.</summary>
public sealed record ApiStatsGroup
{
    /// <summary>Field to value; null is "unknown".</summary>
    public required IReadOnlyDictionary<string, string?> Key { get; init; }

    /// <summary>True for what is past the bound of values that rollups keep apart, counted together; its value in <c>key</c> is <c>other</c>.</summary>
    public bool Other { get; init; }

    /// <summary>Figures of the whole range.</summary>
    public required ApiFigures Total { get; init; }

    /// <summary>Figures of each bucket.</summary>
    public required IReadOnlyList<ApiPoint> Points { get; init; }
}

/// <summary>The figures of one bucket.</summary>
public sealed record ApiPoint : ApiFigures
{
    /// <summary>For JSON.</summary>
    public ApiPoint()
    {
    }

    /// <summary>The figures as those of a bucket.</summary>
    /// <param name="t">Beginning of the bucket.</param>
    /// <param name="figures">Its figures.</param>
    [SetsRequiredMembers]
    public ApiPoint(string t, ApiFigures figures)
        : base(figures) => T = t;

    /// <summary>Beginning of the bucket, RFC 3339 in UTC.</summary>
    [JsonPropertyOrder(-1)]
    public required string T { get; init; }
}
