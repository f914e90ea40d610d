using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;
using Callwatch.Journal.Segments;
using Callwatch.Journal.Writing;
using Callwatch.Spans;
using Microsoft.Win32.SafeHandles;

namespace Callwatch.Journal.Sealing;

/// <summary>Writes frames one after the other, then directory and header, and syncs. The file has no name of the journal's yet.</summary>
internal sealed class SealedWriter(IJournalFile file, IPace pace) : IDisposable
{
    private const int Quality = 5, Window = 22;

    private readonly byte[] compressed = ArrayPool<byte>.Shared.Rent(BrotliEncoder.GetMaxCompressedLength(2 * FrameEntry.MostBytes));
    private readonly List<FrameEntry> frames = [];
    private long at = SealedHeader.Size;

    /// <summary>Before each frame.</summary>
    public ulong Mark { get; } = NewMark();

    public FrameEntry Write(FrameKind kind, int app, int ordinal, ReadOnlySpan<byte> raw, int records = 0, long first = 0, long last = 0)
    {
        var isSmaller = BrotliEncoder.TryCompress(raw, compressed.AsSpan(FrameEntry.HeaderSize), out var length, Quality, Window) && length < raw.Length;
        if (!isSmaller)
        {
            raw.CopyTo(compressed.AsSpan(FrameEntry.HeaderSize));
            length = raw.Length;
        }

        var crc = Crc32C.Of(compressed.AsSpan(FrameEntry.HeaderSize, length));
        return Put(new FrameEntry(kind, isSmaller ? Codec.Brotli : Codec.None, app, ordinal, at, length, raw.Length, crc, records, first, last));
    }

    /// <summary>A frame of another file, as it is.</summary>
    public void Copy(SafeFileHandle from, in FrameEntry frame)
    {
        for (var total = 0; total < frame.Length;)
        {
            var read = RandomAccess.Read(from, compressed.AsSpan(FrameEntry.HeaderSize + total, frame.Length - total), frame.At + FrameEntry.HeaderSize + total);
            if (read == 0) throw new IOException("The sealed file ends early.");
            total += read;
        }

        Put(frame with { At = at });
    }

    public void Finish(SealedHeader header, IReadOnlyList<AppEntry> apps)
    {
        var directory = SealedDirectory.Bytes(apps, frames);
        header = header with
        {
            Mark = Mark,
            DirectoryAt = at,
            Frames = frames.Count,
            Apps = apps.Count,
            Records = apps.Sum(app => app.Records),
            PayloadBytes = apps.Sum(app => app.PayloadBytes),
            Oldest = new Timestamp(apps.Min(app => app.Oldest.UnixNanoseconds)),
            Newest = new Timestamp(apps.Max(app => app.Newest.UnixNanoseconds)),
        };
        var bytes = new byte[SealedHeader.Size];
        header.Write(bytes);
        file.Write([directory, bytes], at);
        file.Write([bytes], 0);
        file.Sync();
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(compressed);
        file.Dispose();
    }

    private FrameEntry Put(FrameEntry frame)
    {
        frame.WriteHeader(compressed, Mark);
        file.Write([compressed.AsMemory(0, FrameEntry.HeaderSize), compressed.AsMemory(FrameEntry.HeaderSize, frame.Length)], at);
        frames.Add(frame);
        at = frame.Next;
        pace.Rest();
        return frame;
    }

    private static ulong NewMark()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        foreach (ref var single in bytes) single |= 1;
        return BitConverter.ToUInt64(bytes);
    }
}
