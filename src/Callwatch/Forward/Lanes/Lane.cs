using Callwatch.Settle;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Callwatch.Forward.Lanes;

/// <summary>
/// Sixth stage: carries what has settled to one destination, in order, at least once, with the same ids on every attempt. The cursor moves
/// after the answer, never before: a crash in between repeats what was sent, which is why ids come from the anchors.
/// </summary>
internal sealed partial class Lane
{
    // Of one batch: what is read ahead is held in memory, several times over, and no more than this.
    private const long MostBytes = 4L << 20;
    private const int MostTraces = 256;
    private const int SkippedBeforeSaved = 10_000;
    private static readonly TimeSpan BehindLive = TimeSpan.FromSeconds(1);

    private readonly Destination destination;
    private readonly int atOnce;
    private readonly Gate platformGate;
    private readonly LaneServices services;
    private readonly FreightReader reader;
    private readonly Carrier carrier;
    private readonly Lane? live;
    private readonly ILogger log;
    private readonly Lock gate = new();
    private readonly List<Freight> batch = [];
    private readonly HashSet<TraceId> onItsWay = [];
    private readonly List<Outgoing> items = [];
    private readonly List<Refusal> unwritten = [];
    private readonly List<LaneLoss> losses = [];
    private readonly TaskCompletionSource resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LaneRow row;
    private long seen;
    private long batchBytes;
    private bool isSending;
    private int asking;

    /// <param name="live">The destination's live lane, before which this one, a replay, steps back; null when it is that itself.</param>
    public Lane(Destination destination, IDestination platform, Gate gate, LaneRow row, LaneServices services, ILogger log, Lane? live = null)
    {
        (this.destination, platformGate, this.row, this.services, this.live) = (destination, gate, row, services, live);
        atOnce = live is null ? platform.Limits.AtOnce : 1;
        seen = row.Cursor;
        reader = new FreightReader(destination, services);
        carrier = new Carrier(destination, platform, gate, services, log);
        this.log = log;
    }

    public LaneKey Key => row.Key;

    public LaneStatus Status()
    {
        lock (gate)
        {
            var head = row.Until ?? services.Settled.Head;
            var oldest = batch.Count > 0 ? batch[0].Revision.LastReceivedAt : (Timestamp?)null;
            var age = oldest is { } since ? Math.Max(0, (services.Time.GetUtcNow() - since.ToDateTimeOffset()).TotalSeconds) : 0;
            var state = row.Stopped is not null ? LaneState.Blocked : platformGate.Trouble ?? (isSending ? LaneState.Running : LaneState.Idle);
            return new LaneStatus(
                state, batch.Count > 0 ? row.Cursor : Math.Max(row.Cursor, seen), Math.Max(0, head - seen) + batch.Count, age,
                row.Sent, row.Refused, row.Retried, row.Expired, row.LastDelivery, row.Stopped is { } why ? LaneStops.ErrorOf(row, why) : platformGate.LastError)
            {
                NextAttempt = platformGate.NextAttempt is { } next ? Timestamp.From(next) : null,
            };
        }
    }

    /// <summary>A person wants it to go on now.</summary>
    public void TryAtOnce() => resumed.TrySetResult();

    /// <summary>Runs until cancelled; a replay until it has come to its end.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        // After a fault of ours it begins again where its cursor stands.
        Empty(row.Cursor);
        await FindPlaceAsync(cancel);
        try
        {
            if (!IsPastEnd(row.Cursor + 1)) await FollowAsync(cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            SaveBeginning();
            throw;
        }

        if (row.Key.Replay != 0) await services.WrittenAsync(platformGate, () => services.Table.End(row.Key), cancel);
    }

    /// <summary>Its counts have been changed by others.</summary>
    public void Refresh()
    {
        if (services.Table.Find(row.Key) is not { } now) return;

        // What was read before the lane's own next step is old.
        lock (gate) row = now.Cursor == row.Cursor ? now : row;
    }

