using Callwatch.Spans;

namespace Callwatch.Query;

/// <summary>What the asker may see: one tenant, and within it all apps or one.</summary>
public sealed record ReadScope(int TenantId, int? OnlyAppId = null);

/// <summary>What every list and figure is asked with. Times bound a span's end: from inclusive, to exclusive.</summary>
public sealed record Selection
{
    public required ReadScope Scope { get; init; }

    public required Timestamp From { get; init; }

    public required Timestamp To { get; init; }

    /// <summary>Names of apps; empty is all. A name that does not exist selects nothing.</summary>
    public IReadOnlyList<string> Apps { get; init; } = [];

    /// <summary>In the filter language; null or blank is everything.</summary>
    public string? Filter { get; init; }
}

/// <summary>Where an answer came from, as <c>source</c> in the API: <c>rollups</c> or <c>rows</c>.</summary>
public enum AnswerSource
{
    Rollups,
    Rows,
}

/// <summary>The field that a list is ordered by.</summary>
public enum SortField
{
    End, Duration, Ttft, Cost, TotalTokens,
}

public sealed record SortOrder(SortField Field, bool Descending)
{
    public static readonly SortOrder Newest = new(SortField.End, Descending: true);
}

/// <summary>How a question ended: <typeparamref name="T"/>, or why it could not be answered.</summary>
public abstract record Answer<T>
{
    private Answer()
    {
    }

    public sealed record Found(T Value) : Answer<T>;

    /// <summary>The question is wrong. <c>Field</c> names the parameter; <c>Offset</c> is the character in the filter, where it is the filter.</summary>
    public sealed record Invalid(string Field, string Message, int? Offset = null) : Answer<T>
    {
        /// <summary>For programs; null is the usual one of the field.</summary>
        public string? Code { get; init; }
    }

    /// <summary>It would take more time or memory than allowed; the message says how to narrow it.</summary>
    public sealed record TooMuch(string Message) : Answer<T>
    {
        /// <summary>Set when it is not the question that is too large: the same one may be answered after this time.</summary>
        public TimeSpan? RetryAfter { get; init; }

        /// <summary>True when a damaged file was met, which is being set aside: nothing is wrong with the question.</summary>
        public bool MetDamage { get; init; }

        /// <summary>True when the process or its disk cannot open or read files at the moment.</summary>
        public bool CannotRead { get; init; }
    }
}

/// <summary>
/// One page of a list. <c>Next</c> is opaque. A page may be short, even empty, while <c>Next</c> is not null. Where it is null and <c>SearchedUntil</c> is not,
/// the time was up before a list in another order than by end had been looked for everywhere: everything since then was looked at, and part of what came before.
/// </summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next, long Newer, Timestamp? SearchedUntil, AnswerSource Source)
{
    /// <summary>Where retention has taken rows of the range: the moment from which on they are all there. Null when it has not.</summary>
    public Timestamp? RowsFrom { get; init; }

    /// <summary>UTC days whose full text is not all indexed, because a file of the index was lost: of them only names and previews were looked through.</summary>
    public IReadOnlyList<DateOnly> TextLeftOut { get; init; } = [];
}

/// <summary>A trace at a glance.</summary>
public sealed record TraceSummary
{
    public required TraceId TraceId { get; init; }
    public required string Name { get; init; }
    public required SpanKind Kind { get; init; }
    public required string App { get; init; }
    public required IReadOnlyList<string> Apps { get; init; }
    public required Timestamp Start { get; init; }
    public required Timestamp End { get; init; }
    public long? DurationNanoseconds { get; init; }
    public required Outcome Outcome { get; init; }
    public SpanError? Error { get; init; }
    public string? UserId { get; init; }
    public string? SessionId { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];
    public required int SpanCount { get; init; }
    public required int CallCount { get; init; }
    public required int ErrorCount { get; init; }
    public required TokenUsage Usage { get; init; }
    public decimal? CostUsd { get; init; }
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>True once all that has come of it is settled: its root has ended and nothing came for a while, or nothing came for longer.</summary>
    public required bool Settled { get; init; }
}

/// <summary>A trace with its spans in order of start, at most 10,000 at a time.</summary>
public sealed record TraceView(TraceSummary Trace, IReadOnlyList<Span> Spans, bool Truncated, string? Next);

/// <summary>A span with its bodies.</summary>
public sealed record SpanDetails(Span Span, SpanContent Content);

/// <summary>Average, percentiles (from histograms, within 1 %) and exact maximum in milliseconds; null where no call has the value.</summary>
public sealed record Distribution(double? Avg, double? P50, double? P90, double? P95, double? P99, double? Max)
{
    public static readonly Distribution None = new(null, null, null, null, null, null);
}

/// <summary>The figures of a set of calls (api, section 4). Latency, TTFT and speed are those of successful calls unless a filter names an outcome.</summary>
public sealed record Figures
{
    public long Calls { get; init; }
    public long Success { get; init; }
    public long Errors { get; init; }
    public long Cancelled { get; init; }

