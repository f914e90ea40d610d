using Callwatch.Journal.Sealing;
using Callwatch.Journal.Segments;
using Callwatch.Journal.Writing;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging;

namespace Callwatch.Journal.Retention;

/// <summary>
/// First takes what is past its age, app by app where it is sealed; then, while the journal is too large or the disk short of room, the oldest,
/// even if a reader still needs it. What a reader loses that way is counted.
/// </summary>
internal sealed partial class RetentionSweep(
    SegmentJournal journal, JournalOptions options, ICursors cursors, IEnumerable<IJournalReader> readers, IJournalFiles files, TimeProvider time, Counters counters, ILogger log,
    DataHold? hold = null, KeepRules? rules = null, IEnumerable<IJournalUsers>? users = null)
{
    private readonly KeepRules keep = rules ?? KeepRules.Always(options);

    public void Run()
    {
        // A segment that has grown old without becoming full is ended, so that the next look can take it.
        journal.Nudge();
        journal.Gaps.Look();
        DeleteLeftovers();
        TakeOld();

        var disk = journal.Disk.LookAgain();
        if (disk.FreeBytes < journal.Disk.KeepFreeBytes(disk)) journal.Disk.ReleaseBallast();
        while (OldestFull() is { } part && (IsTooLarge() || IsShortOfRoom()) && Take(part, Reason.ExpiredByDisk))
        {
        }

        journal.Disk.RestoreBallast();
    }

    private void TakeOld()
    {
        var parts = journal.Segments.All;
        var shortest = time.GetUtcNow() - keep.Shortest();
        for (var i = 0; i + 1 < parts.Count; i++)
        {
            try
            {
                // When the one after it was begun, its last record had come.
                if (parts[i] is Segment { IsFull: true } segment && BeginOf(parts[i + 1]) is { } ended && ended < shortest) TakeOld(segment, ended);
                else if (parts[i] is SealedWindow window)
                    foreach (var file in window.Files)
                        if (file.Header.Oldest.ToDateTimeOffset() < shortest) TakeOld(window, file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // One that cannot be read, or has just been sealed, keeps no other from being taken.
                NotDeleted(log, parts[i].Name, e);
            }
        }
    }

    private void TakeOld(Segment segment, DateTimeOffset ended)
    {
        // A machine without a clock of its own may begin the next one in 1970, before this one: then its records say better when the last of them came.
        var now = time.GetUtcNow();
        if (ended < segment.Header.CreatedAt.ToDateTimeOffset() && segment.NewestReceivedAt().ToDateTimeOffset() is var newest && newest > ended && newest <= now) ended = newest;
        if (segment.Owners().All(owner => ended < now - keep.For(owner.Tenant, owner.App))) Take(segment, Reason.ExpiredByAge);
    }

    private static DateTimeOffset? BeginOf(JournalPart part) => part switch
    {
        Segment segment => segment.Header.CreatedAt.ToDateTimeOffset(),
        _ => part.FirstReceivedAt()?.ToDateTimeOffset(),
    };

    /// <summary>Apps past their age go; the whole file when none is left.</summary>
    private void TakeOld(SealedWindow window, SealedFile file)
    {
        if (window.Leftovers.Count > 0) return;
        IReadOnlyList<AppEntry> apps;
        using (var handle = file.OpenToRead()) apps = file.Directory(handle, journal.Damage).Apps;
        var now = time.GetUtcNow();
        var gone = apps.Where(app => app.Newest.ToDateTimeOffset() < now - keep.For(file.TenantId, app.App)).ToList();
        if (gone.Count == 0) return;
        using var leave = hold?.TryRemove();
        if (leave is null && hold is not null) return;
        SealedFile? rest = null;
        try
        {
            if (gone.Count < apps.Count) rest = new AppRemoval(files).Write(file, gone.Select(app => app.App).ToHashSet(), journal.Damage);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            // It stays as it is until the next sweep.
            NotDeleted(log, file.Path, e);
            return;
        }

        lock (journal.Structure)
        {
            if (!window.Files.Contains(file) || window.Leftovers.Count > 0)
            {
                if (rest is not null) Delete(rest.Path);
                return;
            }

            CountLost(window.FirstNumber, window.LastNumber, gone.Sum(app => (long)app.Records), Reason.ExpiredByAge);
            if (rest is null) journal.Gaps.Taking(window, file);
            window.Replace(file, rest);
            if (window.Files.Count == 0) journal.Segments.Remove(window);
            Delete(file.Path);
        }
    }

    /// <summary>The oldest part, if it is full and not the last.</summary>
    private JournalPart? OldestFull() => journal.Segments.All is [{ IsFull: true } part, _, ..] ? part : null;

    private bool IsTooLarge() => journal.Segments.All.Sum(part => part.SizeBytes) > (options.MaxBytes ?? journal.Disk.Space.PartOf(2));

    // A quarter more than what has to stay free, so that cleaning begins before senders are refused.
    private bool IsShortOfRoom()
    {
        var disk = journal.Disk.LookAgain();
        return disk.FreeBytes < journal.Disk.KeepFreeBytes(disk) * 5 / 4;
    }

    private bool Take(JournalPart part, Reason reason)
    {
        using var leave = hold?.TryRemove();
        if (leave is null && hold is not null)
        {
            // A backup copies: age and size can wait for it, a full disk cannot.
            if (reason == Reason.ExpiredByDisk && IsShortOfRoom()) hold.Break();
            return false;
        }

        lock (journal.Structure)
        {
            // Just sealed: the next look finds it in its new shape.
            if (!journal.Segments.All.Contains(part)) return true;
            if (part is SealedWindow { Leftovers.Count: > 0 }) return false;
            CountLost(part.FirstNumber, part.LastNumber, long.MaxValue, reason);
            journal.Gaps.Taking(part);
            journal.Segments.Remove(part);
            // What cannot be deleted is found again at the next start; taking more now would lose data and gain no room.
            return part is SealedWindow window ? window.Files.Aggregate(true, (fine, file) => Delete(file.Path) && fine) : Delete(((Segment)part).Path);
        }
    }

    private bool Delete(string path)
    {
        try
        {
            files.Delete(path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            NotDeleted(log, path, e);
            return false;
        }
    }

    /// <summary>Originals of sealed windows that the disk would not let go of before.</summary>
    private void DeleteLeftovers()
    {
        lock (journal.Structure)
        {
            foreach (var window in journal.Segments.All.OfType<SealedWindow>().Where(window => window.Leftovers.Count > 0))
            {
                if (!window.Leftovers.TrueForAll(path => !File.Exists(path) || Delete(path))) continue;
                files.SyncFolder(Path.GetDirectoryName(window.Leftovers[0])!);
                window.Leftovers.Clear();
            }
        }
    }

    /// <param name="records">At most so many of the numbers are taken: the others are another app's.</param>
    private void CountLost(long first, long last, long records, Reason reason)
    {
        var own = readers.Where(reader => reader.Place is not null).Select(reader => (reader.Name, reader.Place!.Value));
        foreach (var (name, place) in cursors.All().Select(cursor => (cursor.Key, cursor.Value)).Concat(own))
        {
            if (place.Epoch != journal.Epoch || place.Number >= last) continue;
            var lost = Math.Min(records, journal.CountBetween(Math.Max(place.Number, first - 1), last));
            counters.Add(reason, lost);
            journal.Losses.Add(name, reason == Reason.ExpiredByAge ? lost : 0, reason == Reason.ExpiredByDisk ? lost : 0);
            ReaderLost(log, name, lost, reason);
        }

        // Where only some apps go, lanes find out themselves what is theirs.
        if (records < long.MaxValue) return;
        foreach (var (name, lost) in (users ?? []).SelectMany(user => user.LossesOf(first, last)))
        {
            journal.Losses.Add(name, reason == Reason.ExpiredByAge ? lost : 0, reason == Reason.ExpiredByDisk ? lost : 0);
            UserLost(log, name, lost, reason);
        }
    }

    [LoggerMessage(EventId = 241, Level = LogLevel.Error, Message = "{Reader} had not yet read {Count} journal records that are now gone: {Reason}")]
    private static partial void ReaderLost(ILogger log, string reader, long count, Reason reason);

    [LoggerMessage(EventId = 245, Level = LogLevel.Error, Message = "{Reader} had not yet delivered {Count} traces whose journal records are now gone: {Reason}")]
    private static partial void UserLost(ILogger log, string reader, long count, Reason reason);

    [LoggerMessage(EventId = 242, Level = LogLevel.Error, Message = "{Path} is past its retention and could not be deleted")]
    private static partial void NotDeleted(ILogger log, string path, Exception reason);
}
