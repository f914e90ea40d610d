using System.Text;
using Callwatch.Journal;
using Callwatch.Journal.Segments;
using Callwatch.Journal.Writing;
using Callwatch.Spans;

namespace Callwatch.Backup.Restoring;

/// <summary>
/// Begins a new epoch in a restored folder. The manifest proves that places of its epoch up to its head belong to the journal beside them:
/// they go along at the same number. Every other place stays what it is, and its reader stops and asks.
/// </summary>
internal static class NewEpoch
{
    public static Guid Begin(string data, BackupManifest manifest, TimeProvider time)
    {
        var (epoch, folder) = (Guid.NewGuid(), Path.Combine(data, JournalFolderPart.Folder));
        var parts = Backups.PartsOf(data, new JournalFolderPart(null, data), writer: null);
        var places = parts.SelectMany(part => part.PlacesIn(data)).ToList();

        // Whatever came after the backup and is lost had numbers too, and somebody may still know them.
        var highest = places.Select(place => place.Place.Number).Append(manifest.Head).Concat(Directory.EnumerateFiles(folder).Select(file => Segment.NumberIn(file) ?? 0)).Max();
        var first = NumberJumps.Behind(highest);
        foreach (var part in parts) part.Move(data, place => place.Epoch == manifest.Epoch && place.Number <= manifest.Head, epoch);
        NumberJumps.Write(folder, NumberJumps.Read(folder).Where(jump => jump.First < first).Append((manifest.Head, first)), DiskFiles.Instance);
        WriteSegment(folder, epoch, manifest.Head, first, time);
        Folders.WriteWhole(Path.Combine(folder, "epoch"), Encoding.ASCII.GetBytes(epoch + "\n"));
        return epoch;
    }

    // Empty, and the newest: the journal goes on in it, and what earlier ones hold beyond the head of the backup is not read.
    private static void WriteSegment(string folder, Guid epoch, long head, long first, TimeProvider time)
    {
        var bytes = new byte[SegmentHeader.Size];
        new SegmentHeader
        {
            Epoch = epoch,
            FirstNumber = first,
            NumberBefore = head,
            CreatedAt = Timestamp.From(time.GetUtcNow()),
            Mark = SegmentFactory.NewMark(),
        }.Write(bytes);
        Folders.WriteWhole(Path.Combine(folder, Segment.FileName(first)), bytes);
    }
}
