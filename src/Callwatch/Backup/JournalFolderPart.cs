using Callwatch.Backup.Copying;
using Callwatch.Journal;
using Callwatch.Journal.Segments;
using Callwatch.Journal.Writing;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callwatch.Backup;

/// <summary>The journal: cursors first, then the segments up to the head as it is by then. What is not synced yet is not in it.</summary>
/// <param name="journal">Null where there is nothing to copy, only to look at.</param>
internal sealed class JournalFolderPart(SegmentJournal? journal, string data) : BackupPart
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

        First = journal!.FirstNumber;

        // In this order: nothing is sealed or removed meanwhile, so whatever is readable now lies in the files listed after it.
        var lengths = new Dictionary<string, long?>(StringComparer.Ordinal);
        foreach (var part in journal.Segments.All)
        {
            var last = part.LastNumber;
            if (part is Segment segment)
            {
                (var full, var end, last) = Extent(segment);
                lengths[segment.Path] = full ? null : end;
            }

            Head = Math.Max(Head, last >= part.FirstNumber ? last : part.NumberBefore);
        }

        First = Math.Min(First, Head + 1);
        foreach (var file in Directory.EnumerateFiles(folder).Where(IsKept).Order(StringComparer.Ordinal).ToList())
        {
            // A segment that was begun meanwhile holds nothing up to the head.
            if (Segment.NumberIn(file) is { } number && number > Head && !lengths.ContainsKey(file)) continue;
            if (!target.Copy(file, $"{Folder}/{Path.GetFileName(file)}", lengths.GetValueOrDefault(file), cancel) && lengths.ContainsKey(file)) throw new IOException($"{file} is gone");
        }

        return Task.CompletedTask;
    }

    public override IEnumerable<(string Reader, Position Place)> PlacesIn(string folder, bool inUse)
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

    private static bool IsKept(string file) => !file.EndsWith(".tmp", StringComparison.Ordinal) && Path.GetFileName(file) is not ("lock" or "ballast");

    private static FileCursors Open(string folder) => new(Cursors(folder), DiskFiles.Instance, new Counters(), NullLogger.Instance);

    private static string Cursors(string folder) => Path.Combine(folder, Folder, "cursors");
}
