using Callwatch.Spans;

namespace Callwatch.Forward.Lanes;

public enum LaneState
{
    /// <summary>Nothing to send.</summary>
    Idle,
    Running,

    /// <summary>The platform does not answer, or asks to wait; the lane tries again by itself.</summary>
    Retrying,

    /// <summary>The platform refuses us, or the config cannot be opened: a person has to do something. It is tried once a minute all the same.</summary>
    Blocked,

    /// <summary>A person has paused it, or switched it off.</summary>
    Paused,
}

/// <summary>The last thing that went wrong.</summary>
/// <param name="Advice">What to do.</param>
public sealed record LaneError(Timestamp Time, int? Status, string Message, string Advice);

/// <summary>What people see of a lane. Counts are of items at the platform's grain (spans, runs, calls), since the destination was made.</summary>
/// <param name="Position">The last settled number it is done with.</param>
/// <param name="Backlog">Settled numbers it has still to look at.</param>
/// <param name="OldestAgeSeconds">Age of the oldest trace that waits; 0 when none does.</param>
public sealed record LaneStatus(
    LaneState State, long Position, long Backlog, double OldestAgeSeconds, long Sent, long Refused, long Retried, long Expired, Timestamp? LastDelivery, LaneError? LastError)
{
    /// <summary>When it is tried again; null while nothing waits for that.</summary>
    public Timestamp? NextAttempt { get; init; }
}
