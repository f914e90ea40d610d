using System.Runtime.ExceptionServices;
using Callwatch.Settle;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Callwatch.Forward.Lanes;

/// <summary>
/// Sixth stage: carries what has settled to one destination, in order, at least once, with the same ids on every attempt. While one batch is
/// on its way the next ones are read and made ready. The cursor moves after the answer, never before, and over nothing that has none: a crash
/// in between repeats what was sent, which is why ids come from the anchors.
/// </summary>
internal sealed partial class Lane : IDisposable
{
    // Of the live lane: one that is sent, and two that are made ready. A replay steps back before it, and reads no more than the next.
    private const int MostBatches = 3;
    private const int MostBatchesOfReplay = 2;
    private const int SkippedBeforeSaved = 10_000;
    private const int MostTracesBefore = 4;
    private static readonly TimeSpan BehindLive = TimeSpan.FromSeconds(1);

    private readonly Destination destination;
    private readonly int atOnce;
    private readonly Gate platformGate;
    private readonly LaneServices services;
    private readonly FreightReader reader;
    private readonly Carrier carrier;
    private readonly LaneCursor cursor;
    private readonly Lane? live;
    private readonly ILogger log;
    private readonly OnTheWay way;
    private readonly Lock gate = new();

    // Held by whoever fills the batch: mostly the lane itself, now and then a stream that wants to see whether other things pass.
    private readonly SemaphoreSlim reading = new(1);
    private readonly TaskCompletionSource resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Streams streams;
    private Batch open;
    private long seen;
    private long launched;

    /// <param name="live">The destination's live lane, before which this one, a replay, steps back; null when it is that itself.</param>
    public Lane(Destination destination, IDestination platform, Gate gate, LaneRow row, LaneServices services, ILogger log, Lane? live = null)
    {
        (this.destination, platformGate, this.services, this.live, this.log) = (destination, gate, services, live, log);
        atOnce = live is null ? platform.Limits.AtOnce : 1;
        (seen, launched) = (row.Cursor, row.Cursor);
        (open, streams, way) = (NewBatch(), new Streams(atOnce), new OnTheWay(live is null ? MostBatches : MostBatchesOfReplay, services.ReadAhead));
        reader = new FreightReader(destination, services);
        carrier = new Carrier(destination, platform, gate, reader, services, log);
        cursor = new LaneCursor(row, destination, gate, services);
        if (live is null) services.Traces.Join(destination.TenantId);
    }