    private async Task FollowAsync(CancellationToken cancel)
    {
        await foreach (var page in services.Settled.PagesAsync(destination.TenantId, row.Cursor, cancel))
        {
            foreach (var revision in page.Revisions)
            {
                if (IsPastEnd(revision.Seq)) break;
                if (revision.Seq <= seen) continue;
                await TakeAsync(revision, batch, cancel);
                if (batchBytes >= MostBytes || batch.Count >= MostTraces) await DeliverAsync(revision.Seq, cancel);
            }

            var through = row.Until is { } until && until < page.Through ? until : page.Through;
            await DeliverAsync(Math.Max(through, seen), cancel);
            if (IsPastEnd(seen + 1)) break;

            // At the head: what comes in the meantime goes together.
            if (page.Through >= services.Settled.Head) await Task.Delay(services.Options.BatchDelay, services.Time, cancel);
        }
    }

    private void Reload()
    {
        var now = services.Table.Find(row.Key)!;
        lock (gate) row = now;
    }

    private bool IsPastEnd(long seq) => row.Until is { } until && seq > until;

    // A place that does not belong to this sequence, as after a restore, must not be taken for one that does: all up to there would be skipped in silence.
    private async Task FindPlaceAsync(CancellationToken cancel)
    {
        if (row.Stopped is null && row.Cursor > services.Settled.Head) await services.WrittenAsync(platformGate, () => services.Table.Stop(row.Key, LaneStops.BeyondHead), cancel);
        Reload();
        if (row.Stopped is not null)
        {
            if (row.Key.Replay == 0) await resumed.Task.WaitAsync(cancel);
            await services.WrittenAsync(platformGate, () => services.Table.ContinueAt(row.Key, services.Settled.Head), cancel);
            Reload();
        }

        lock (gate) seen = row.Cursor;
    }

    private async Task TakeAsync(SettledRevision revision, List<Freight> into, CancellationToken cancel)
    {
        IReadOnlyList<Freight> wanted = [];
        if (row.From is not { } from || (revision.LastReceivedAt >= from && revision.FirstReceivedAt < row.To!.Value))
        {
            await services.Work.WaitAsync(cancel);
            try
            {
                (wanted, var gone) = reader.Read(revision, row, onItsWay);
                if (gone > 0) losses.Add(new LaneLoss(revision.Seq, LaneLoss.Gone, gone));
            }
            catch (Exception e) when (e is not (OutOfMemoryException or SqliteException or IOException))
            {
                // One trace that cannot be read must not hold up all that settle after it.
                losses.Add(new LaneLoss(revision.Seq, LaneLoss.Gone, Math.Max(1, revision.Spans.Count)));
                services.Counters.Add(Reason.RecordUnreadable, tenantId: destination.TenantId);
                CannotRead(destination.Name, revision.Seq, e.GetType().Name, e.StackTrace);
            }
            finally
            {
                services.Work.Release();
            }
        }

        lock (gate)
        {
            seen = revision.Seq;
            into.AddRange(wanted);
        }

        if (wanted.Count > 0) onItsWay.Add(revision.TraceId);
        batchBytes += wanted.Sum(one => one.Bytes);
    }

    private async Task DeliverAsync(long through, CancellationToken cancel)
    {
        lock (gate) seen = Math.Max(seen, through);
        long retried = 0;
        if (batch.Count > 0)
        {
            if (live is { IsBusy: true }) await Task.Delay(BehindLive, services.Time, cancel);
            lock (gate) isSending = true;
            var wish = new CarryWish(atOnce, Expires) { More = MoreAsync };
            retried = await carrier.CarryAsync([.. batch], items, wish, Refused, cancel);
        }

        // A tenant that is quiet does not make every other tenant's trace a write of its own.
        if (batch.Count > 0 || losses.Count > 0 || seen - row.Cursor > SkippedBeforeSaved || row.Key.Replay != 0) await AdvanceAsync(seen, retried, cancel);
        Empty(seen);
    }