    /// <summary>0 to 1; null without successes and errors.</summary>
    public double? SuccessRate => Success + Errors == 0 ? null : (double)Success / (Success + Errors);

    public Distribution LatencyMs { get; init; } = Distribution.None;
    public Distribution TtftMs { get; init; } = Distribution.None;
    public double? OutputTokensPerSecond { get; init; }
    public long InputTokens { get; init; }
    public long OutputTokens { get; init; }
    public long CacheReadTokens { get; init; }
    public long CacheWriteTokens { get; init; }
    public long ReasoningTokens { get; init; }
    public long TotalTokens { get; init; }
    public decimal CostUsd { get; init; }
    public CostByClass Cost { get; init; } = new(0, 0, 0, 0, 0, 0);
    public long UnpricedCalls { get; init; }

    /// <summary>Null where counting was not asked for or not possible.</summary>
    public long? Users { get; init; }
    public long? Sessions { get; init; }
    public double? CallsPerSession { get; init; }

    /// <summary>True when users were estimated, within about 2 %.</summary>
    public bool UsersApproximate { get; init; }
    public bool SessionsApproximate { get; init; }
    public long FeedbackPositive { get; init; }
    public long FeedbackNegative { get; init; }
}

public sealed record CostByClass(decimal InputUsd, decimal CacheReadUsd, decimal CacheWriteUsd, decimal OutputUsd, decimal ReasoningUsd, decimal OtherUsd);

/// <summary>Width of a bucket.</summary>
public enum Step
{
    Auto, Minute, QuarterHour, Hour, Day,
}

public sealed record StatsQuestion
{
    public required Selection Selection { get; init; }
    public Step Step { get; init; } = Step.Auto;

    /// <summary>Names of the filter language to group by; empty is one group.</summary>
    public IReadOnlyList<string> By { get; init; } = [];

    /// <summary>IANA zone in which days and hours begin; null is UTC.</summary>
    public string? TimeZone { get; init; }

    /// <summary>Most groups answered, by calls; default 100.</summary>
    public int MaxGroups { get; init; } = 100;

    /// <summary>False leaves users and sessions null, which saves a look at the rows where all else comes from rollups.</summary>
    public bool CountPeople { get; init; } = true;

    /// <summary>False leaves latency, time to first token and speed of the points unknown (totals have them), which saves most of the work where there are many points.</summary>
    public bool TimesOfPoints { get; init; } = true;

    /// <summary>True asks for nothing but how many calls there were and how they ended, and, where rows are read and <see cref="CountPeople"/> says so, of how many users; all other figures mean nothing then.</summary>
    public bool OnlyCalls { get; init; }
}

public sealed record StatsAnswer(Step Step, AnswerSource Source, bool Truncated, IReadOnlyList<StatsGroup> Groups)
{
    /// <summary>Where only rows could answer and retention has taken some of the range: the moment from which on they are all there. Null otherwise.</summary>
    public Timestamp? RowsFrom { get; init; }
}

/// <summary>One group; every bucket of the range is present, empty ones too.</summary>
public sealed record StatsGroup(IReadOnlyDictionary<string, string?> Key, Figures Total, IReadOnlyList<StatsPoint> Points)
{
    /// <summary>Value of a key that stands for all the values that a bounded rollup does not tell apart; see <see cref="IsOther"/>.</summary>
    public const string Other = "other";

    /// <summary>True when the group is what a bounded rollup has counted together.</summary>
    public bool IsOther { get; init; }
}

public sealed record StatsPoint(Timestamp Time, Figures Figures);

public sealed record FacetValue(string Value, long Calls);

public sealed record ErrorGroup
{
    public required string Fingerprint { get; init; }
    public required string Type { get; init; }
    public required string Message { get; init; }
    public string? Provider { get; init; }
    public string? Model { get; init; }
    public required long Count { get; init; }

    /// <summary>Of all errors of the selection, 0 to 1.</summary>
    public required double Share { get; init; }

    /// <summary>When the failure was first seen at all, whatever the range and the filter, as far back as figures reach.</summary>
    public required Timestamp FirstSeen { get; init; }

    /// <summary>The release that the first call of all that failed so was made by; null where it did not say, its row is gone, or the time did not do to look.</summary>
    public string? FirstRelease { get; init; }

    /// <summary>The prompt it was made by, in the same way.</summary>
    public string? FirstPrompt { get; init; }
    public string? FirstPromptVersion { get; init; }

    /// <summary>The latest of the range.</summary>
    public required Timestamp LastSeen { get; init; }
    public IReadOnlyList<TraceId> SampleTraces { get; init; } = [];
}

/// <summary>What an id turned out to be, and what happened to it.</summary>
public sealed record LookupMatch(string Kind, TraceId TraceId, SpanId? SpanId, IReadOnlyList<LookupStep> Steps);

/// <summary>Step is <c>received, stored, settled, delivered</c> (one for each destination); state is <c>done, waiting, refused, expired, left_out</c>.</summary>
public sealed record LookupStep(string Step, Timestamp? Time, string State, string? Reason, string? Destination);
