using Callwatch.Forward;
using Callwatch.Forward.Desk;
using Callwatch.Forward.Lanes;
using Callwatch.Settle;
using Microsoft.Extensions.Options;

namespace Callwatch.Dashboard.Destinations;

/// <summary>Puts together what the pages show of destinations. Callers have seen to it that the tenant's may be seen.</summary>
public sealed class LaneFacts(IDestinationDesk desk, ILanes lanes, DeadLetters letters, ISettledLog settled, LaneRates rates, IOptions<ForwardOptions> options)
{
    private static readonly LaneStatus Unknown = new(LaneState.Idle, 0, 0, 0, 0, 0, 0, 0, null, null);

    private readonly System.Collections.Concurrent.ConcurrentDictionary<int, IReadOnlyList<string>> warnings = new();

    /// <summary>What looked odd about a destination when it was saved; for the page that is shown next.</summary>
    public void Remember(int destination, IReadOnlyList<string> odd)
    {
        if (odd.Count > 0) warnings[destination] = odd;
        else warnings.TryRemove(destination, out _);
    }

    /// <summary>The same, once.</summary>
    public IReadOnlyList<string> Warnings(int destination) => warnings.TryRemove(destination, out var odd) ? odd : [];

    /// <summary>The last settled number.</summary>
    public long Head => settled.Head;

    /// <summary>How long something waits for its delivery before it expires.</summary>
    public TimeSpan MaxAge => options.Value.MaxAge;

    public IReadOnlyList<IDestinationKind> Kinds => desk.Kinds;

    public IReadOnlyList<LaneModel> List(int tenantId) => [.. desk.List(tenantId).Select(Of)];

    /// <summary>Null when the tenant has no such destination.</summary>
    public LaneModel? Find(int tenantId, int id) => desk.Find(tenantId, id) is { } found ? Of(found) : null;

    public IDestinationKind? KindOf(string? name) => desk.Kinds.FirstOrDefault(kind => kind.Name == name);

    /// <summary>The latest first.</summary>
    public IReadOnlyList<ReplayView> Replays(int destination) =>
        [.. lanes.Replays(destination).OrderByDescending(replay => replay.Id).Select(replay => new ReplayView(replay, Share(replay)))];

    public IReadOnlyList<DeadLetter> Letters(int destination, long? before, int limit) => letters.List(destination, before, limit);

    private LaneModel Of(DestinationView destination)
    {
        var status = lanes.Status(destination.Id) ?? Unknown with { Position = settled.Head };
        return new LaneModel(
            destination, KindOf(destination.Kind), status, rates.PerSecond(destination.Id, status.Sent), letters.Count(destination.Id),
            [.. Replays(destination.Id).Where(replay => !replay.HasEnded)]);
    }

    // Where it began is not kept: it is found again by the range that was asked for.
    private double Share(ReplayStatus replay)
    {
        var first = Math.Min(settled.Before(replay.From), replay.Position);
        return replay.Until <= first ? 1 : Math.Clamp((double)(replay.Position - first) / (replay.Until - first), 0, 1);
    }
}
