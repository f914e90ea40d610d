using Callwatch.Journal.Segments;
using Callwatch.Journal.Writing;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging;

namespace Callwatch.Journal.Retention;

/// <summary>
/// Takes whole full segments from the front: those past their age, then, while the journal is too large or the disk short of room, the oldest,
/// even if a reader still needs them. What a reader loses that way is counted.
/// </summary>
internal sealed partial class RetentionSweep(
    SegmentJournal journal, JournalOptions options, ICursors cursors, IEnumerable<IJournalReader> readers, IJournalFiles files, TimeProvider time, Counters counters, ILogger log, DataHold? hold = null)
{
    public void Run()
    {
        // A segment that has grown old without becoming full is ended, so that the next look can take it.
        journal.Nudge();
        var oldest = time.GetUtcNow() - options.MaxAge;
        while (FirstFull() is var (segment, next) && next.Header.CreatedAt.ToDateTimeOffset() < oldest && Take(segment, Reason.ExpiredByAge))
        {
        }

        var disk = journal.Disk.LookAgain();
        if (disk.FreeBytes < journal.Disk.KeepFreeBytes(disk)) journal.Disk.ReleaseBallast();
        while (FirstFull() is var (segment, _) && (IsTooLarge() || IsShortOfRoom()) && Take(segment, Reason.ExpiredByDisk))
        {
        }

        journal.Disk.RestoreBallast();
    }

    /// <summary>The oldest segment and the one after it, if the oldest is full.</summary>
    private (Segment Segment, Segment Next)? FirstFull() =>
        journal.Segments.All is [{ IsFull: true } segment, var next, ..] ? (segment, next) : null;

    private bool IsTooLarge() => journal.Segments.All.Sum(segment => segment.FileBytes) > (options.MaxBytes ?? journal.Disk.Space.TotalBytes / 2);

    // A quarter more than what has to stay free, so that cleaning begins before senders are refused.
    private bool IsShortOfRoom()
    {
        var disk = journal.Disk.LookAgain();
        return disk.FreeBytes < journal.Disk.KeepFreeBytes(disk) * 5 / 4;
    }

    private bool Take(Segment segment, Reason reason)
    {
        using var leave = hold?.TryRemove();
        if (leave is null && hold is not null)
        {
            // A backup copies: age can wait for it, a full disk cannot.
            if (reason == Reason.ExpiredByDisk) hold.Break();
            return false;
        }

        CountLost(segment, reason);
        journal.Segments.Remove(segment);
        try
        {
            files.Delete(segment.Path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is found again at the next start; taking more now would lose data and gain no room.
            NotDeleted(log, segment.Path, e);
            return false;
        }
    }

    private void CountLost(Segment segment, Reason reason)
    {
        var own = readers.Where(reader => reader.Place is not null).Select(reader => (reader.Name, reader.Place!.Value));
        foreach (var (name, place) in cursors.All().Select(cursor => (cursor.Key, cursor.Value)).Concat(own))
        {
            if (place.Epoch != journal.Epoch || place.Number >= segment.LastNumber) continue;
            var lost = segment.LastNumber - Math.Max(place.Number, segment.FirstNumber - 1);
            counters.Add(reason, lost);
            ReaderLost(log, name, lost, reason);
        }
    }

    [LoggerMessage(EventId = 241, Level = LogLevel.Error, Message = "{Reader} had not yet read {Count} journal records that are now gone: {Reason}")]
    private static partial void ReaderLost(ILogger log, string reader, long count, Reason reason);

    [LoggerMessage(EventId = 242, Level = LogLevel.Error, Message = "{Path} is past its retention and could not be deleted")]
    private static partial void NotDeleted(ILogger log, string path, Exception reason);
}
