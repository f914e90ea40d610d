using Callwatch.Journal.Sealing;
using Callwatch.Journal.Segments;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging;

namespace Callwatch.Journal.Writing;

/// <summary>A journal as found on disk.</summary>
/// <param name="Open">The last segment, to be gone on with; null when a new one has to be begun.</param>
/// <param name="NextNumber">Higher than any number that may ever have been given away.</param>
internal sealed record RecoveredJournal(Guid Epoch, SegmentList Segments, FrameCache Frames, (Segment Segment, IJournalFile File)? Open, long Head, long NextNumber);

/// <summary>
/// Opens what an earlier run left, however it ended: cuts off what the last write did not finish, sets damaged files aside, and makes sure
/// that all it lets readers see is on the disk itself and not only in the system's memory.
/// </summary>
internal sealed partial class Recovery(JournalFolder folder, JournalOptions options, IJournalFiles files, Damage damage, Counters counters, ILogger log)
{
    public RecoveredJournal Run()
    {
        folder.RemoveUnfinished();
        var isNew = folder.IsNew();
        var frames = new FrameCache(options.SealedCacheBytes);
        var windows = new SealedRecovery(folder, files, damage, frames, log).Run();
        var (paths, setAside) = folder.List();
        var segments = new List<JournalPart>(windows);
        foreach (var path in paths)
        {
            if (ReadHeader(path) is { } header) segments.Add(new Segment(path, header) { FileBytes = new FileInfo(path).Length });
            else setAside.Add(SetAside(path));
        }

        segments.Sort(static (a, b) => a.FirstNumber.CompareTo(b.FirstNumber));

        // A number whose file was set aside behind the newest readable one must not be given away again: then a new file begins.
        var nextNumber = setAside.Where(path => segments.Count == 0 || Segment.NumberIn(path) > segments[^1].FirstNumber).Select(NumberBehind).Append(0).Max();
        nextNumber = Math.Max(nextNumber, SealedRecovery.NumberBehindSetAside(folder.Path, segments.Count == 0 ? 0 : segments[^1].FirstNumber));
        var epoch = EpochOf(segments, isNew);
        if (segments.Count == 0) return new RecoveredJournal(epoch, new SegmentList([]), frames, null, Math.Max(nextNumber - 1, 0), Math.Max(nextNumber, 1));

        for (var i = 0; i + 1 < segments.Count; i++)
        {
            if (segments[i] is not Segment segment) continue;
            var last = Math.Min(segments[i + 1].NumberBefore, segments[i + 1].FirstNumber - 1);
            segment.Publish(segment.FileBytes, Math.Max(last, segment.FirstNumber - 1));
            segment.Close();
        }

        // Only the last segment as it was written can be gone on with.
        if (segments[^1] is not Segment newest) return new RecoveredJournal(epoch, new SegmentList(segments), frames, null, segments[^1].LastNumber, Math.Max(nextNumber, segments[^1].LastNumber + 1));
        var (end, highest) = Scan(newest);
        var head = newest.LastNumber >= newest.FirstNumber ? newest.LastNumber : newest.Header.NumberBefore;
        var open = nextNumber > 0 ? null : GoOnWith(newest, end);
        if (open is null) newest.Close();
        return new RecoveredJournal(epoch, new SegmentList(segments), frames, open is null ? null : (newest, open), head, Math.Max(nextNumber, Math.Max(highest, head) + 1));
    }

    private Guid EpochOf(List<JournalPart> segments, bool isNew)
    {
        // An epoch without any segment says nothing: its numbers would begin again.
        if (!isNew && folder.ReadEpoch() is { } kept) return kept;
        var written = segments.Select(part => part is Segment segment ? segment.Header.Epoch : ((SealedWindow)part).Files[0].Header.Epoch).LastOrDefault(Guid.Empty);
        var epoch = written != Guid.Empty ? written : Guid.NewGuid();
        folder.WriteEpoch(epoch, files);
        return epoch;
    }

    private SegmentHeader? ReadHeader(string path)
    {
        Span<byte> bytes = stackalloc byte[SegmentHeader.Size + RecordHeader.Size];
        bytes.Clear();
        try
        {
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            _ = RandomAccess.Read(handle, bytes, 0);
        }
        catch (IOException e)
        {
            Unreadable(log, path, e);
            return null;
        }

        var number = Segment.NumberIn(path)!.Value;
        if (SegmentHeader.TryRead(bytes, out var header))
        {
            if (header.Version > SegmentHeader.CurrentVersion)
                throw new StartRefusedException(new StartRefusal.DataNewer(folder.Path, "journal", header.Version, SegmentHeader.CurrentVersion));
            return header.FirstNumber == number ? header : null;
        }

        // The mark of the first record is enough to read the rest.
        var record = bytes[SegmentHeader.Size..];
        var mark = BitConverter.ToUInt64(record);
        if (mark == 0 || !RecordHeader.TryRead(record, mark, out var first) || first.Number < number) return null;
        HeaderMended(log, path);
        return new SegmentHeader { Epoch = Guid.Empty, FirstNumber = number, NumberBefore = number - 1, CreatedAt = first.ReceivedAt, Mark = mark };
    }

