namespace Callwatch.Client.Api;

/// <summary>How a destination's lane is. Counts are of items at the platform's grain (spans, runs, calls), since the destination was made.</summary>
public sealed record ApiDestinationStatus
{
    /// <summary><c>idle</c>, <c>running</c>, <c>retrying</c>, <c>blocked</c> (the platform refuses us) or <c>paused</c> (a person).</summary>
    public required string State { get; init; }

    /// <summary>The last number of the settled sequence it is done with.</summary>
    public required long Position { get; init; }

    /// <summary>Numbers of the settled sequence it has still to look at.</summary>
    public required long Backlog { get; init; }

    /// <summary>Age of the oldest trace that waits, in seconds; 0 when none does.</summary>
    public required double OldestAgeS { get; init; }

    /// <summary>Items that the platform has taken.</summary>
    public required long Sent { get; init; }

    /// <summary>Items that it has refused for good: dead letters.</summary>
    public required long Refused { get; init; }

    /// <summary>Items sent again.</summary>
    public required long Retried { get; init; }

    /// <summary>Items that could not be delivered in time, or were gone from the journal before.</summary>
    public required long Expired { get; init; }

    /// <summary>Dead letters that are kept now; null for a key of one app.</summary>
    public long? DeadLetters { get; init; }

    /// <summary>When it is tried again, RFC 3339 in UTC; null while nothing waits for that.</summary>
    public string? NextAttempt { get; init; }

    /// <summary>When something was last delivered, RFC 3339 in UTC; null when nothing ever was.</summary>
    public string? LastDelivery { get; init; }

    /// <summary>The last thing that went wrong; null when nothing has since the start.</summary>
    public ApiDestinationError? LastError { get; init; }
}

/// <summary>What went wrong.</summary>
/// <param name="Time">When, RFC 3339 in UTC.</param>
/// <param name="Status">HTTP status of the platform's answer; null when none came.</param>
/// <param name="Message">The platform's words, without any secret; null for a key of one app.</param>
/// <param name="Advice">What to do.</param>
public sealed record ApiDestinationError(string Time, int? Status, string? Message, string Advice);

/// <summary>How a check of address, key and project ended.</summary>
/// <param name="Ok">They are good, as far as the platform lets us know.</param>
/// <param name="Detail">What was found, for people.</param>
/// <param name="ProjectUrl">Where the project is shown; null when unknown.</param>
/// <param name="LatencyMs">How long the platform took to answer; null when it was not asked.</param>
public sealed record ApiDestinationCheck(bool Ok, string Detail, string? ProjectUrl, double? LatencyMs);
