using Callwatch.Forward;
using Callwatch.Forward.Desk;
using Callwatch.Forward.Lanes;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Destinations;

/// <summary>A destination and how its lane fares.</summary>
/// <param name="Kind">Null when the program no longer has the kind.</param>
/// <param name="PerSecond">Items delivered a second, lately; null before that can be told.</param>
/// <param name="Letters">How many dead letters there are.</param>
/// <param name="Running">Replays that have not ended.</param>
public sealed record LaneModel(DestinationView Destination, IDestinationKind? Kind, LaneStatus Status, double? PerSecond, long Letters, IReadOnlyList<ReplayView> Running)
{
    public int Id => Destination.Id;

    public string KindTitle => Kind?.Title ?? Destination.Kind;

    public bool IsOff => !Destination.Enabled;

    public bool IsTrouble => LanePulse.IsTrouble(Status);

    /// <summary>What is wrong now; an error that has passed is history.</summary>
    public LaneError? Error => Status.State is LaneState.Blocked or LaneState.Retrying ? Status.LastError : null;

    /// <summary>The platform refuses the key.</summary>
    public bool RefusesKey => Status is { State: LaneState.Blocked, LastError.Status: 401 or 403 } && Destination.Locked is null;

    /// <summary>How much of the way to the head the cursor has behind it, 0 to 1: by powers of ten, so that a hundred waiting traces are seen and a million too.</summary>
    public double Share => Status.Backlog <= 0 ? 1 : Math.Clamp(1 - (Math.Log10(1 + (Status.Backlog / 10d)) / 5), 0.02, Status.State is LaneState.Running or LaneState.Idle ? 1 : 0.94);

    /// <summary>When the oldest that waits expires; null when nothing waits.</summary>
    public Timestamp? ExpiresAt(Timestamp now, TimeSpan maxAge) =>
        Status.OldestAgeSeconds > 0 ? now.Plus(maxAge - TimeSpan.FromSeconds(Status.OldestAgeSeconds)) : null;
}

/// <summary>A replay, with how far it is.</summary>
/// <param name="Share">0 to 1.</param>
public sealed record ReplayView(ReplayStatus Status, double Share)
{
    public bool HasEnded => Status.Ended is not null;

    /// <summary>True when it has ended before it came to its end.</summary>
    public bool WasStopped => HasEnded && Status.Position < Status.Until;
}
