using System.Runtime.ExceptionServices;
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

    private readonly Destination destination;
    private readonly int atOnce;
    private readonly Gate platformGate;
    private readonly LaneServices services;
    private readonly LaneCursor cursor;
    private readonly Filling filling;
    private readonly Lane? live;
    private readonly OnTheWay way;
    private readonly LaneReading reading;
    private readonly Lock gate = new();
    private readonly TaskCompletionSource resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="live">The destination's live lane, before which this one, a replay, steps back; null when it is that itself.</param>
    public Lane(Destination destination, IDestination platform, Gate gate, LaneRow row, LaneServices services, ILogger log, Lane? live = null)
    {
        (this.destination, platformGate, this.services, this.live) = (destination, gate, services, live);
        atOnce = live is null ? platform.Limits.AtOnce : 1;
        way = new OnTheWay(live is null ? MostBatches : MostBatchesOfReplay, services.ReadAhead);
        var reader = new FreightReader(destination, services);
        var carrier = new Carrier(destination, platform, gate, reader, services, log);
        cursor = new LaneCursor(row, destination, gate, services);
        filling = new Filling(destination, reader, carrier, cursor, services, log, this.gate);
        filling.BeginAt(row.Cursor);
        reading = new LaneReading(destination, gate, services, carrier, cursor, filling, way, this.gate, live is null ? null : () => live.IsBusy) { Streams = new Streams(atOnce) };
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
            await reading.RunAsync(together);
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
        reading.Streams = new Streams(atOnce);
    }
}
