using System.Collections.Concurrent;
using Callwatch.Journal.Disk;
using Callwatch.Journal.Retention;
using Callwatch.Journal.Sealing;
using Callwatch.Journal.Segments;
using Callwatch.Journal.Writing;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging;

namespace Callwatch.Journal;

/// <summary>Second stage: append-only segment files, synced before anybody is told "accepted". Nothing outside this folder knows of files.</summary>
public sealed class SegmentJournal : IJournal, IAsyncDisposable, IDisposable
{
    private readonly ConcurrentDictionary<(int TenantId, int? AppId), long> firsts = new();
    private readonly JournalFolder folder;
    private readonly SegmentList segments;
    private readonly AppendQueue queue;
    private readonly HeadSignal head;
    private readonly DiskGuard disk;
    private readonly JournalWriter writer;
    private readonly long givenBefore;
    private readonly SegmentReading reading;
    private readonly IJournalFiles files;
    private volatile IReadOnlyList<(long Last, long First)> jumps;

    private SegmentJournal(JournalFolder folder, RecoveredJournal recovered, JournalOptions options, IJournalFiles files, DiskGuard disk, Damage damage, Counters counters, TimeProvider time, ILogger log)
    {
        (Epoch, givenBefore) = (recovered.Epoch, recovered.NextNumber - 1);
        (Damage, Frames, Sealing) = (damage, recovered.Frames, new SealingState(time));
        segments = recovered.Segments;
        queue = new AppendQueue(options.QueueCount, options.QueueBytes);
        head = new HeadSignal(recovered.Head);
        (this.folder, this.disk, this.files) = (folder, disk, files);
        reading = new SegmentReading(segments, head, damage, time);
        jumps = NumberJumps.Read(folder.Path);
        Gaps = new JournalGaps(this, folder.Path, files, counters, log);
        var factory = new SegmentFactory(folder.Path, Epoch, options, files, time);
        writer = new JournalWriter(recovered, options, factory, queue, head, disk, files, time, log);
        writer.SweepWanted = () =>
        {
            SweepWanted?.Invoke();
            SealWanted?.Invoke();
        };
    }

    public Guid Epoch { get; }

    public Position Head => new(Epoch, head.Number);

    public long LastGiven => Math.Max(givenBefore, head.Number);

    public long FirstNumber
    {
        get
        {
            foreach (var part in segments.All)
                if (part.LastNumber >= part.FirstNumber) return part.FirstNumber;
            return head.Number + 1;
        }
    }

    public long CompleteFrom
    {
        get
        {
            var all = segments.All;
            for (var i = all.Count - 1; i >= 0; i--)
                if (all[i] is SealedWindow { IsComplete: false }) return Math.Max(all[i].LastNumber, Gaps.LastMissing) + 1;
            return Math.Max(FirstNumber, Gaps.LastMissing + 1);
        }
    }

    public bool IsWhole(long first, long last)
    {
        if (first < FirstNumber || Gaps.Meet(first, last)) return false;
        return segments.All.All(part => part is not SealedWindow { IsComplete: false } window || window.LastNumber < first);
    }

    public long FirstNumberOf(int tenantId, int? appId = null)
    {
        // What has gone does not come back: the next look begins where this one ended.
        var known = firsts.GetValueOrDefault((tenantId, appId));
        foreach (var part in segments.All)
        {
            if (part.LastNumber < Math.Max(known, part.FirstNumber)) continue;
            if (part is SealedWindow window && !window.MayHold(tenantId, appId, Damage)) continue;
            return firsts[(tenantId, appId)] = part.FirstNumber;
        }

        return head.Number + 1;
    }

    /// <summary>Called when retention should look at once: a segment became full, or room ran out.</summary>
    internal Action? SweepWanted { get; set; }

    /// <summary>Called when sealing should look at once.</summary>
    internal Action? SealWanted { get; set; }

    internal SegmentList Segments => segments;

    internal DiskGuard Disk => disk;

    /// <summary>Taken by whoever removes parts or puts others in their place; adding and reading need it not.</summary>
    internal Lock Structure { get; } = new();

    internal Damage Damage { get; }

    /// <summary>What has vanished from between others.</summary>
    internal JournalGaps Gaps { get; }

    internal FrameCache Frames { get; }

    internal SealingState Sealing { get; }

    /// <summary>Requests that wait for the disk.</summary>
    internal int Waiting => queue.Count;

    /// <summary>Opens the journal of a folder, or makes one, and recovers whatever an earlier run left.</summary>
    /// <exception cref="StartRefusedException">The folder is in use, cannot be written, or was written by a newer version.</exception>
    public static SegmentJournal Open(string path, JournalOptions options, TimeProvider time, Counters counters, ILogger<SegmentJournal> log) =>
        Open(path, options, time, counters, log, DiskFiles.Instance, new RealDiskSpace());

