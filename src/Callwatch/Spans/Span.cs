namespace Callwatch.Spans;

/// <summary>
/// A span as the product speaks of it: identity, owner, time, outcome, and call facts where it is a model call; no bodies.
/// Unknown is <c>null</c>, never 0 or "".
/// </summary>
public sealed record Span
{
    public required int TenantId { get; init; }

    /// <summary>Number of the app in control data; fixed at intake.</summary>
    public required int AppId { get; init; }

    public required TraceId TraceId { get; init; }

    public required SpanId SpanId { get; init; }

    /// <summary>None for a root.</summary>
    public SpanId ParentSpanId { get; init; }

    /// <summary>The name as sent.</summary>
    public required string Name { get; init; }

    /// <summary>The name for people (genai-attributes, section 3).</summary>
    public required string DisplayName { get; init; }

    public required SpanKind Kind { get; init; }

    public required Timestamp Start { get; init; }

    /// <summary>The time that lists, buckets and partitions go by. After correction: never more than 24 h after receipt.</summary>
    public required Timestamp End { get; init; }

    /// <summary>Null when the end is missing or before the start.</summary>
    public long? DurationNanoseconds { get; init; }

    public required Outcome Outcome { get; init; }

    public SpanError? Error { get; init; }

    public int? HttpStatus { get; init; }

    public string? Environment { get; init; }

    public string? Release { get; init; }

    public string? UserId { get; init; }

    public string? SessionId { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = EmptyMetadata;

    /// <summary>Ids that records carry beside the span's own (message, run, node). Not in the store: full text finds them.</summary>
    public IReadOnlyList<string> RecordKeys { get; init; } = [];

    public IReadOnlyList<Score> Scores { get; init; } = [];

    /// <summary>At most 160 characters of what went in. Content.</summary>
    public string? InputPreview { get; init; }

    public string? OutputPreview { get; init; }

    public ContentState Content { get; init; }

    /// <summary>Set on LLM calls, and on agents whose usage may count as a summary (genai-attributes, section 9 A).</summary>
    public LlmCall? Call { get; init; }

    /// <summary>Set when this span is the same call as another one (section 9 B): it stays visible and counts nothing.</summary>
    public SpanId? MergedInto { get; init; }

    /// <summary>Set on HTTP requests of the application for a model's answer: the folded provider, <c>other</c> for a host that nobody knows.</summary>
    public string? ModelRequest { get; init; }

    /// <summary>True for such a request when its trace has no call that it belongs to: nothing told of that call.</summary>
    public bool IsWithoutCall { get; init; }

    /// <summary>What had to be mended, as reasons of a closed list: <c>end_before_start</c>, <c>clock_ahead</c>, <c>tokens_contradict</c>, ...</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    internal static readonly IReadOnlyDictionary<string, string> EmptyMetadata = new Dictionary<string, string>();
}
