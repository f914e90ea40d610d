using Callwatch.Settle;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Callwatch.Forward.Lanes;

/// <summary>
/// The batch that a lane is filling: reads one settled number after the other and maps it at once, so that no bodies are held. For one caller at a
/// time; what is seen of it from outside changes under the given lock.
/// </summary>
internal sealed partial class Filling(Destination destination, FreightReader reader, Carrier carrier, LaneCursor cursor, LaneServices services, ILogger log, Lock gate)
{
    private Batch open = new(new AnchorDraft(services.Anchors, destination.Id));

    public Batch Open => open;

    /// <summary>The last settled number that was looked at.</summary>
    public long Seen { get; private set; }

    /// <summary>The last of those that were given away.</summary>
    public long Closed { get; private set; }

    /// <summary>Leaves all that was taken and goes on behind the number.</summary>
    public void BeginAt(long seq)
    {
        lock (gate) (open, Seen, Closed) = (NewBatch(), seq, seq);
    }

    /// <summary>Nothing up to there is for this lane.</summary>
    public void Pass(long through)
    {
        lock (gate) Seen = Math.Max(Seen, through);
    }

    public async Task TakeAsync(SettledRevision revision, CancellationToken cancel)
    {
        List<(SettledRevision Revision, IReadOnlyList<Outgoing> Items)> taken = [];
        if (cursor.Wants(revision))
        {
            await services.Work.WaitAsync(cancel);
            try
            {
                var (wanted, gone) = reader.Read(revision, cursor.Row, open.Traces);
                foreach (var one in wanted) taken.Add((one.Revision, carrier.Map(one, open.Anchors, cursor.Wish())));
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
            Seen = revision.Seq;
            foreach (var (one, items) in taken) open.Add(one, items);
        }
    }

    /// <summary>Gives away what was taken, once its anchors are durable, and begins anew.</summary>
    /// <param name="given">Called under the lock: the batch is never nowhere.</param>
    public async Task<Batch> CloseAsync(Action<Batch> given, CancellationToken cancel)
    {
        var batch = open;
        while (await carrier.FreezeAsync(batch.Anchors, cancel) is { Count: > 0 } others) await MapAgainAsync(batch, others, cancel);
        lock (gate)
        {
            batch.Close(Seen);
            (open, Closed) = (NewBatch(), Seen);
            given(batch);
        }

        return batch;
    }

    // A replay, or dead letters sent again, have met the same traces at the same moment.
    private async Task MapAgainAsync(Batch batch, IReadOnlySet<TraceId> traces, CancellationToken cancel)
    {
        foreach (var revision in batch.Revisions.Where(revision => traces.Contains(revision.TraceId)).ToList())
        {
            await services.Work.WaitAsync(cancel);
            try
            {
                var again = reader.ReadChosen(revision) is { } one ? carrier.Map(one, batch.Anchors, cursor.Wish()) : [];
                lock (gate) batch.Replace(revision.Seq, again);
            }
            finally
            {
                services.Work.Release();
            }
        }
    }

    private Batch NewBatch() => new(new AnchorDraft(services.Anchors, destination.Id));

    [LoggerMessage(EventId = 607, Level = LogLevel.Error, Message = "A trace (settled {Seq}) could not be read back for {Destination} ({Why}); it is left out. {Where}")]
    private partial void CannotRead(string destination, long seq, string why, string? where);
}