    internal static SegmentJournal Open(
        string path, JournalOptions options, TimeProvider time, Counters counters, ILogger log, IJournalFiles files, IDiskSpace space)
    {
        var taken = JournalFolder.Take(path);
        try
        {
            var damaged = new Damage(counters, log);
            var recovered = new Recovery(taken, options, files, damaged, counters, log).Run();
            var guard = new DiskGuard(taken.Path, options, space, files, time);
            var journal = new SegmentJournal(taken, recovered, options, files, guard, damaged, counters, time, log);
            journal.writer.Start();
            return journal;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            taken.Dispose();
            throw new StartRefusedException(new StartRefusal.DataUnwritable(taken.Path, e.Message.ReplaceLineEndings(" ").TrimEnd('.')));
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    public async ValueTask<AppendResult> AppendAsync(IReadOnlyList<JournalEntry> entries, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (entries.Count == 0) return new AppendResult.Stored(Head);
        var append = new PendingAppend(entries);
        if (!queue.TryAdd(append, out var closed))
            return closed ? new AppendResult.Unavailable(JournalWriter.Stopping, JournalWriter.RetryAfter) : new AppendResult.Busy(JournalWriter.RetryAfter);

        // Only while it waits: once the writer reads the payload, the caller must not have it back.
        using var leave = cancel.Register(static (state, token) => ((PendingAppend)state!).Withdraw(token), append);
        return await append.Done;
    }

    public IAsyncEnumerable<JournalRecord> ReadAsync(long after, CancellationToken cancel) => reading.ReadAsync(after, cancel);

    public JournalRecord? Find(long number) => reading.FindItems(number);

    public JournalRecord? FindItems(long number, params ReadOnlySpan<int> offsets) => reading.FindItems(number, offsets);

    public IReadOnlyList<JournalRecord> FindOn(long number, int tenantId, long mostBytes, Func<byte[]>? memory = null) => reading.FindOn(number, tenantId, mostBytes, memory);

    public long CountBetween(long after, long through) => NumberJumps.Count(jumps, after, through);

    public JournalStatus Status()
    {
        var all = segments.All;
        var hasRoom = disk.HasRoom;
        var windows = all.OfType<SealedWindow>().ToList();
        var sealedBytes = windows.Sum(window => window.SizeBytes);
        var waiting = all.OfType<Segment>().Where(segment => segment.IsFull).ToList();
        return new JournalStatus(
            Epoch, FirstNumber, head.Number, all.Sum(part => part.FileCount), all.Sum(part => part.SizeBytes), disk.Space.FreeBytes,
            OldestOf(all), queue.Count, Damage.Records, Damage.Segments,
            hasRoom && writer.Refusal is null, writer.Refusal ?? (hasRoom ? null : JournalWriter.NearlyFull))
        {
            Records = CountBetween(FirstNumber - 1, head.Number),
            SealedBytes = sealedBytes,
            SealedPayloadBytes = windows.Sum(window => window.PayloadBytes),
            UnsealedBytes = all.OfType<Segment>().Sum(segment => segment.IsFull ? segment.FileBytes : segment.End),
            ToSealBytes = waiting.Sum(segment => segment.FileBytes),
            SealingError = Sealing.Error,
            Damage = Damage.Places,
            Gaps = Gaps.All,
            Losses = Losses.All,
        };
    }

    // Not simply that of the first: of a machine whose clock once began in 1970 it is another, and what its records refer to is kept for them.
    private static Timestamp? OldestOf(IReadOnlyList<JournalPart> all)
    {
        Timestamp? oldest = null;
        foreach (var part in all)
            if (part.FirstReceivedAt() is { } first && (oldest is null || first < oldest)) oldest = first;
        return oldest;
    }

    /// <summary>What readers lost to retention since the start.</summary>
    internal ReaderLosses Losses { get; } = new();

    /// <summary>Lets nobody in any more, and completes when all that was let in has been answered.</summary>
    public async Task DrainAsync()
    {
        queue.Close();
        await writer.Stopped;
    }

    public async ValueTask DisposeAsync()
    {
        await DrainAsync();
        writer.Dispose();
        folder.Dispose();
    }

    public void Dispose()
    {
        queue.Close();
        writer.Join();
        writer.Dispose();
        folder.Dispose();
    }

    /// <summary>
    /// Gives away no number up to this one any more: something refers to it, though this journal never had it (it was restored or replaced).
    /// To be called before anybody appends.
    /// </summary>
    internal void BeginAbove(long number)
    {
        if (number < writer.NextNumber) return;
        var first = NumberJumps.Behind(number);
        try
        {
            var all = jumps.Where(jump => jump.First < first).Append((Math.Max(head.Number, writer.NextNumber - 1), first)).ToList();
            NumberJumps.Write(folder.Path, all, files);
            jumps = all;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Only figures of how many records there are will be wrong.
        }

        writer.RaiseTo(first);
    }

    /// <summary>Lets the writer look around: end a segment that has grown old, try a disk that refused.</summary>
    internal void Nudge() => queue.Nudge();
}
