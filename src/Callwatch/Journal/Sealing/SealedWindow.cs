using Callwatch.Journal.Segments;
using Callwatch.Spans;
using Microsoft.Win32.SafeHandles;

namespace Callwatch.Journal.Sealing;

/// <summary>A stretch of numbers that has been sealed: one file for each tenant that still has records in it.</summary>
internal sealed class SealedWindow : JournalPart
{
    private readonly FrameCache cache;
    private volatile SealedFile[] files;

    /// <param name="files">All of one window; at least one.</param>
    public SealedWindow(IReadOnlyList<SealedFile> files, FrameCache cache)
    {
        this.files = [.. files.OrderBy(file => file.TenantId)];
        this.cache = cache;
        var header = files[0].Header;
        (FirstNumber, LastNumber, NumberBefore) = (header.FirstNumber, header.LastNumber, header.NumberBefore);
    }

    public IReadOnlyList<SealedFile> Files => files;

    /// <summary>
    /// Originals that could not be deleted, or whose deletion is not yet on disk. While there are any, no file of the window may go: a start would take
    /// the originals for what counts. Under <see cref="SegmentJournal.Structure"/>.
    /// </summary>
    public List<string> Leftovers { get; } = [];

    public override long FirstNumber { get; }

    public override long LastNumber { get; }

    public override long NumberBefore { get; }

    public override bool IsFull => true;

    public override long SizeBytes => files.Sum(file => file.FileBytes);

    public override int FileCount => files.Length;

    public override string Name => files is [var first, ..] ? first.Path : "";

    /// <summary>Whether neither retention nor damage has taken anything of it yet.</summary>
    public bool IsComplete => files is [var first, ..] && files.Length == first.Header.Files && Array.TrueForAll(files, file => file.Generation == 0);

    public long PayloadBytes => files.Sum(file => file.Header.PayloadBytes);

    public override Timestamp? FirstReceivedAt() => files.Length == 0 ? null : new Timestamp(files.Min(file => file.Header.Oldest.UnixNanoseconds));

    public override IPartReader OpenReader(long from, Damage damage) => new SealedReader(this, files, from, damage);

    public override JournalRecord? Find(long number, ReadOnlySpan<int> offsets, Damage damage)
    {
        foreach (var file in files)
        {
            using var handle = file.OpenToRead();
            var directory = file.Directory(handle, damage);
            if (directory.HeadOf(number) is not { } entry || Frame(file, handle, entry, damage) is not { } heads) continue;
            var walk = new HeadWalk(heads, entry.First);
            while (walk.MoveNext() && walk.Header.Number <= number)
                if (walk.Header.Number == number) return Assemble(file, directory, handle, walk, offsets, damage);
        }

        return null;
    }

    /// <summary>A record and those of its tenant behind it, with so many bytes; empty when it is not there or damaged.</summary>
    /// <param name="memory">Gives memory that the payloads are put into as far as it reaches; null: each has its own.</param>
    /// <exception cref="FileNotFoundException">Retention has taken a file.</exception>
    public IReadOnlyList<JournalRecord> FindOn(long number, int tenantId, long mostBytes, Func<byte[]>? memory, Damage damage)
    {
        if (files.FirstOrDefault(file => file.TenantId == tenantId) is not { } own) return [];
        using var reader = new SealedReader(this, [own], number, damage, memory?.Invoke(), mostBytes);
        return reader.ReadChunk() is [var first, ..] chunk && first.Number == number ? chunk : [];
    }

    /// <summary>False when it certainly has no record of the tenant, or of the one app of it.</summary>
    public bool MayHold(int tenantId, int? appId, Damage damage)
    {
        if (files.FirstOrDefault(file => file.TenantId == tenantId) is not { } own) return false;
        if (appId is not { } app) return true;
        try
        {
            using var handle = own.OpenToRead();
            return own.Directory(handle, damage).Apps.Any(entry => entry.App == app);
        }
        catch (IOException)
        {
            // Replaced or taken this very moment, or unreadable: whoever asks for a record finds out.
            return true;
        }
    }

    /// <summary>Takes one file out, or puts its next generation in its place.</summary>
    public void Replace(SealedFile file, SealedFile? next) => files = [.. files.Where(other => other != file), .. next is null ? Array.Empty<SealedFile>() : [next]];

    private JournalRecord? Assemble(SealedFile file, SealedDirectory directory, SafeFileHandle handle, HeadWalk walk, ReadOnlySpan<int> offsets, Damage damage)
    {
        var payload = new byte[walk.Header.Length];
        var pieces = new List<PlacedPiece>();
        walk.Pieces(pieces, payload);
        for (var i = 0; i < pieces.Count; i++)
        {
            var piece = pieces[i];
            if (piece.IsItem && !offsets.IsEmpty && !IsWanted(pieces, i, offsets)) continue;
            if (!directory.Bodies.TryGetValue(piece.Frame, out var entry) || Frame(file, handle, entry, damage) is not { } body || piece.FrameOffset + piece.Length > body.Length)
            {
                damage.Lost(this, walk.Header.Number);
                return null;
            }

            body.AsSpan(piece.FrameOffset, piece.Length).CopyTo(payload.AsSpan(piece.At));
        }

        if (offsets.IsEmpty && Crc32C.Of(payload) != walk.Header.PayloadCrc)
        {
            damage.Lost(this, walk.Header.Number);
            return null;
        }

        return (walk.Header with { TenantId = file.TenantId }).ToRecord(payload);
    }

    /// <summary>Whether one of the places lies in the item that the piece belongs to.</summary>
    private static bool IsWanted(List<PlacedPiece> pieces, int at, ReadOnlySpan<int> offsets)
    {
        var (first, last) = (at, at);
        while (first > 0 && pieces[first].GoesOn) first--;
        while (last + 1 < pieces.Count && pieces[last + 1].GoesOn) last++;
        foreach (var offset in offsets)
            if (offset >= pieces[first].At && offset < pieces[last].At + pieces[last].Length) return true;
        return false;
    }

    private byte[]? Frame(SealedFile file, SafeFileHandle handle, in FrameEntry entry, Damage damage)
    {
        if (cache.Find(file, entry.At) is { } known) return known;
        if (file.Read(handle, entry, damage) is not { } bytes) return null;
        cache.Add(file, entry.At, bytes);
        return bytes;
    }
}
