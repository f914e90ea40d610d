using System.Diagnostics;

namespace Callwatch.Journal.Writing;

/// <summary>
/// What waits for the writer, bounded by count and by bytes; a full one tells the sender to come back. Tenants are written in turn, each in
/// its own order, and while others are about none has more waiting than three times what is left free: a tenant that sends more than the
/// disk takes makes itself wait, and nobody else.
/// No channel: the bound is on bytes too, and the writer is a thread that takes all there is at once.
/// </summary>
internal sealed class AppendQueue(int maxCount, long maxBytes)
{
    private const int MostOfFree = 3;

    private static readonly TimeSpan SpinFor = TimeSpan.FromMicroseconds(15);

    /// <summary>How long a tenant counts as being about after its last request.</summary>
    private static readonly TimeSpan Presence = TimeSpan.FromMinutes(1);

    private readonly object gate = new();
    private readonly Dictionary<int, TenantLine> tenants = [];

    // Those of whom something waits, in the order of their turns.
    private readonly Queue<TenantLine> turns = new();

    // Who sent last, and who last of all others: enough to know whether anybody else is about.
    private (int Tenant, long At) latest = (-1, long.MinValue);
    private (int Tenant, long At) other = (-1, long.MinValue);
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
            See(append.TenantId);
            var line = tenants.GetValueOrDefault(append.TenantId);
            if (closed || count >= maxCount || (count > 0 && bytes + append.Bytes > maxBytes) || TakesOthersRoom(line, append)) return false;
            if (line is null) tenants[append.TenantId] = line = new TenantLine();
            if (line.Waiting.Count == 0) turns.Enqueue(line);
            line.Waiting.Enqueue(append);
            line.Count++;
            line.Bytes += append.Bytes;
            Volatile.Write(ref arrived, 1);
            count++;
            bytes += append.Bytes;
            if (turns.Count == 1 && line.Waiting.Count == 1) Monitor.Pulse(gate);
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
            while (turns.Count == 0 && !nudged && !closed) Monitor.Wait(gate);
            nudged = false;
            arrived = 0;
            for (long taken = 0; taken < groupBytes && turns.TryDequeue(out var line);)
            {
                var append = line.Waiting.Dequeue();
                if (line.Waiting.Count > 0) turns.Enqueue(line);
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

            return group.Count > 0 || !closed || turns.Count > 0;
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

    private void See(int tenantId)
    {
        if (tenantId != latest.Tenant) other = latest;
        latest = (tenantId, Stopwatch.GetTimestamp());
    }

    // The first of a tenant always finds room: there is some for as long as no other has taken its quarter.
    private bool TakesOthersRoom(TenantLine? line, PendingAppend append) =>
        line is not null && other.Tenant >= 0 && Stopwatch.GetElapsedTime(other.At) < Presence
        && (line.Count + 1 > (long)(maxCount - count - 1) * MostOfFree || line.Bytes + append.Bytes > (maxBytes - bytes - append.Bytes) * MostOfFree);

    private void Forget(PendingAppend append)
    {
        var line = tenants[append.TenantId];
        line.Bytes -= append.Bytes;
        if (--line.Count == 0) tenants.Remove(append.TenantId);
        count--;
        bytes -= append.Bytes;
    }

    /// <summary>What one tenant has waiting, and, counted only, what of it is being written.</summary>
    private sealed class TenantLine
    {
        public Queue<PendingAppend> Waiting { get; } = new();

        public int Count { get; set; }

        public long Bytes { get; set; }
    }
}
