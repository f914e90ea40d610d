namespace Callwatch.Client.Api;

/// <summary>Something that a platform has refused for good.</summary>
public sealed record ApiDeadLetter
{
    /// <summary>Its number.</summary>
    public required long Id { get; init; }

    /// <summary>The trace; null for logs and metrics, which belong to none.</summary>
    public string? TraceId { get; init; }

    /// <summary>The spans of it that it carries.</summary>
    public required IReadOnlyList<string> SpanIds { get; init; }

    /// <summary>When it was refused last, RFC 3339 in UTC.</summary>
    public required string Time { get; init; }

    /// <summary>HTTP status of the platform's answer; null when there was none.</summary>
    public int? Status { get; init; }

    /// <summary>The platform's words, without any secret.</summary>
    public required string Message { get; init; }

    /// <summary>Requests it has been in.</summary>
    public required int Attempts { get; init; }

    /// <summary>It is to be sent again, and that has not come to its end.</summary>
    public required bool Retrying { get; init; }
}

/// <summary>Says which dead letters: by number, or all; or those that the further fields leave of all.</summary>
public sealed record ApiLetterChoice
{
    /// <summary>Numbers.</summary>
    public IReadOnlyList<long>? Ids { get; init; }

    /// <summary>True for all.</summary>
    public bool? All { get; init; }

    /// <summary>Of all, those refused with this HTTP status.</summary>
    public int? Status { get; init; }

    /// <summary>Of all, those refused from this moment on, RFC 3339 or a date.</summary>
    public string? From { get; init; }

    /// <summary>Of all, those refused before this moment.</summary>
    public string? To { get; init; }
}

/// <summary>How many dead letters it was.</summary>
/// <param name="Count">Those that are to be sent again, or were thrown away.</param>
public sealed record ApiLetterCount(long Count);
