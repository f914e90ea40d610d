using System.Globalization;
using Callwatch.Journal;
using Callwatch.Journal.Disk;
using Callwatch.Journal.Writing;
using Callwatch.Telemetry;

namespace Callwatch.Media;

/// <summary>
/// Takes media away that no journal record can refer to: last received before the oldest record that is still held. Whatever rule took the
/// records, age, size or the disk, media follow. While all media together are too large, or the disk is short of room, those unseen for longest go, and
/// the references to them say so.
/// </summary>
internal sealed class MediaSweep(
    MediaFolder folder, IJournal journal, MediaOptions options, JournalOptions journalOptions, IJournalFiles files, IDiskSpace space, TimeProvider time, Counters counters,
    DataHold? hold = null)
{
    // A mark says the day; and a request may be on its way to the journal while its media are on disk already.
    private static readonly TimeSpan Grace = TimeSpan.FromDays(1);

    /// <summary>A piece with its marks.</summary>
    private sealed class Piece
    {
        public long? Bytes { get; set; }

        public DateOnly WrittenOn { get; set; } = DateOnly.MinValue;

        public List<(string Path, int AppId, DateOnly Day)> Markers { get; } = [];

        /// <summary>A crash may have left it without a mark: then it was written when it came.</summary>
        public DateOnly LastSeen => Markers.Count == 0 ? WrittenOn : Markers.Max(marker => marker.Day);
    }

    /// <summary>Whether there is too much, as far as can be said without looking through the folder.</summary>
    public bool IsUrgent => folder.Count > 0 && Excess(folder.SizeBytes) > 0;

    public void Run()
    {
        var now = time.GetUtcNow();
        var oldest = journal.Status().OldestReceivedAt?.ToDateTimeOffset() ?? now;
        var before = DateOnly.FromDateTime(((oldest < now ? oldest : now) - Grace).UtcDateTime);
        var (pieces, sizeBytes) = (0L, 0L);
        var byDay = new SortedDictionary<DateOnly, long>();
        foreach (var (tenantId, hash, piece) in All())
        {
            if (Expire(tenantId, hash, piece, before, Reason.MediaExpiredByAge) || piece.Bytes is not { } size) continue;
            pieces++;
            sizeBytes += size;
            byDay[piece.LastSeen] = byDay.GetValueOrDefault(piece.LastSeen) + size;
        }

        folder.Counted(pieces, sizeBytes);
        if (Excess(sizeBytes) is > 0 and var excess) Relieve(byDay, excess);
    }

    /// <summary>Bytes that have to go; half as much free again as intake wants, so that media give way before the journal does.</summary>
    private long Excess(long sizeBytes)
    {
        var disk = space.Of(folder.Root);
        var keepFree = journalOptions.KeepFreeBytes(disk.TotalBytes);
        return Math.Max(sizeBytes - (options.MaxBytes ?? disk.PartOf(4)), (keepFree * 3 / 2) - disk.FreeBytes);
    }

    private void Relieve(SortedDictionary<DateOnly, long> byDay, long excess)
    {
        var through = DateOnly.MinValue;
        var sum = 0L;
        foreach (var (day, size) in byDay)
        {
            through = day;
            if ((sum += size) >= excess) break;
        }

        // The days before the last one as a whole; of the last one no more than is needed.
        foreach (var (tenantId, hash, piece) in All())
        {
            if (piece.Bytes is not { } size || piece.LastSeen >= through) continue;
            if (Expire(tenantId, hash, piece, piece.LastSeen.AddDays(1), Reason.MediaExpiredByDisk)) excess -= size;
        }

        foreach (var (tenantId, hash, piece) in All())
        {
            if (excess <= 0) return;
            if (piece.Bytes is not { } size || piece.LastSeen > through) continue;
            if (Expire(tenantId, hash, piece, piece.LastSeen.AddDays(1), Reason.MediaExpiredByDisk)) excess -= size;
        }
    }

    /// <summary>Takes the marks from before a day, and the piece itself when none is left; true when that was so.</summary>
    private bool Expire(int tenantId, MediaHash hash, Piece piece, DateOnly before, Reason reason)
    {
        if (piece.LastSeen >= before && piece.Markers.TrueForAll(marker => marker.Day >= before)) return false;
        var folderOfIt = MediaNames.Folder(folder.Root, tenantId, hash);
        using var leave = hold?.TryRemove();
        if (leave is null && hold is not null)
        {
            // A backup copies: age can wait for it, a full disk cannot.
            if (reason == Reason.MediaExpiredByDisk) hold.Break();
            return false;
        }

        return folder.Alone(hash, () =>
        {
            // Again, and now nobody changes it.
            var names = Directory.EnumerateFiles(folderOfIt, hash + "*").ToList();
            if (Read(names) is not [var (_, now)]) return true;
            var whole = now.LastSeen < before;
            if (whole)
            {
                // The piece first: marks without one are nothing, one without marks would be anybody's.
                folder.Forget(tenantId, hash, now.Markers.Select(marker => marker.AppId));
                if (now.Bytes is { } size)
                {
                    files.Delete(Path.Combine(folderOfIt, hash.ToString()));
                    folder.Gone(size);
                    counters.Add(reason, tenantId: tenantId);
                }
            }

            foreach (var marker in now.Markers)
            {
                if (marker.Day >= before) continue;
                folder.Forget(tenantId, hash, [marker.AppId]);
                files.Delete(marker.Path);
            }

            return whole;
        });
    }

    // One folder at a time: a tenant's pieces lie in 256 of them.
    private IEnumerable<(int TenantId, MediaHash Hash, Piece Piece)> All()
    {
        foreach (var tenant in Directory.EnumerateDirectories(folder.Root))
        {
            if (!int.TryParse(Path.GetFileName(tenant), NumberStyles.None, CultureInfo.InvariantCulture, out var tenantId)) continue;
            foreach (var part in Directory.EnumerateDirectories(tenant))
                foreach (var (hash, piece) in Read(Directory.EnumerateFiles(part))) yield return (tenantId, hash, piece);
        }
    }

    private static List<(MediaHash Hash, Piece Piece)> Read(IEnumerable<string> paths)
    {
        var pieces = new Dictionary<MediaHash, Piece>();
        foreach (var path in paths)
        {
            if (!MediaNames.TryRead(Path.GetFileName(path.AsSpan()), out var hash, out var marker)) continue;
            if (!pieces.TryGetValue(hash, out var piece)) pieces[hash] = piece = new Piece();
            if (marker is var (appId, day))
            {
                piece.Markers.Add((path, appId, day));
            }
            else if (new FileInfo(path) is { Exists: true } file)
            {
                piece.Bytes = file.Length;
                piece.WrittenOn = DateOnly.FromDateTime(file.LastWriteTimeUtc);
            }
        }

        return [.. pieces.Select(pair => (pair.Key, pair.Value))];
    }
}
