using Callwatch.Journal.Segments;

namespace Callwatch.Journal.Writing;

/// <summary>One sender's entries between the door and the sync.</summary>
internal sealed class PendingAppend
{
    private const int IsWaiting = 0, IsTaken = 1, IsWithdrawn = 2;

    private readonly TaskCompletionSource<AppendResult> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int state;

    public PendingAppend(IReadOnlyList<JournalEntry> entries)
    {
        Entries = entries;
        PayloadCrcs = new uint[entries.Count];
        for (var i = 0; i < entries.Count; i++)
        {
            // Here, on the sender's thread: the writer has only to write.
            PayloadCrcs[i] = Crc32C.Of(entries[i].Payload.Span);
            Bytes += RecordHeader.Size + entries[i].Payload.Length;
        }
    }

    public IReadOnlyList<JournalEntry> Entries { get; }

    /// <summary>Whose request it is: all entries of one are one tenant's.</summary>
    public int TenantId => Entries[0].TenantId;

    public uint[] PayloadCrcs { get; }

    /// <summary>Room it takes in a segment.</summary>
    public long Bytes { get; }

    public long FirstNumber { get; set; }

    public Task<AppendResult> Done => done.Task;

    /// <summary>The writer's: from here on the payload is being read and the sender has to wait.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref state, IsTaken, IsWaiting) == IsWaiting;

    /// <summary>The sender's: it has gone away before its turn came.</summary>
    public void Withdraw(CancellationToken cancel)
    {
        if (Interlocked.CompareExchange(ref state, IsWithdrawn, IsWaiting) == IsWaiting) done.TrySetCanceled(cancel);
    }

    public void Complete(AppendResult result) => done.TrySetResult(result);
}
