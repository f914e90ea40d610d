using System.Reflection;
using Callwatch.Forward;
using Callwatch.Forward.Lanes;
using Callwatch.Journal;
using Callwatch.Media;
using Callwatch.Search;
using Callwatch.Settle;
using Callwatch.Spans;
using Callwatch.Store;
using Callwatch.Store.Partitions;
using Callwatch.Telemetry;

namespace Callwatch.Query;

/// <summary>A reader of the journal.</summary>
/// <param name="Position">The last record it is done with; null before the first.</param>
/// <param name="Lag">Records it has still to read.</param>
/// <param name="State"><c>starting, running, failing, stopped</c>.</param>
/// <param name="Why">What is wrong; for the operator.</param>
/// <param name="Waits">Why it waits for a person to say where it goes on (<see cref="ReaderChoices"/>); null when it does not.</param>
public sealed record ReaderStatus(string Name, Position? Position, long Lag, double LagSeconds, string State, string? Why, PlaceStanding? Waits = null);

/// <summary>How the instance is.</summary>
public sealed record SystemStatus(
    string Version, Timestamp StartedAt, JournalStatus Journal, StoreStatus Store, IReadOnlyList<ReaderStatus> Readers, IReadOnlyDictionary<Reason, long> Counters, Timestamp? OldestEnd)
{
    /// <summary>Files of media.</summary>
    public required MediaStatus Media { get; init; }

    /// <summary>Of destinations, in order of making.</summary>
    public IReadOnlyList<LaneView> Lanes { get; init; } = [];

    /// <summary>Traces that have settled, and those that more spans may come for; null where nothing settles.</summary>
    public SettleStatus? Settling { get; init; }

    /// <summary>Bytes of the settled sequence's files.</summary>
    public long SettledBytes { get; init; }

    /// <summary>Bytes of the full-text index; 0 while it is switched off.</summary>
    public long SearchBytes { get; init; }

    /// <summary>Days of which the index has lost a file.</summary>
    public IReadOnlyList<TextLeftOut> TextLeftOut { get; init; } = [];
}

/// <summary>A day of which the full-text index has lost a file.</summary>
/// <param name="From">The first record that is indexed again; 1 where the journal has all of the day and it is being read again.</param>
public sealed record TextLeftOut(DateOnly Day, long From);

/// <summary>A lane as System shows it.</summary>
/// <param name="Kind"><c>langfuse</c>, ...</param>
/// <param name="ExpiredByDisk">Traces that it had still to deliver when a full disk took their bodies, since the start.</param>
public sealed record LaneView(int DestinationId, int TenantId, string Destination, string Kind, LaneStatus Status, long ExpiredByDisk)
{
    /// <summary>Something that a person should know of: it does not get rid of what it has, or has lost some.</summary>
    public bool IsInTrouble => Status.State is LaneState.Retrying or LaneState.Blocked || ExpiredByDisk > 0;
}

/// <summary>How many files of media there are, and their size.</summary>
public sealed record MediaStatus(long Files, long SizeBytes);

/// <summary>Whether the instance can do its work; <c>Reason</c> is fit for anybody.</summary>
public sealed record Readiness(bool Ready, string? Reason);

/// <summary>What System and health show.</summary>
public sealed class SystemQueries(
    IJournal journal, MediaFolder media, StoreProgress store, SearchProgress search, StoreFolder folder, ReaderChoices choices, Counters counters, TimeProvider time,
    ISettleState? settling = null, ISettledLog? settled = null, IDestinationDirectory? destinations = null, ILanes? lanes = null, SearchIndex? index = null)
{
    private readonly Timestamp started = Timestamp.From(time.GetUtcNow());

    public static string Version { get; } =
        typeof(SystemQueries).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    /// <param name="tenantId">Whose counters; null is all.</param>
    public SystemStatus Read(int? tenantId)
    {
        var status = store.Status();
        var reader = new ReaderStatus(
            "store", status.Position, journal.CountBetween(status.Position?.Number ?? 0, status.HeadNumber), status.LagSeconds, Word(status.State), status.Why,
            choices.Find("store")?.Standing);
        var oldest = folder.Partitions.LastOrDefault(partition => partition.FirstEnd is not null)?.FirstEnd;
        var receiving = journal.Status();
        return new SystemStatus(Version, started, receiving, status, [reader, .. Search(), .. Settling()], counters.Snapshot(tenantId), oldest)
        {
            Media = new MediaStatus(media.Count, media.SizeBytes),
            Lanes = Lanes(tenantId, receiving.Losses),
            Settling = settling?.Status,
            SettledBytes = settled?.SizeBytes ?? 0,
            SearchBytes = index?.Folder?.SizeBytes ?? 0,
            TextLeftOut = [.. LeftOut()],
        };
    }

    // Without rows of the day there is nothing to be found.
    private IEnumerable<TextLeftOut> LeftOut() => index?.Folder?.Contents is not { } contents ? []
        : contents.LeftOut.Where(day => folder.Partitions.Any(partition => partition.Day == day.Day)).Select(day => new TextLeftOut(day.Day, day.From));

    /// <summary>The lanes of one tenant, or of all.</summary>
    public IReadOnlyList<LaneView> Lanes(int? tenantId) => Lanes(tenantId, journal.Status().Losses);

    private List<LaneView> Lanes(int? tenantId, IReadOnlyList<ReaderLoss> losses)
    {
        var views = new List<LaneView>();
        foreach (var destination in destinations?.All.OrderBy(destination => destination.Id).Where(destination => tenantId is null || destination.TenantId == tenantId) ?? [])
        {
            if (lanes?.Status(destination.Id) is not { } lane) continue;
            var lost = losses.FirstOrDefault(loss => loss.Reader == LaneLosses.NameOf(destination))?.ByDisk ?? 0;
            views.Add(new LaneView(destination.Id, destination.TenantId, destination.Name, destination.Kind.Name, lane, lost));
        }

        return views;
    }

    private IEnumerable<ReaderStatus> Settling()
    {
        if (settling?.Status is not { } status) yield break;
        var behind = journal.CountBetween(status.Read?.Number ?? 0, journal.Head.Number);
        var lag = behind == 0 || status.ReadAt is not { } at ? 0 : Math.Max(0, (time.GetUtcNow() - at.ToDateTimeOffset()).TotalSeconds);
        yield return new ReaderStatus("settle", status.Read, behind, lag, status.State.ToString().ToLowerInvariant(), status.Why, choices.Find("settle")?.Standing);
    }

    private IEnumerable<ReaderStatus> Search()
    {
        if (search.Status() is not { State: not SearchState.Off } status) yield break;
        yield return new ReaderStatus(
            "search", status.Position, journal.CountBetween(status.Position?.Number ?? 0, status.HeadNumber), status.LagSeconds,
            status.State.ToString().ToLowerInvariant(), status.Why, choices.Find("search")?.Standing);
    }

    public Readiness Ready()
    {
        var status = journal.Status();
        if (!status.AcceptsWrites) return new Readiness(false, "Nothing can be received: " + (status.RefusalReason ?? "the journal cannot be written."));
        return store.Status().State switch
        {
            StoreState.Running => new Readiness(true, null),
            StoreState.Starting => new Readiness(false, "The store is being opened."),
            StoreState.Failing => new Readiness(false, "What is received is kept but cannot be stored; /api/v1/system says why."),
            _ => new Readiness(false, "The store has stopped; /api/v1/system says why."),
        };
    }

    private static string Word(StoreState state) => state switch
    {
        StoreState.Starting => "starting",
        StoreState.Running => "running",
        StoreState.Failing => "failing",
        _ => "stopped",
    };
}
