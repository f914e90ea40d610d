using Callwatch.Backup.Copying;
using Callwatch.Journal;
using Callwatch.Journal.Segments;
using Callwatch.Journal.Writing;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callwatch.Backup;

/// <summary>The journal: cursors first, then the segments up to the head as it is by then. What is not synced yet is not in it.</summary>
/// <param name="journal">Null where there is nothing to copy, only to look at.</param>
internal sealed class JournalPart(SegmentJournal? journal, string data) : BackupPart
{
    public const string Folder = "journal";

    public override string Name => "journal";

    /// <summary>The last record copied; 0 when there is none.</summary>
    public long Head { get; private set; }

    /// <summary>The oldest record copied; head + 1 when there is none.</summary>
    public long First { get; private set; }

    public override Task CopyAsync(BackupTarget target, CancellationToken cancel)
    {
        var folder = Path.Combine(data, Folder);
        if (Directory.Exists(Cursors(data)))
        {
            foreach (var cursor in Directory.EnumerateFiles(Cursors(data), "*.cursor").Order(StringComparer.Ordinal))
                target.Copy(cursor, $"{Folder}/cursors/{Path.GetFileName(cursor)}", length: null, cancel);
        }

        foreach (var file in (string[])["epoch", NumberJumps.File]) target.Copy(Path.Combine(folder, file), $"{Folder}/{file}", length: null, cancel);
        First = journal!.FirstNumber;

        // In this order: whatever was readable a moment ago is in one of the segments of the list.
        var copied = new List<string>();
        foreach (var segment in journal.Segments.All)
        {
            var (full, end, last) = Extent(segment);
            if (!target.Copy(segment.Path, $"{Folder}/{Path.GetFileName(segment.Path)}", full ? null : end, cancel)) throw new IOException($"{segment.Path} is gone");
            copied.Add(Path.GetFileName(segment.Path));
            Head = Math.Max(Head, last >= segment.FirstNumber ? last : segment.Header.NumberBefore);
        }

        First = Math.Min(First, Head + 1);

        // What was set aside keeps its numbers from being given away again.
        foreach (var aside in Directory.EnumerateFiles(folder, "*.damaged").Order(StringComparer.Ordinal))
            target.Copy(aside, $"{Folder}/{Path.GetFileName(aside)}", length: null, cancel);
        return Task.CompletedTask;
    }

    public override IEnumerable<(string Reader, Position Place)> PlacesIn(string folder)
    {
        if (!Directory.Exists(Cursors(folder))) return [];
        using var cursors = Open(folder);
        return [.. cursors.All().Select(cursor => (cursor.Key, cursor.Value))];
    }

    public override void Move(string folder, Func<Position, bool> fits, Guid epoch)
    {
        if (!Directory.Exists(Cursors(folder))) return;
        using var cursors = Open(folder);
        foreach (var (reader, place) in cursors.All())
            if (fits(place)) cursors.TryAdvance(reader, place, place with { Epoch = epoch });
    }

    /// <summary>A full segment is whole and never changes again; of the one being written what is synced.</summary>
    private static (bool Full, long End, long Last) Extent(Segment segment)
    {
        while (true)
        {
            var full = segment.IsFull;
            var (last, end) = (segment.LastNumber, segment.End);
            if (last == segment.LastNumber) return (full, end, last);
        }
    }

    private static FileCursors Open(string folder) => new(Cursors(folder), DiskFiles.Instance, new Counters(), NullLogger.Instance);

    private static string Cursors(string folder) => Path.Combine(folder, Folder, "cursors");
}
