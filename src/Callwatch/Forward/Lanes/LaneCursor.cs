using Callwatch.Settle;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Microsoft.Data.Sqlite;

namespace Callwatch.Forward.Lanes;

/// <summary>Where a lane stands and how far it goes, and the only one who moves it. What a platform refuses goes to the dead letters here. Thread-safe, but steps come one after the other.</summary>
internal sealed class LaneCursor
{
    private readonly LaneRow begun;
    private readonly Destination destination;
    private readonly Gate platformGate;
    private readonly LaneServices services;
    private readonly Lock gate = new();
    private readonly List<Refusal> unwritten = [];
    private LaneRow row;

    public LaneCursor(LaneRow row, Destination destination, Gate platformGate, LaneServices services) =>
        (begun, this.row, this.destination, this.platformGate, this.services) = (row, row, destination, platformGate, services);

    public LaneRow Row
    {
        get
        {
            lock (gate) return row;
        }
    }

    public bool IsReplay => begun.Key.Replay != 0;

    public bool IsPastEnd(long seq) => begun.Until is { } until && seq > until;

    public long UpToEnd(long through) => begun.Until is { } until && until < through ? until : through;

    /// <summary>A replay has only what was received in its range.</summary>
    public bool Wants(SettledRevision revision) => begun.From is not { } from || (revision.LastReceivedAt >= from && revision.FirstReceivedAt < begun.To!.Value);

    private Timestamp Expires(Timestamp receivedAt) => (receivedAt > begun.Created ? receivedAt : begun.Created).Plus(services.Options.MaxAge);

    public CarryWish Wish() => new(Expires, Refused);

    // A place that does not belong to this sequence, as after a restore, must not be taken for one that does: all up to there would be skipped in silence.
    public async Task FindPlaceAsync(Task resumed, CancellationToken cancel)
    {
        if (row.Stopped is null && row.Cursor > services.Settled.Head) await services.WrittenAsync(platformGate, () => services.Table.Stop(row.Key, LaneStops.BeyondHead), cancel);
        Reload();
        if (row.Stopped is null) return;
        if (!IsReplay) await resumed.WaitAsync(cancel);
        await services.WrittenAsync(platformGate, () => services.Table.ContinueAt(row.Key, services.Settled.Head), cancel);
        Reload();
    }

    /// <summary>Its counts have been changed by others.</summary>
    public void Refresh()
    {
        if (services.Table.Find(begun.Key) is not { } now) return;

        // What was read before the lane's own next step is old.
        lock (gate) row = now.Cursor == row.Cursor ? now : row;
    }

    /// <summary>A replay has come to its end; a live lane has none.</summary>
    public async Task EndAsync(CancellationToken cancel)
    {
        if (IsReplay) await services.WrittenAsync(platformGate, () => services.Table.End(begun.Key), cancel);
    }

    private void Refused(IReadOnlyList<Refusal> refusals)
    {
        try
        {
            // At once, and not with the cursor: what else is in the batch may wait for hours, and people want to see why these were refused.
            services.Letters.Add(destination.Id, refusals);
        }
        catch (SqliteException)
        {
            lock (gate) unwritten.AddRange(refusals);
        }
    }

    /// <summary>Over the whole batch, on disk on return.</summary>
    public Task AdvanceAsync(Batch batch, long retried, CancellationToken cancel) => services.WrittenAsync(
        platformGate,
        () =>
        {
            Advance(batch, batch.Through, retried);
            return true;
        },
        cancel);

    /// <exception cref="InvalidOperationException">Somebody else has moved it.</exception>
    public void Advance(Batch batch, long through, long retried)
    {
        List<LaneLoss> all = [.. batch.Losses, .. batch.Items.Where(item => item.Fate == Fate.Expired).GroupBy(item => item.Seq).Select(group => new LaneLoss(group.Key, LaneLoss.Expired, group.Count()))];
        var counts = new LaneCounts(batch.Items.Count(item => item.Fate == Fate.Sent), batch.Items.Count(item => item.Fate == Fate.Refused), retried, all.Sum(loss => loss.Count));
        List<Refusal> refusals;
        lock (gate) refusals = [.. unwritten];
        if (through == row.Cursor && counts == LaneCounts.None && refusals.Count == 0) return;
        if (!services.Table.TryAdvance(row.Key, row.Cursor, through, new LaneStep(counts, batch.Count > 0, all, refusals)))
            throw new InvalidOperationException("Another worker has moved this lane's cursor.");
        services.Counters.Add(Reason.RefusedByPlatform, counts.Refused, destination.TenantId);
        services.Counters.Add(Reason.ExpiredBeforeDelivery, counts.Expired, destination.TenantId);
        Reload();
        lock (gate) unwritten.RemoveRange(0, refusals.Count);
    }

    private void Reload()
    {
        var now = services.Table.Find(begun.Key)!;
        lock (gate) row = now;
    }
}
