using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using Callwatch.Journal.Segments;
using Microsoft.Win32.SafeHandles;

namespace Callwatch.Journal.Sealing;

/// <summary>One sealed file: the records of one tenant in one window. Never changed once it has its name; a later generation takes its place.</summary>
internal sealed class SealedFile(string path, SealedHeader header, long fileBytes)
{
    public const string Ending = ".sealed";

    private readonly Lock gate = new();
    private readonly HashSet<long> damagedAt = [];
    private WeakReference<SealedDirectory>? directory;

    public string Path { get; } = path;

    public SealedHeader Header { get; } = header;

    public long FileBytes { get; } = fileBytes;

    public int TenantId => Header.TenantId;

    public int Generation => NameParts(Path)?.Generation ?? 0;

    public static string FileName(long firstNumber, int tenant, int generation) =>
        string.Create(CultureInfo.InvariantCulture, $"{firstNumber:D20}.t{tenant}.g{generation}{Ending}");

    /// <summary>What a sealed file's name says, also of one set aside; null for other files.</summary>
    public static (long First, int Tenant, int Generation)? NameParts(string path)
    {
        var parts = System.IO.Path.GetFileName(path).Split('.');
        return parts is [{ Length: 20 } first, ['t', .. var tenant], ['g', .. var generation], "sealed", ..]
            && long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            && int.TryParse(tenant, NumberStyles.None, CultureInfo.InvariantCulture, out var tenantId)
            && int.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? (number, tenantId, count) : null;
    }

    /// <summary>Reads the header, or the copy of it at the end; null when both are damaged.</summary>
    public static SealedFile? Open(string path, out bool headerWasDamaged)
    {
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var length = RandomAccess.GetLength(handle);
        Span<byte> bytes = stackalloc byte[SealedHeader.Size];
        var read = RandomAccess.Read(handle, bytes, 0);
        var header = SealedHeader.Read(bytes[..read]);
        headerWasDamaged = header is null;
        if (header is null && length > SealedHeader.Size)
        {
            read = RandomAccess.Read(handle, bytes, length - SealedHeader.Size);
            header = SealedHeader.Read(bytes[..read]);
        }

        return header is null ? null : new SealedFile(path, header, length);
    }

    public SafeFileHandle OpenToRead() => File.OpenHandle(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Kept only as long as there is memory for it.</summary>
    public SealedDirectory Directory(SafeFileHandle handle, Damage damage)
    {
        lock (gate)
        {
            if (directory is not null && directory.TryGetTarget(out var known)) return known;
            known = SealedDirectory.Read(handle, Header, FileBytes);
            if (known is null)
            {
                known = SealedDirectory.Rebuild(this, handle);
                if (damagedAt.Add(Header.DirectoryAt)) damage.Frame(Path, Header.DirectoryAt, Header.FirstNumber, Header.LastNumber, "the directory, made again from the frames");
            }

            directory = new WeakReference<SealedDirectory>(known);
            return known;
        }
    }

    /// <summary>A frame's bytes uncompressed; null when they are damaged, which is told once.</summary>
    public byte[]? Read(SafeFileHandle handle, in FrameEntry frame, Damage damage)
    {
        var raw = GC.AllocateUninitializedArray<byte>(frame.RawLength);
        return TryRead(handle, frame, raw, damage) ? raw : null;
    }

    /// <summary>The same into a buffer of exactly the length.</summary>
    public bool TryRead(SafeFileHandle handle, in FrameEntry frame, Span<byte> raw, Damage damage)
    {
        if (TryInflate(handle, frame, raw)) return true;
        if (!IsNewDamage(frame.At)) return false;
        var isHeads = frame.Kind == FrameKind.Heads;
        damage.Frame(
            Path, frame.At, isHeads ? frame.First : Header.FirstNumber, isHeads ? frame.Last : Header.LastNumber,
            isHeads ? "the heads of " + frame.Records.ToString(CultureInfo.InvariantCulture) + " records" : "a frame of bodies; the records with a part in it are lost");
        // Of bodies nobody knows whose they are until their records are asked for.
        if (isHeads) damage.Count(frame.Records);
        return false;
    }

    public static byte[]? Inflate(SafeFileHandle handle, in FrameEntry frame)
    {
        var raw = GC.AllocateUninitializedArray<byte>(frame.RawLength);
        return TryInflate(handle, frame, raw) ? raw : null;
    }

    /// <summary>The same into a buffer of exactly the length; false when the bytes are damaged.</summary>
    public static bool TryInflate(SafeFileHandle handle, in FrameEntry frame, Span<byte> raw)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(frame.Length);
        try
        {
            var stored = buffer.AsSpan(0, frame.Length);
            for (var total = 0; total < stored.Length;)
            {
                var read = RandomAccess.Read(handle, stored[total..], frame.At + FrameEntry.HeaderSize + total);
                if (read == 0) return false;
                total += read;
            }

            if (Crc32C.Of(stored) != frame.Crc) return false;
            if (frame.Codec == Codec.Brotli) return BrotliDecoder.TryDecompress(stored, raw, out var written) && written == raw.Length;
            return stored.Length == raw.Length && stored.TryCopyTo(raw);
        }
        catch (IOException)
        {
            // The disk cannot read here.
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private bool IsNewDamage(long at)
    {
        lock (gate) return damagedAt.Add(at);
    }
}
