namespace Callwatch.Spans;

/// <summary>How a span ended. success rate = success ÷ (success + error). The numbers are stored.</summary>
public enum Outcome : byte
{
    Success = 0,
    Error = 1,

    /// <summary>Stopped by the caller: neither a success nor a failure.</summary>
    Cancelled = 2,
}

public static class Outcomes
{
    public static string Word(this Outcome outcome) => outcome switch
    {
        Outcome.Success => "success",
        Outcome.Error => "error",
        _ => "cancelled",
    };
}

/// <summary>What went wrong. The text may quote a prompt: it is content and follows content's rules.</summary>
public sealed record SpanError
{
    /// <summary>The type as the sender named it (<c>RateLimitError</c>, <c>429</c>), or <c>_OTHER</c>.</summary>
    public required string Type { get; init; }

    public string? Message { get; init; }

    public string? Stack { get; init; }

    /// <summary>One of <c>rate_limit, auth, invalid_request, timeout, overloaded, server, content_filter, cancelled, other</c>.</summary>
    public required string Group { get; init; }
}

/// <summary>A judgement of a call by a person or an evaluator.</summary>
public sealed record Score(string Name, double? Value, string? Comment, string? Source);

/// <summary>Whether the text of a span can still be shown.</summary>
public enum ContentState : byte
{
    /// <summary>The sender did not send it.</summary>
    NotCaptured = 0,
    Present = 1,

    /// <summary>It was there; its journal record is past its retention.</summary>
    Expired = 2,
    Masked = 3,
}
