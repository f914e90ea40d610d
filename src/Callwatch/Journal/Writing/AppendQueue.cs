using System.Diagnostics;

namespace Callwatch.Journal.Writing;

/// <summary>
/// What waits for the writer, bounded by count and by bytes; a full one tells the sender to come back.
/// No channel: the bound is on bytes too, and the writer is a thread that takes all there is at once.
/// </summary>
internal sealed class AppendQueue(int maxCount, long maxBytes)
{
    private static readonly TimeSpan SpinFor = TimeSpan.FromMicroseconds(15);

    private readonly object gate = new();
    private readonly Queue<PendingAppend> waiting = new();
    private int count;
    private long bytes;
    private int arrived;
    private bool nudged;
    private bool closed;

    /// <summary>Requests not yet answered.</summary>
    public int Count => Volatile.Read(ref count);

    /// <summary>False when there is no room. A request larger than the bound itself is let in when nothing else waits.</summary>
    public bool TryAdd(PendingAppend append, out bool isClosed)
    {
        lock (gate)
        {
            isClosed = closed;
            if (closed || count >= maxCount || (count > 0 && bytes + append.Bytes > maxBytes)) return false;
            waiting.Enqueue(append);
            Volatile.Write(ref arrived, 1);
            count++;
            bytes += append.Bytes;
            if (waiting.Count == 1) Monitor.Pulse(gate);
            return true;
        }
    }

    /// <summary>Wakes the writer though nothing waits.</summary>
    public void Nudge()
    {
        lock (gate)
        {
            nudged = true;
            Monitor.Pulse(gate);
        }
    }

    /// <summary>No more is let in; the writer still gets what waits.</summary>
    public void Close()
    {
        lock (gate)
        {
            closed = true;
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Blocks until something waits, or there was a nudge (then the group may be empty). False once closed and empty.</summary>
    public bool Take(List<PendingAppend> group, long groupBytes)
    {
        SpinBriefly();
        lock (gate)
        {
            while (waiting.Count == 0 && !nudged && !closed) Monitor.Wait(gate);
            nudged = false;
            arrived = 0;
            for (long taken = 0; taken < groupBytes && waiting.TryDequeue(out var append);)
            {
                if (append.TryTake())
                {
                    group.Add(append);
                    taken += append.Bytes;
                }
                else
                {
                    Forget(append);
                }
            }

            return group.Count > 0 || !closed || waiting.Count > 0;
        }
    }

    /// <summary>A lone sender comes back within microseconds of its answer: sooner than a sleeping thread can be woken.</summary>
    private void SpinBriefly()
    {
        var started = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref arrived) == 0 && Stopwatch.GetElapsedTime(started) < SpinFor) Thread.SpinWait(20);
    }

    /// <summary>Gives back the room of answered requests.</summary>
    public void Release(List<PendingAppend> group)
    {
        lock (gate)
        {
            foreach (var append in group) Forget(append);
        }
    }

    private void Forget(PendingAppend append)
    {
        count--;
        bytes -= append.Bytes;
    }
}
