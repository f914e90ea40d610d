using Callwatch.Forward;
using Callwatch.Forward.Lanes;
using Callwatch.Query;

namespace Callwatch.Dashboard.Destinations;

/// <summary>A lane that needs somebody, in a line.</summary>
public sealed record LaneTrouble(int Id, string Name, LaneStatus Status)
{
    public bool IsBlocked => Status.State == LaneState.Blocked;
}

/// <summary>Which lanes are in trouble: for the rail and the overview, on every page, so it reads no more than it must.</summary>
public sealed class LanePulse(IDestinationDirectory directory, ILanes lanes)
{
    /// <summary>A platform that is away for a moment is nobody's trouble.</summary>
    private const double WorthAWordSeconds = 30;

    public static bool IsTrouble(LaneStatus status) =>
        status.State == LaneState.Blocked || (status.State == LaneState.Retrying && status.OldestAgeSeconds >= WorthAWordSeconds);

    /// <summary>The blocked ones first. Destinations belong to the tenant: who may see one app only is told nothing of them.</summary>
    public IReadOnlyList<LaneTrouble> InTrouble(ReadScope scope) => scope.OnlyAppId is not null ? [] :
    [
        .. directory.All.Where(destination => destination.TenantId == scope.TenantId)
            .Select(destination => (Destination: destination, Status: lanes.Status(destination.Id)))
            .Where(lane => lane.Status is not null && IsTrouble(lane.Status))
            .Select(lane => new LaneTrouble(lane.Destination.Id, lane.Destination.Name, lane.Status!))
            .OrderByDescending(lane => lane.IsBlocked).ThenBy(lane => lane.Name, StringComparer.OrdinalIgnoreCase),
    ];
}