    private bool IsBusy
    {
        get
        {
            lock (gate) return batch.Count > 0;
        }
    }

    private Timestamp Expires(Timestamp receivedAt) => (receivedAt > row.Created ? receivedAt : row.Created).Plus(services.Options.MaxAge);

    // A few of what comes next, for an item that the platform may not be able to bear: if others pass it is the item, if not it is the platform.
    private async Task<IReadOnlyList<Freight>> MoreAsync(CancellationToken cancel)
    {
        // One at a time; whoever comes meanwhile asks again after its next attempt.
        if (Interlocked.Exchange(ref asking, 1) == 1) return [];
        try
        {
            var more = new List<Freight>();
            var page = services.Settled.Page(destination.TenantId, seen);
            foreach (var revision in page.Revisions)
            {
                // Of a trace one revision goes after the other.
                if (IsPastEnd(revision.Seq) || more.Count >= 4 || batch.Count >= 2 * MostTraces || batchBytes >= 2 * MostBytes || onItsWay.Contains(revision.TraceId)) return more;
                var before = more.Count;
                await TakeAsync(revision, more, cancel);
                lock (gate) batch.AddRange(more.Skip(before));
            }

            return more;
        }
        finally
        {
            Volatile.Write(ref asking, 0);
        }
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

    // Stopped, perhaps in the middle of a batch: what came before the first item without an answer need not be looked at again.
    private void SaveBeginning()
    {
        var open = items.Count > 0 ? items.Where(item => item.Fate is Fate.Waiting or Fate.OtherForm).Select(item => item.Seq).DefaultIfEmpty(seen + 1).Min()
            : batch.Count > 0 ? batch[0].Revision.Seq : seen + 1;
        if (open - 1 <= row.Cursor) return;
        items.RemoveAll(item => item.Seq >= open);
        losses.RemoveAll(loss => loss.Seq >= open);
        try
        {
            Advance(open - 1, 0);
        }
        catch (Exception e) when (e is SqliteException or InvalidOperationException)
        {
            // Then it is sent again.
        }
    }

    private Task<bool> AdvanceAsync(long through, long retried, CancellationToken cancel) => services.WrittenAsync(
        platformGate,
        () =>
        {
            Advance(through, retried);
            return true;
        },
        cancel);

    private void Advance(long through, long retried)
    {
        List<LaneLoss> all = [.. losses, .. items.Where(item => item.Fate == Fate.Expired).GroupBy(item => item.Seq).Select(group => new LaneLoss(group.Key, LaneLoss.Expired, group.Count()))];
        var counts = new LaneCounts(items.Count(item => item.Fate == Fate.Sent), items.Count(item => item.Fate == Fate.Refused), retried, all.Sum(loss => loss.Count));
        if (through == row.Cursor && counts == LaneCounts.None && unwritten.Count == 0) return;
        if (!services.Table.TryAdvance(row.Key, row.Cursor, through, new LaneStep(counts, batch.Count > 0, all, [.. unwritten])))
            throw new InvalidOperationException("Another worker has moved this lane's cursor.");
        services.Counters.Add(Reason.RefusedByPlatform, counts.Refused, destination.TenantId);
        services.Counters.Add(Reason.ExpiredBeforeDelivery, counts.Expired, destination.TenantId);
        Reload();
        lock (gate)
        {
            unwritten.Clear();
            losses.Clear();
            items.Clear();
        }
    }

    private void Empty(long at)
    {
        lock (gate)
        {
            (seen, isSending) = (at, false);
            batch.Clear();
            items.Clear();
            losses.Clear();
        }

        onItsWay.Clear();
        batchBytes = 0;
    }

    [LoggerMessage(EventId = 607, Level = LogLevel.Error, Message = "A trace (settled {Seq}) could not be read back for {Destination} ({Why}); it is left out. {Where}")]
    private partial void CannotRead(string destination, long seq, string why, string? where);
}