    public LaneStatus Status()
    {
        lock (gate)
        {
            var row = cursor.Row;
            var head = row.Until ?? services.Settled.Head;
            var waiting = way.Count + open.Count;
            var age = (way.Oldest ?? open.Oldest) is { } since ? Math.Max(0, (services.Time.GetUtcNow() - since.ToDateTimeOffset()).TotalSeconds) : 0;
            var state = row.Stopped is not null ? LaneState.Blocked : platformGate.Trouble ?? (waiting > 0 ? LaneState.Running : LaneState.Idle);
            return new LaneStatus(
                state, waiting > 0 ? row.Cursor : Math.Max(row.Cursor, seen), Math.Max(0, head - seen) + waiting, age,
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
        await cursor.FindPlaceAsync(resumed.Task, cancel);

        // After a fault of ours it begins again where its cursor stands.
        Empty();
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        try
        {
            if (!cursor.IsPastEnd(seen + 1)) await FollowAsync(together);
            await way.EmptyAsync();
        }
        catch
        {
            await together.CancelAsync();
            var fault = await way.StoppedAsync();
            if (cancel.IsCancellationRequested) SaveBeginning();
            else if (fault is not null) ExceptionDispatchInfo.Throw(fault);
            throw;
        }
        finally
        {
            Empty();
        }

        await cursor.EndAsync(cancel);
    }

    /// <summary>Its counts have been changed by others.</summary>
    public void Refresh() => cursor.Refresh();

    public void Dispose()
    {
        reading.Dispose();
        if (live is null) services.Traces.Leave(destination.TenantId);
    }

    private bool IsBusy
    {
        get
        {
            lock (gate) return open.Count > 0 || !way.IsEmpty;
        }
    }

    private async Task FollowAsync(CancellationTokenSource together)
    {
        var cancel = together.Token;
        await foreach (var page in services.Settled.PagesAsync(destination.TenantId, seen, cancel))
        {
            foreach (var revision in page.Revisions)
            {
                if (cursor.IsPastEnd(revision.Seq)) break;
                while (!await TryTakeAsync(revision, together)) await way.OldestDone;
            }

            // At the head all goes that there is; behind it a filter may leave little of a page, and more comes with the next.
            var isAtHead = page.Through >= services.Settled.Head;
            await PassAsync(cursor.UpToEnd(page.Through), isAtHead, together);
            if (cursor.IsPastEnd(seen + 1)) break;
            if (!isAtHead) continue;

            // What comes in the meantime goes together.
            await way.EmptyAsync();
            await Task.Delay(services.Options.BatchDelay, services.Time, cancel);
        }
    }

    /// <summary>False when something has to be delivered first.</summary>
    private async Task<bool> TryTakeAsync(SettledRevision revision, CancellationTokenSource together)
    {
        await reading.WaitAsync(together.Token);
        try
        {
            if (revision.Seq <= seen) return true;

            // Of a trace that is on its way, what came later waits: the platform may want it in another form.
            if (way.Holds(revision.TraceId))
            {
                await LaunchAsync(together);
                return false;
            }

            if (open.Count == 0 && !way.HasRoom(platformGate.Trouble is null)) return false;
            await TakeAsync(revision, together.Token);
            if (open.IsFull) await LaunchAsync(together);
            return true;
        }
        finally
        {
            reading.Release();
        }
    }

    private async Task PassAsync(long through, bool isAtHead, CancellationTokenSource together)
    {
        await reading.WaitAsync(together.Token);
        try
        {
            lock (gate) seen = Math.Max(seen, through);

            // A tenant that is quiet does not make every other tenant's trace a write of its own.
            var isFar = seen - launched > SkippedBeforeSaved;
            if (isFar || ((isAtHead || cursor.IsPastEnd(seen + 1)) && (open.Count > 0 || open.Losses.Count > 0)) || (cursor.IsReplay && seen > launched)) await LaunchAsync(together);
        }
        finally
        {
            reading.Release();
        }
    }

    // Read and mapped at once, so that no bodies are held.
    private async Task TakeAsync(SettledRevision revision, CancellationToken cancel)
    {
        List<(SettledRevision Revision, IReadOnlyList<Outgoing> Items)> taken = [];
        if (cursor.Wants(revision))
        {
            await services.Work.WaitAsync(cancel);
            try
            {
                var (wanted, gone) = reader.Read(revision, cursor.Row, open.Traces);
                foreach (var one in wanted) taken.Add((one.Revision, carrier.Map(one, open.Anchors, Wish())));
                if (gone > 0) open.Losses.Add(new LaneLoss(revision.Seq, LaneLoss.Gone, gone));
            }
            catch (Exception e) when (e is not (OutOfMemoryException or SqliteException or IOException))
            {
                // One trace that cannot be read must not hold up all that settle after it.
                open.Losses.Add(new LaneLoss(revision.Seq, LaneLoss.Gone, Math.Max(1, revision.Spans.Count)));
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
            foreach (var (one, items) in taken) open.Add(one, items);
        }
    }

    // Sends what has been taken, behind what is on its way.
    private async Task LaunchAsync(CancellationTokenSource together)
    {
        var cancel = together.Token;
        if (seen == launched || (open.Count == 0 && open.Losses.Count == 0 && seen - launched <= SkippedBeforeSaved && !cursor.IsReplay)) return;
        if (open.Count > 0 && live is { IsBusy: true }) await Task.Delay(BehindLive, services.Time, cancel);
        var batch = open;
        while (await carrier.FreezeAsync(batch.Anchors, cancel) is { Count: > 0 } others) await MapAgainAsync(batch, others, cancel);
        var before = way.All is [.., var last] ? last.Done : Task.CompletedTask;
        lock (gate)
        {
            batch.Close(seen);
            (open, launched) = (NewBatch(), seen);
            way.Add(batch);
        }

        _ = CarryAsync(batch, Wish() with { More = (stream, stop) => MoreAsync(batch, stream, together, stop) }, before, together);
    }

    // A replay, or dead letters sent again, have met the same traces at the same moment.
    private async Task MapAgainAsync(Batch batch, IReadOnlySet<TraceId> traces, CancellationToken cancel)
    {
        foreach (var revision in batch.Revisions.Where(revision => traces.Contains(revision.TraceId)).ToList())
        {
            await services.Work.WaitAsync(cancel);
            try
            {
                var again = reader.ReadChosen(revision) is { } one ? carrier.Map(one, batch.Anchors, Wish()) : [];
                lock (gate) batch.Replace(revision.Seq, again);
            }
            finally
            {
                services.Work.Release();
            }
        }
    }

    private CarryWish Wish() => new(cursor.Expires, cursor.Refused);

    private Batch NewBatch() => new(new AnchorDraft(services.Anchors, destination.Id));

    private async Task CarryAsync(Batch batch, CarryWish wish, Task before, CancellationTokenSource together)
    {
        try
        {
            var retried = batch.Items.Count == 0 ? 0 : await carrier.SendAsync(batch.Revisions, batch.Items, streams, wish, together.Token);
            await before;
            await cursor.AdvanceAsync(batch, retried, together.Token);
            way.Remove(batch);
            batch.End(fault: null);
        }
        catch (Exception e)
        {
            // One fails, all stop: they begin again together.
            await together.CancelAsync();
            batch.End(e);
        }
    }

    // A few of what comes next, for an item that the platform may not be able to bear: if others pass it is the item, if not it is the platform.
    private async Task<IReadOnlyList<Outgoing>> MoreAsync(Batch batch, int stream, CancellationTokenSource together, CancellationToken cancel)
    {
        if (Behind() is { Count: > 0 } waiting) return waiting;

        // Somebody is reading already: to be asked again after the next attempt.
        if (!await reading.WaitAsync(TimeSpan.Zero, cancel)) return [];
        try
        {
            if (open.Count > 0 || !way.HasRoomBeyond) return [];
            foreach (var revision in services.Settled.Page(destination.TenantId, seen).Revisions)
            {
                if (cursor.IsPastEnd(revision.Seq) || open.Count >= MostTracesBefore || way.Holds(revision.TraceId)) break;
                await TakeAsync(revision, cancel);
            }

            await LaunchAsync(together);
            return Behind();
        }
        finally
        {
            reading.Release();
        }

        IReadOnlyList<Outgoing> Behind() => way.TakeBehind(batch, trace => streams.Of(trace) == stream, MostTracesBefore);
    }

    // Stopped, perhaps in the middle of batches: what came before the first item without an answer need not be looked at again.
    private void SaveBeginning()
    {
        try
        {
            foreach (var batch in way.All)
            {
                if (batch.FirstUnanswered is not { } first)
                {
                    cursor.Advance(batch, batch.Through, 0);
                    continue;
                }

                batch.CutBefore(first);
                if (first - 1 > cursor.Row.Cursor) cursor.Advance(batch, first - 1, 0);
                return;
            }

            var next = open.Revisions is [var unsent, ..] ? Math.Min(unsent.Seq, seen + 1) : seen + 1;
            open.CutBefore(next);
            if (next - 1 > cursor.Row.Cursor) cursor.Advance(open, next - 1, 0);
        }
        catch (Exception e) when (e is SqliteException or InvalidOperationException)
        {
            // Then it is sent again.
        }
    }

    private void Empty()
    {
        way.Clear();
        lock (gate) (open, streams, seen, launched) = (NewBatch(), new Streams(atOnce), cursor.Row.Cursor, cursor.Row.Cursor);
    }

    [LoggerMessage(EventId = 607, Level = LogLevel.Error, Message = "A trace (settled {Seq}) could not be read back for {Destination} ({Why}); it is left out. {Where}")]
    private partial void CannotRead(string destination, long seq, string why, string? where);
}
