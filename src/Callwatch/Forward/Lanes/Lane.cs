using System.Runtime.ExceptionServices;
using Callwatch.Settle;
using Callwatch.Spans;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Callwatch.Forward.Lanes;

/// <summary>
/// Sixth stage: carries what has settled to one destination, in order, at least once, with the same ids on every attempt. While one batch is
/// on its way the next ones are read and made ready. The cursor moves after the answer, never before, and over nothing that has none: a crash
/// in between repeats what was sent, which is why ids come from the anchors.
/// </summary>
internal sealed class Lane : IDisposable
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
    private readonly Carrier carrier;
    private readonly LaneCursor cursor;
    private readonly Filling filling;
    private readonly Lane? live;
    private readonly OnTheWay way;
    private readonly Lock gate = new();

    // Held by whoever fills the batch: mostly the lane itself, now and then a stream that wants to see whether other things pass.
    private readonly SemaphoreSlim reading = new(1);
    private readonly TaskCompletionSource resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Streams streams;

    /// <param name="live">The destination's live lane, before which this one, a replay, steps back; null when it is that itself.</param>
    public Lane(Destination destination, IDestination platform, Gate gate, LaneRow row, LaneServices services, ILogger log, Lane? live = null)
    {
        (this.destination, platformGate, this.services, this.live) = (destination, gate, services, live);
        atOnce = live is null ? platform.Limits.AtOnce : 1;
        (streams, way) = (new Streams(atOnce), new OnTheWay(live is null ? MostBatches : MostBatchesOfReplay, services.ReadAhead));
        var reader = new FreightReader(destination, services);
        carrier = new Carrier(destination, platform, gate, reader, services, log);
        cursor = new LaneCursor(row, destination, gate, services);
        filling = new Filling(destination, reader, carrier, cursor, services, log, this.gate);
        filling.BeginAt(row.Cursor);
        if (live is null) services.Traces.Join(destination.TenantId);
    }

    public LaneStatus Status()
    {
        lock (gate)
        {
            var row = cursor.Row;
            var head = row.Until ?? services.Settled.Head;
            var waiting = way.Count + filling.Open.Count;
            var age = (way.Oldest ?? filling.Open.Oldest) is { } since ? Math.Max(0, (services.Time.GetUtcNow() - since.ToDateTimeOffset()).TotalSeconds) : 0;
            var state = row.Stopped is not null ? LaneState.Blocked : platformGate.Trouble ?? (waiting > 0 ? LaneState.Running : LaneState.Idle);
            return new LaneStatus(
                state, waiting > 0 ? row.Cursor : Math.Max(row.Cursor, filling.Seen), Math.Max(0, head - filling.Seen) + waiting, age,
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
            if (!cursor.IsPastEnd(filling.Seen + 1)) await FollowAsync(together);
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
            lock (gate) return filling.Open.Count > 0 || !way.IsEmpty;
        }
    }

    private async Task FollowAsync(CancellationTokenSource together)
    {
        var cancel = together.Token;
        await foreach (var page in services.Settled.PagesAsync(destination.TenantId, filling.Seen, cancel))
        {
            foreach (var revision in page.Revisions)
            {
                if (cursor.IsPastEnd(revision.Seq)) break;
                while (!await TryTakeAsync(revision, together)) await way.OldestDone;
            }

            // At the head all goes that there is; behind it a filter may leave little of a page, and more comes with the next.
            var isAtHead = page.Through >= services.Settled.Head;
            await PassAsync(cursor.UpToEnd(page.Through), isAtHead, together);
            if (cursor.IsPastEnd(filling.Seen + 1)) break;
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
            if (revision.Seq <= filling.Seen) return true;

            // Of a trace that is on its way, what came later waits: the platform may want it in another form.
            if (way.Holds(revision.TraceId))
            {
                await LaunchAsync(together);
                return false;
            }

            if (filling.Open.Count == 0 && !way.HasRoom(platformGate.Trouble is null)) return false;
            await filling.TakeAsync(revision, together.Token);
            if (filling.Open.IsFull) await LaunchAsync(together);
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
            filling.Pass(through);

            // A tenant that is quiet does not make every other tenant's trace a write of its own.
            var isFar = filling.Seen - filling.Closed > SkippedBeforeSaved;
            var isLast = isAtHead || cursor.IsPastEnd(filling.Seen + 1);
            if (isFar || cursor.IsReplay || (isLast && filling.Open is not { Count: 0, Losses.Count: 0 })) await LaunchAsync(together);
        }
        finally
        {
            reading.Release();
        }
    }

    // Sends what has been taken, behind what is on its way.
    private async Task LaunchAsync(CancellationTokenSource together)
    {
        var cancel = together.Token;
        var isIdle = filling.Open is { Count: 0, Losses.Count: 0 } && filling.Seen - filling.Closed <= SkippedBeforeSaved && !cursor.IsReplay;
        if (filling.Seen == filling.Closed || isIdle) return;
        if (filling.Open.Count > 0 && live is { IsBusy: true }) await Task.Delay(BehindLive, services.Time, cancel);
        var before = Task.CompletedTask;
        var batch = await filling.CloseAsync(
            given =>
            {
                before = way.All is [.., var last] ? last.Done : Task.CompletedTask;
                way.Add(given);
            },
            cancel);
        _ = CarryAsync(batch, cursor.Wish() with { More = (stream, stop) => MoreAsync(batch, stream, together, stop) }, before, together);
    }

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
            if (filling.Open.Count > 0 || !way.HasRoomBeyond) return [];
            foreach (var revision in services.Settled.Page(destination.TenantId, filling.Seen).Revisions)
            {
                if (cursor.IsPastEnd(revision.Seq) || filling.Open.Count >= MostTracesBefore || way.Holds(revision.TraceId)) break;
                await filling.TakeAsync(revision, cancel);
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

            var open = filling.Open;
            var next = open.Revisions is [var unsent, ..] ? Math.Min(unsent.Seq, filling.Seen + 1) : filling.Seen + 1;
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
        // In this order: what is not delivered is never seen as neither on its way nor waiting.
        filling.BeginAt(cursor.Row.Cursor);
        way.Clear();
        streams = new Streams(atOnce);
    }
}