    /// <summary>Renames a file nobody can read, so that it is kept for a person to look at.</summary>
    private string SetAside(string path)
    {
        damage.Segment(path, Segment.NumberIn(path)!.Value, 0);
        WasSetAside(log, path);
        var aside = Path.ChangeExtension(path, Segment.SetAsideEnding);
        try
        {
            files.Rename(path, aside);
            return aside;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Unreadable(log, path, e);
            return path;
        }
    }

    /// <summary>The first number that is surely not in the file.</summary>
    private static long NumberBehind(string path) => Segment.NumberIn(path)!.Value + (new FileInfo(path).Length / RecordHeader.Size) + 1;

    /// <summary>Walks the newest segment whole; returns where its intact part ends and the highest number seen anywhere in it.</summary>
    private (long End, long Highest) Scan(Segment segment)
    {
        var (end, highest) = ((long)SegmentHeader.Size, segment.FirstNumber - 1);
        var places = new List<long>();
        try
        {
            using var handle = segment.OpenToRead();
            using var walk = new SegmentWalk(segment, handle, SegmentHeader.Size, segment.FirstNumber - 1, places.Add);
            while (walk.MoveNext(segment.FileBytes, long.MaxValue))
            {
                highest = walk.Header.Number;
                if (!walk.PayloadIsIntact()) continue;
                end = walk.Next;
                segment.Publish(end, walk.Header.Number);
                segment.Index.Add(walk.Header.Number, walk.Offset);
            }

            // A header that was written before its payload was: cut off, but its number has been given away.
            foreach (var place in places.Where(place => place >= end)) highest = Math.Max(highest, HighestIn(handle, segment, place));
        }
        catch (IOException e)
        {
            // Whatever numbers lie in the part that cannot be read have been given away.
            highest = NumberBehind(segment.Path) - 1;
            Unreadable(log, segment.Path, e);
        }

        // Damage behind the last intact record is the unfinished last write; before it, something was lost.
        foreach (var place in places.Where(place => place < end)) damage.Record(segment, place);
        segment.Index.IsBuilt = true;
        return (end, highest);
    }

    private static long HighestIn(Microsoft.Win32.SafeHandles.SafeFileHandle handle, Segment segment, long place)
    {
        Span<byte> bytes = stackalloc byte[RecordHeader.Size];
        return RandomAccess.Read(handle, bytes, place) == bytes.Length && RecordHeader.TryRead(bytes, segment.Header.Mark, out var header) ? header.Number : 0;
    }

    private IJournalFile? GoOnWith(Segment segment, long end)
    {
        IJournalFile? file = null;
        try
        {
            file = files.Open(segment.Path);
            if (!IsClean(segment, end))
            {
                counters.Add(Reason.TornTail);
                TailCut(log, segment.Path, end);
                // Cut, not overwritten: an unfinished record must never show up again behind shorter ones.
                file.Truncate(end);
            }

            file.Reserve(Math.Max(options.SegmentBytes, end));
            file.Sync();
            segment.FileBytes = new FileInfo(segment.Path).Length;
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Reading goes on; the writer begins a new file as soon as the disk lets it.
            Unreadable(log, segment.Path, e);
            file?.Dispose();
            return null;
        }
    }

    private static bool IsClean(Segment segment, long end)
    {
        using var handle = segment.OpenToRead();
        var buffer = new byte[256 * 1024];
        for (var offset = end; ;)
        {
            var read = RandomAccess.Read(handle, buffer, offset);
            if (read == 0) return true;
            if (buffer.AsSpan(0, read).ContainsAnyExcept((byte)0)) return false;
            offset += read;
        }
    }

    [LoggerMessage(EventId = 211, Level = LogLevel.Warning, Message = "{Path}: the last write was not finished; cut at {Offset}")]
    private static partial void TailCut(ILogger log, string path, long offset);

    [LoggerMessage(EventId = 212, Level = LogLevel.Error, Message = "{Path} is damaged and was set aside")]
    private static partial void WasSetAside(ILogger log, string path);

    [LoggerMessage(EventId = 213, Level = LogLevel.Warning, Message = "{Path}: the damaged header was made good from its records")]
    private static partial void HeaderMended(ILogger log, string path);

    [LoggerMessage(EventId = 214, Level = LogLevel.Error, Message = "{Path} cannot be used")]
    private static partial void Unreadable(ILogger log, string path, Exception reason);
}
