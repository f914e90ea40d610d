namespace Callwatch.Client.Api;

/// <summary>A trace at a glance.</summary>
public sealed record ApiTraceSummary
{
    /// <summary>Trace id, 32 hexadecimal digits.</summary>
    public required string TraceId { get; init; }

    /// <summary>Name of the trace: that of its local root.</summary>
    public required string Name { get; init; }

    /// <summary>Kind of its local root.</summary>
    public required string Kind { get; init; }

    /// <summary>App of its local root.</summary>
    public required string App { get; init; }

    /// <summary>All apps that took part.</summary>
    public required IReadOnlyList<string> Apps { get; init; }

    /// <summary>First start of its spans, RFC 3339 in UTC.</summary>
    public required string Start { get; init; }

    /// <summary>Last end of its spans.</summary>
    public required string End { get; init; }

    /// <summary>Duration in milliseconds.</summary>
    public double? DurationMs { get; init; }

    /// <summary><c>success</c>, <c>error</c> or <c>cancelled</c>.</summary>
    public required string Outcome { get; init; }

    /// <summary>What went wrong; null unless something did.</summary>
    public ApiError? Error { get; init; }

    /// <summary>The application's user.</summary>
    public string? UserId { get; init; }

    /// <summary>The session or conversation.</summary>
    public string? SessionId { get; init; }

    /// <summary>Labels of its spans.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>How many spans it has.</summary>
    public required int SpanCount { get; init; }

    /// <summary>How many of them are model calls.</summary>
    public required int CallCount { get; init; }

    /// <summary>How many spans failed.</summary>
    public required int ErrorCount { get; init; }

    /// <summary>Tokens of its calls, as far as known.</summary>
    public required ApiUsage Usage { get; init; }

    /// <summary>Cost of its calls, as far as known; null when none is.</summary>
    public decimal? CostUsd { get; init; }

    /// <summary>The models that answered.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>True once it is taken to be whole.</summary>
    public required bool Settled { get; init; }
}

/// <summary>A trace with its spans, in order of start.</summary>
public sealed record ApiTrace
{
    /// <summary>The trace at a glance.</summary>
    public required ApiTraceSummary Trace { get; init; }

    /// <summary>Its spans, parents before their children where the clocks agree.</summary>
    public required IReadOnlyList<ApiSpan> Spans { get; init; }

    /// <summary>True when the trace has more spans than are shown here.</summary>
    public required bool Truncated { get; init; }

    /// <summary>Pass it as <c>cursor</c> for the spans that follow; null at the end.</summary>
    public string? Next { get; init; }
}
