using System.Runtime.CompilerServices;
using Callwatch.Journal.Disk;
using Callwatch.Journal.Segments;
using Callwatch.Journal.Writing;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging;

namespace Callwatch.Journal;

/// <summary>Second stage: append-only segment files, synced before anybody is told "accepted". Nothing outside this folder knows of files.</summary>
public sealed class SegmentJournal : IJournal, IAsyncDisposable, IDisposable
{
    private readonly JournalFolder folder;
    private readonly SegmentList segments;
    private readonly AppendQueue queue;
    private readonly HeadSignal head;
    private readonly DiskGuard disk;
    private readonly Damage damage;
    private readonly JournalWriter writer;
    private readonly IJournalFiles files;
    private volatile IReadOnlyList<(long Last, long First)> jumps;

    private SegmentJournal(JournalFolder folder, RecoveredJournal recovered, JournalOptions options, IJournalFiles files, DiskGuard disk, Damage damage, TimeProvider time, ILogger log)
    {
        Epoch = recovered.Epoch;
        segments = recovered.Segments;
        queue = new AppendQueue(options.QueueCount, options.QueueBytes);
        head = new HeadSignal(recovered.Head);
        (this.folder, this.disk, this.damage, this.files) = (folder, disk, damage, files);
        jumps = NumberJumps.Read(folder.Path);
        var factory = new SegmentFactory(folder.Path, Epoch, options, files, time);
        writer = new JournalWriter(recovered, options, factory, queue, head, disk, files, time, log);
        writer.SweepWanted = () => SweepWanted?.Invoke();
    }

    public Guid Epoch { get; }

    public Position Head => new(Epoch, head.Number);

    public long FirstNumber
    {
        get
        {
            foreach (var segment in segments.All)
                if (segment.LastNumber >= segment.FirstNumber) return segment.FirstNumber;
            return head.Number + 1;
        }
    }

    /// <summary>Called when retention should look at once: a segment became full, or room ran out.</summary>
    internal Action? SweepWanted { get; set; }

    internal SegmentList Segments => segments;

    internal DiskGuard Disk => disk;

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
            var journal = new SegmentJournal(taken, recovered, options, files, guard, damaged, time, log);
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

    public async IAsyncEnumerable<JournalRecord> ReadAsync(long after, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var cursor = new SegmentCursor(segments, damage.Record);
        var next = after + 1;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var through = head.Number;
            while (next <= through && cursor.Read(next, through) is { } record)
            {
                next = record.Number + 1;
                yield return record;
                cancel.ThrowIfCancellationRequested();
            }

            // All up to the head is read or gone.
            next = Math.Max(next, through + 1);
            await head.BeyondAsync(through, cancel);
        }
    }

    public JournalRecord? Find(long number)
    {
        if (number < 1 || number > head.Number || segments.Holding(number) is not { } segment || segment.FirstNumber > number) return null;
        try
        {
            using var handle = segment.OpenToRead();
            if (!segment.Index.IsBuilt) BuildIndex(segment, handle);
            var place = segment.Index.Before(number);
            using var walk = new SegmentWalk(segment, handle, place.Offset, Math.Max(place.Number, segment.FirstNumber) - 1, offset => damage.Record(segment, offset));
            while (walk.MoveNext(segment.End, Math.Min(number, segment.LastNumber)))
            {
                if (walk.Header.Number == number) return walk.ReadPayload() is { } payload ? walk.Header.ToRecord(payload) : null;
            }
        }
        catch (IOException)
        {
            // Retention has just taken the file, or the disk cannot read it: gone either way.
        }

        return null;
    }

    public long CountBetween(long after, long through) => NumberJumps.Count(jumps, after, through);

    public JournalStatus Status()
    {
        var all = segments.All;
        var hasRoom = disk.HasRoom;
        return new JournalStatus(
            Epoch, FirstNumber, head.Number, all.Count, all.Sum(segment => segment.FileBytes), disk.Space.FreeBytes,
            all.Select(segment => segment.FirstReceivedAt()).FirstOrDefault(time => time is not null), queue.Count, damage.Records, damage.Segments,
            hasRoom && writer.Refusal is null, writer.Refusal ?? (hasRoom ? null : JournalWriter.NearlyFull))
        {
            Records = CountBetween(FirstNumber - 1, head.Number),
        };
    }

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

    private void BuildIndex(Segment segment, Microsoft.Win32.SafeHandles.SafeFileHandle handle)
    {
        using var walk = new SegmentWalk(segment, handle, SegmentHeader.Size, segment.FirstNumber - 1, offset => damage.Record(segment, offset), SegmentWalk.ForHeaders);
        while (walk.MoveNext(segment.End, segment.LastNumber)) segment.Index.Add(walk.Header.Number, walk.Offset);
        segment.Index.IsBuilt = true;
    }
}
