using Callwatch.Journal.Disk;
using Callwatch.Journal.Segments;
using Microsoft.Extensions.Logging;

namespace Callwatch.Journal.Writing;

/// <summary>
/// The one thread that writes: takes all that waits, appends it, syncs once and answers everyone. After a failed write or sync the file is left
/// as it stands and never trusted beyond its last good sync; the next attempt begins a new one.
/// </summary>
internal sealed partial class JournalWriter : IDisposable
{
    public const string NearlyFull = "The disk is nearly full; nothing is accepted until there is room again.";

    private const string FolderGone = "The journal's folder is not there any more: is its disk mounted?";

    public const string Stopping = "The server is stopping.";

    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Guid epoch;
    private readonly JournalOptions options;
    private readonly SegmentList segments;
    private readonly SegmentFactory factory;
    private readonly AppendQueue queue;
    private readonly HeadSignal head;
    private readonly DiskGuard disk;
    private readonly IJournalFiles files;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly ITimer retry;
    private readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<PendingAppend> group = [];
    private readonly List<ReadOnlyMemory<byte>> parts = [];
    private Thread? thread;
    private OpenSegment? open;
    private long nextNumber;
    private long raisedTo;
    private volatile string? refusal;
    private volatile bool retryDue;

    public JournalWriter(RecoveredJournal recovered, JournalOptions options, SegmentFactory factory, AppendQueue queue, HeadSignal head, DiskGuard disk, IJournalFiles files, TimeProvider time, ILogger log)
    {
        (epoch, segments, nextNumber) = (recovered.Epoch, recovered.Segments, recovered.NextNumber);
        open = recovered.Open is { } last ? new OpenSegment(last.Segment, last.File) : null;
        (this.options, this.factory, this.queue, this.head, this.disk, this.files, this.time, this.log) = (options, factory, queue, head, disk, files, time, log);
        // While it refuses, the writer looks by itself whether it can go on: without senders nothing else would ask.
        retry = time.CreateTimer(_ => Retry(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Called when a segment has become full or room has run out: retention should look.</summary>
    public Action? SweepWanted { get; set; }

    /// <summary>Why nothing is accepted at present; null when it is.</summary>
    public string? Refusal => refusal;

    /// <summary>Completes when all that was let in has been answered.</summary>
    public Task Stopped => stopped.Task;

    /// <summary>The number that the next record gets at least.</summary>
    public long NextNumber => Math.Max(Volatile.Read(ref nextNumber), Volatile.Read(ref raisedTo));

    /// <summary>From now on only numbers from this one on are given away.</summary>
    public void RaiseTo(long number) => Volatile.Write(ref raisedTo, number);

    public void Start()
    {
        try
        {
            // At once, not with the first sender: an epoch without a segment would not survive a restart.
            if (open is null) Roll(0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            WriteFailed(log, e);
            Refuse(WhyOf(e));
        }

        thread = new Thread(Run) { IsBackground = true, Name = "journal" };
        thread.Start();
    }

    /// <summary>Blocks until <see cref="Stopped"/>.</summary>
    public void Join() => thread?.Join();

    public void Dispose()
    {
        retry.Dispose();
        factory.Dispose();
        open?.File.Dispose();
    }

    private void Run()
    {
        while (queue.Take(group, options.GroupBytes))
        {
            Commit();
            queue.Release(group);
            group.Clear();
        }

        stopped.SetResult();
    }

    private void Commit()
    {
        try
        {
            if (refusal is null || retryDue) TryCommit();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Tried again every second: the log says once what is wrong.
            if (refusal != WhyOf(e)) WriteFailed(log, e);
            Abandon();
            Refuse(WhyOf(e));
        }

        // Those that were stored have their answer already.
        foreach (var append in group) append.Complete(new AppendResult.Unavailable(refusal ?? Stopping, RetryAfter));
    }

    private void TryCommit()
    {
        retryDue = false;
        if (!disk.HasRoom)
        {
            Refuse(NearlyFull);
            return;
        }

        if (group.Count == 0) LookAround();
        Write();
        if (refusal is not null && open is not null) AcceptAgain();
    }

    private void Write()
    {
        var from = 0;
        while (from < group.Count)
        {
            if (open is null || !open.HasRoomFor(group[from].Bytes) || IsOld(open) || HasVanished(open)) Roll(group[from].Bytes);
            var through = from;
            long bytes = 0;
            while (through < group.Count && open!.HasRoomFor(bytes + group[through].Bytes)) bytes += group[through++].Bytes;
            WriteAndSync(from, through, bytes);
            for (; from < through; from++)
                group[from].Complete(new AppendResult.Stored(new Position(epoch, group[from].FirstNumber)));
        }
    }

    private void WriteAndSync(int from, int through, long bytes)
    {
        var (segment, file) = (open!.Segment, open.File);
        nextNumber = NextNumber;
        var count = 0;
        for (var i = from; i < through; i++) count += group[i].Entries.Count;
        var headers = new byte[count * RecordHeader.Size];
        var (used, offset) = (0, open.End);
        var places = new List<(long Number, long Offset)>();
        parts.Clear();
        for (var i = from; i < through; i++)
        {
            group[i].FirstNumber = nextNumber;
            for (var k = 0; k < group[i].Entries.Count; k++)
            {
                var entry = group[i].Entries[k];
                var header = headers.AsMemory(used, RecordHeader.Size);
                RecordHeader.Of(nextNumber, entry, group[i].PayloadCrcs[k]).Write(header.Span, segment.Header.Mark);
                parts.Add(header);
                if (!entry.Payload.IsEmpty) parts.Add(entry.Payload);
                places.Add((nextNumber, offset));
                offset += RecordHeader.Size + entry.Payload.Length;
                used += RecordHeader.Size;
                // Given away for good, whether the write succeeds or not: a number never stands for two records.
                nextNumber++;
            }
        }

        file.Write(parts, open.End);
        file.Sync();
        open.End += bytes;
        foreach (var (number, place) in places) segment.Index.Add(number, place);
        segment.Publish(open.End, nextNumber - 1);
        head.Publish(nextNumber - 1);
        if (open.End > segment.FileBytes / 4) factory.Prepare();
    }

    private void Roll(long bytes)
    {
        Finish();
        // Nothing of the journal is left where it was: a disk that is not mounted any more, and what is in its place is not the journal's.
        if (!files.Exists(Path.Combine(factory.Folder, JournalFolder.EpochName)) && !segments.All.Any(part => files.Exists(part.Name))) throw new IOException(FolderGone);
        var (segment, file) = factory.Create(nextNumber, head.Number, bytes);
        open = new OpenSegment(segment, file);
        segments.Add(segment);
    }

    /// <summary>Closes the open segment and gives back the room it did not use.</summary>
    private void Finish()
    {
        if (open is null) return;
        var (segment, file) = (open.Segment, open.File);
        open = null;
        try
        {
            file.Truncate(segment.End);
            segment.FileBytes = segment.End;
        }
        catch (IOException e)
        {
            // The records are synced; only room is lost.
            WriteFailed(log, e);
        }

        file.Dispose();
        segment.Close();
        SweepWanted?.Invoke();
    }

    /// <summary>After a failed write or sync: cuts off what was not synced, as far as the disk still lets us, and never writes to the file again.</summary>
    private void Abandon()
    {
        var abandoned = open?.Segment;
        Finish();
        if (abandoned is null || abandoned.LastNumber >= abandoned.FirstNumber) return;
        segments.Remove(abandoned);
        try
        {
            files.Delete(abandoned.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            WriteFailed(log, e);
        }
    }

    /// <summary>Without a sender: finds out whether the disk takes writes again, and ends a segment that has grown old.</summary>
    private void LookAround()
    {
        if (open is not null && HasVanished(open))
        {
            Roll(0);
            return;
        }

        if (open is null || (IsOld(open) && open.Segment.LastNumber >= open.Segment.FirstNumber)) Roll(0);
    }

    // Also one that a clock far ahead has begun, and then was put right: its age would begin years later, and that of all in it.
    private bool IsOld(OpenSegment segment) =>
        segment.End > SegmentHeader.Size && (time.GetUtcNow() - segment.Segment.Header.CreatedAt.ToDateTimeOffset()).Duration() > options.SegmentAge;

    // Somebody has deleted it: what is written into it now would be gone with the process.
    private bool HasVanished(OpenSegment segment)
    {
        if (files.Exists(segment.Segment.Path)) return false;
        Vanished(log, segment.Segment.Path);
        return true;
    }

    private void Retry()
    {
        retryDue = true;
        queue.Nudge();
    }

    private void Refuse(string why)
    {
        if (refusal is null) Refusing(log, why);
        refusal = why;
        retry.Change(RetryAfter, Timeout.InfiniteTimeSpan);
        SweepWanted?.Invoke();
    }

    private void AcceptAgain()
    {
        refusal = null;
        Accepting(log);
    }

    // ENOSPC, EDQUOT, EFBIG, and the full disk of Windows.
    private static string WhyOf(Exception e) => e.Message == FolderGone ? FolderGone : (e.HResult & 0xFFFF) is 28 or 122 or 27 or 112 ? "The disk has no room left." : "The disk refuses to write.";

    [LoggerMessage(EventId = 201, Level = LogLevel.Error, Message = "The journal could not write")]
    private static partial void WriteFailed(ILogger log, Exception reason);

    [LoggerMessage(EventId = 202, Level = LogLevel.Error, Message = "The journal accepts nothing: {Why}")]
    private static partial void Refusing(ILogger log, string why);

    [LoggerMessage(EventId = 276, Level = LogLevel.Error, Message = "{Path}, which was being written, has vanished; a new one is begun")]
    private static partial void Vanished(ILogger log, string path);

    [LoggerMessage(EventId = 203, Level = LogLevel.Warning, Message = "The journal accepts again")]
    private static partial void Accepting(ILogger log);

    private sealed class OpenSegment(Segment segment, IJournalFile file)
    {
        public Segment Segment { get; } = segment;

        public IJournalFile File { get; } = file;

        public long End { get; set; } = segment.End;

        public bool HasRoomFor(long bytes) => End + bytes <= Segment.FileBytes;
    }
}
