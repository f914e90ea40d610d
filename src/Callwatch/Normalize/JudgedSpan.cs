using Callwatch.Spans;

namespace Callwatch.Normalize;

/// <summary>What the judge of a trace must know of one span: all of it stands in its thin row, as normalised, before any judgement.</summary>
public sealed record JudgedSpan
{
    public required SpanId SpanId { get; init; }

    /// <summary>None for a root.</summary>
    public SpanId ParentSpanId { get; init; }

    public required SpanKind Kind { get; init; }

    public required Timestamp Start { get; init; }

    public required Timestamp End { get; init; }

    public required Outcome Outcome { get; init; }

    public int? HttpStatus { get; init; }

    /// <summary><see cref="Environments.Default"/> counts as not given.</summary>
    public string? Environment { get; init; }

    public string? UserId { get; init; }

    public string? SessionId { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Whether it is a request for a model's answer.</summary>
    public bool IsModelRequest { get; init; }

    /// <summary>As normalised: LLM calls, and agents whose usage may count.</summary>
    public LlmCall? Call { get; init; }

    public static JudgedSpan Of(Span span) => new()
    {
        SpanId = span.SpanId,
        ParentSpanId = span.ParentSpanId,
        Kind = span.Kind,
        Start = span.Start,
        End = span.End,
        Outcome = span.Outcome,
        HttpStatus = span.HttpStatus,
        Environment = span.Environment,
        UserId = span.UserId,
        SessionId = span.SessionId,
        Tags = span.Tags,
        IsModelRequest = span.ModelRequest is not null,
        Call = span.Call,
    };
}

/// <summary>What a span is worth within its trace.</summary>
public sealed record Verdict
{
    public required SpanId SpanId { get; init; }

    /// <summary>True when it is one of the trace's calls: it appears among the calls and in all figures.</summary>
    public required bool Counts { get; init; }

    /// <summary>The call it is the same as; it stays visible and counts nothing.</summary>
    public SpanId? MergedInto { get; init; }

    /// <summary>
    /// The call as it counts: with usage, time to first token and cost of the span nearest the wire, gaps filled from it, and its source.
    /// The very object that was judged where nothing changes; null where <see cref="Counts"/> is false.
    /// </summary>
    public LlmCall? Call { get; init; }

    /// <summary>True for a request for a model's answer that belongs to no call of the trace.</summary>
    public bool IsWithoutCall { get; init; }

    /// <summary>Own, else of the span merged into it, else of the HTTP span that carried it.</summary>
    public int? HttpStatus { get; init; }

    /// <summary>Own, else of the nearest ancestor that has one, else of the trace's root; the next three likewise.</summary>
    public string? UserId { get; init; }

    public string? SessionId { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary><see cref="Environments.Default"/> where nobody gives one.</summary>
    public string Environment { get; init; } = Environments.Default;
}

public static class Environments
{
    /// <summary>The environment of a span that names none.</summary>
    public const string Default = "default";
}
