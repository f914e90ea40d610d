using Callwatch.Spans;

namespace Callwatch.Forward.Lanes;

/// <summary>
/// What all lanes together have read ahead: none reads more while they hold much. The batch that each is sending is not in it: that one it may
/// hold in any case, and holds for as long as its platform is in trouble.
/// </summary>
internal sealed class ReadAhead
{
    private const long Most = 32L << 20;

    private long held;

    public long Held => Volatile.Read(ref held);

    public bool HasRoom => Volatile.Read(ref held) < Most;

    public void Add(long bytes) => Interlocked.Add(ref held, bytes);
}

/// <summary>
/// The batches of a lane that are being sent or made ready for their turn, oldest first. One is sent; while that goes well the next ones are
/// read and mapped meanwhile, as far as there is room. Thread-safe.
/// </summary>
/// <param name="most">Most batches.</param>
internal sealed class OnTheWay(int most, ReadAhead shared)
{
    private const long MostBytes = 8L << 20;

    private readonly Lock gate = new();
    private readonly List<Batch> batches = [];
    private long ahead;

    /// <summary>Settled numbers in them of which something goes.</summary>
    public int Count
    {
        get
        {
            lock (gate) return batches.Sum(batch => batch.Count);
        }
    }

    public bool IsEmpty
    {
        get
        {
            lock (gate) return batches.Count == 0;
        }
    }

    /// <summary>When the oldest of them was received.</summary>
    public Timestamp? Oldest
    {
        get
        {
            lock (gate) return batches.Select(batch => batch.Oldest).FirstOrDefault(oldest => oldest is not null);
        }
    }

    public IReadOnlyList<Batch> All
    {
        get
        {
            lock (gate) return [.. batches];
        }
    }

    /// <summary>Completes, or fails, with the oldest; at once when there is none.</summary>
    public Task OldestDone
    {
        get
        {
            lock (gate) return batches is [var first, ..] ? first.Done : Task.CompletedTask;
        }
    }

    /// <summary>Whether another may be read. The first always may.</summary>
    /// <param name="isWell">The platform takes what is sent: while it does not, more in memory is of no use.</param>
    public bool HasRoom(bool isWell)
    {
        lock (gate) return batches.Count == 0 || (isWell && batches.Count < most && batches.Sum(batch => batch.Bytes) < MostBytes && shared.HasRoom);
    }

    /// <summary>Whether a little may be read beyond that, for a stream that needs it.</summary>
    public bool HasRoomBeyond
    {
        get
        {
            lock (gate) return batches.Sum(batch => batch.Count) < 2 * most * Batch.MostRevisions && batches.Sum(batch => batch.Bytes) < 2 * MostBytes;
        }
    }

    public bool Holds(TraceId trace)
    {
        if (trace.IsNone) return false;
        lock (gate) return batches.Exists(batch => batch.Traces.Contains(trace));
    }

    /// <summary>Items of a few traces from behind the batch, which are sent before their turn.</summary>
    public IReadOnlyList<Outgoing> TakeBehind(Batch batch, Func<TraceId, bool> isOfStream, int few, bool inHealth)
    {
        lock (gate)
        {
            foreach (var later in batches.SkipWhile(other => other != batch).Skip(1))
                if (later.TakeBefore(isOfStream, few, inHealth) is { Count: > 0 } taken) return taken;
            return [];
        }
    }

    /// <summary>Lets go of the last ones of which nothing has been sent, all but the oldest.</summary>
    /// <returns>The last settled number of those that stay; null when none has gone.</returns>
    public long? GiveBack()
    {
        lock (gate)
        {
            var before = batches.Count;
            while (batches.Count > 1 && batches[^1].TryGiveBack()) batches.RemoveAt(batches.Count - 1);
            if (batches.Count == before) return null;
            CountAhead();
            return batches[^1].Through;
        }
    }

    public void Add(Batch batch)
    {
        lock (gate)
        {
            batches.Add(batch);
            CountAhead();
        }
    }

    public void Remove(Batch batch)
    {
        lock (gate)
        {
            if (batches.Remove(batch)) CountAhead();
        }
    }

    /// <summary>Until the cursor has stepped over all of them.</summary>
    public async Task EmptyAsync()
    {
        while (!IsEmpty) await OldestDone;
    }

    /// <summary>Until nothing of them goes on, however it has ended; the first failure that is no cancellation.</summary>
    public async Task<Exception?> StoppedAsync()
    {
        // What is being read ahead may still join them.
        while (All.FirstOrDefault(batch => !batch.Done.IsCompleted) is { } going)
            await going.Done.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return All.Select(batch => batch.Done.Exception?.InnerException).FirstOrDefault(e => e is not (null or OperationCanceledException));
    }

    public void Clear()
    {
        foreach (var batch in All) Remove(batch);
    }

    private void CountAhead()
    {
        var now = batches.Skip(1).Sum(batch => batch.Bytes);
        shared.Add(now - ahead);
        ahead = now;
    }
}
