using Callwatch.Settle;
using Callwatch.Spans;

namespace Callwatch.Forward;

/// <summary>
/// A settled revision with its spans read back from the journal: all that a mapping sees. Spans whose journal record is gone are not in it
/// (the lane has counted them).
/// </summary>
public sealed record TraceToSend
{
    public required SettledRevision Revision { get; init; }

    /// <summary>Parents before children, siblings by start then id. Judged among themselves: merged spans have <see cref="Span.MergedInto"/>, users and sessions are inherited.</summary>
    public required IReadOnlyList<SpanToSend> Spans { get; init; }

    /// <summary>Ancestors of these spans that were in earlier revisions of the trace, as far as the journal still holds them.</summary>
    public IReadOnlyDictionary<SpanId, EarlierSpan> Earlier { get; init; } = NoneEarlier;

    /// <summary>Spans of earlier revisions that only got scores now: they are there already, and nothing but the scores is to be sent of them.</summary>
    public IReadOnlyList<ScoredSpan> Scored { get; init; } = [];

    private static readonly IReadOnlyDictionary<SpanId, EarlierSpan> NoneEarlier = new Dictionary<SpanId, EarlierSpan>();
}

/// <summary>A span of an earlier revision, for ids that are made of more than the span's own.</summary>
/// <param name="Seq">The settled number of its revision.</param>
public sealed record EarlierSpan(long Seq, Timestamp Start, SpanId ParentSpanId, SpanKind Kind);

/// <summary>A span of an earlier revision with the scores that came since.</summary>
/// <param name="Seq">The settled number of the revision that carried the span.</param>
public sealed record ScoredSpan(long Seq, SpanToSend Span);

/// <summary>One span with its bodies, masked as the destination's config asks.</summary>
/// <param name="Span">As normalised and judged.</param>
/// <param name="Content">Its bodies.</param>
/// <param name="App">Name of its app.</param>
/// <param name="Resource">The OTLP Resource message as it was sent; empty when absent.</param>
/// <param name="Scope">The OTLP InstrumentationScope message.</param>
/// <param name="Body">The OTLP Span message.</param>
public sealed record SpanToSend(
    Span Span, SpanContent Content, string App, ReadOnlyMemory<byte> Resource, ReadOnlyMemory<byte> Scope, ReadOnlyMemory<byte> Body);

/// <summary>
/// What is frozen of a trace before the first request for it goes out, one per (destination, trace), in <c>forward.db</c>. Ids at the platform
/// come from it, so that each attempt, each later revision and each crash gives the same ones.
/// </summary>
public sealed record Anchor
{
    public required TraceId TraceId { get; init; }

    /// <summary>The settled number of the revision it was made for: the first of the trace that goes to the destination.</summary>
    public required long Seq { get; init; }

    /// <summary>The local root: the span without a known parent that began first; of the first revision.</summary>
    public required SpanId RootSpanId { get; init; }

    /// <summary>The parent the root names although it was not there; none for a true root.</summary>
    public SpanId RootParentSpanId { get; init; }

    public SpanKind RootKind { get; init; }

    /// <summary>
    /// True when the first revision settled without the trace's root (it took too long, or was too large): the root may come in a later one, and
    /// <see cref="RootSpanId"/> is then merely the span that began first.
    /// </summary>
    public bool RootIsMissing { get; init; }

    /// <summary>Start of the root as then known.</summary>
    public required Timestamp Start { get; init; }

    /// <summary>When the first attempt was made: platforms whose ids hold a time near "now" take it for old traces.</summary>
    public required Timestamp FirstAttemptAt { get; init; }

    /// <summary>Name of the app of the root.</summary>
    public required string App { get; init; }

    /// <summary>Trace-level facts as known then. Later revisions repeat them, so that the platform sees one trace.</summary>
    public required string Name { get; init; }

    public string? UserId { get; init; }

    public string? SessionId { get; init; }

    public string? Environment { get; init; }

    public string? Release { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>A form of ids or write mode the destination has chosen for this trace (<c>v2</c>, <c>at_attempt</c>, ...); null for the usual one.</summary>
    public string? Form { get; init; }

    /// <summary>The last revision (a settled number) that went out so soon after the first that the time of the first attempt is also its own.</summary>
    public long FirstThrough { get; init; }

    /// <summary>When revisions were first attempted that came so much later than the first that its time does not do for them, and those the destination formed anew.</summary>
    public IReadOnlyList<LaterAttempt> Later { get; init; } = [];
}

/// <summary>The first attempt for one revision.</summary>
/// <param name="Form">As <see cref="Anchor.Form"/>, for this revision alone.</param>
public sealed record LaterAttempt(long Seq, Timestamp At, string? Form = null);
