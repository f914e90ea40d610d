using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Callwatch.Journal.Segments;

/// <summary>
/// Walks the records of one segment forwards through one pooled buffer. Nothing in the file makes it throw or return other bytes than were written:
/// behind a damaged place it looks for the next intact record and says through <see cref="Damage"/> what it passed over.
/// </summary>
internal sealed class SegmentWalk(Segment segment, SafeFileHandle handle, long start, long numberBefore, Action<long>? damage = null, int windowBytes = SegmentWalk.ForPayloads) : IDisposable
{
    /// <summary>Bytes read at a time where payloads are wanted too.</summary>
    public const int ForPayloads = 256 * 1024;

    /// <summary>Bytes read at a time where headers are enough: most of what lies between them is not read.</summary>
    public const int ForHeaders = 4096;

    private readonly ulong mark = segment.Header.Mark;
    private readonly byte[] window = ArrayPool<byte>.Shared.Rent(windowBytes);
    private long windowStart = start;
    private int windowLength;
    private long lastNumber = numberBefore;

    public RecordHeader Header { get; private set; }

    /// <summary>Where the record's header lies.</summary>
    public long Offset { get; private set; } = start;

    /// <summary>Where the walk goes on.</summary>
    public long Next { get; private set; } = start;

    /// <summary>Goes to the next record that lies wholly before <paramref name="end"/> and has at most the number <paramref name="through"/>.</summary>
    public bool MoveNext(long end, long through)
    {
        // What lies behind the last acknowledged record may be anything and is nobody's loss.
        if (lastNumber >= through || end - Next < RecordHeader.Size) return false;
        var place = IsRecordAt(Next, end, out var header) ? Next : NextRecord(Next + 1, end, out header);
        if (place != Next)
        {
            damage?.Invoke(Next);
            if (place < 0)
            {
                Next = end;
                return false;
            }

            Next = place;
        }

        if (header.Number > through) return false;
        Header = header;
        Offset = Next;
        Next += RecordHeader.Size + header.Length;
        lastNumber = header.Number;
        return true;
    }

    /// <summary>The payload of the record the walk stands at; null when it is damaged.</summary>
    public byte[]? ReadPayload()
    {
        var payload = GC.AllocateUninitializedArray<byte>(Header.Length);
        return TryReadPayload(payload) ? payload : null;
    }

    /// <summary>The same into a buffer of exactly its length.</summary>
    public bool TryReadPayload(Span<byte> payload)
    {
        if (TryCopy(Offset + RecordHeader.Size, payload) && Header.Codec == Codec.None && Crc32C.Of(payload) == Header.PayloadCrc) return true;
        damage?.Invoke(Offset);
        return false;
    }

    /// <summary>Whether the payload is what was written, without keeping it.</summary>
    public bool PayloadIsIntact()
    {
        var (crc, from) = (Crc32C.Start, Offset + RecordHeader.Size);
        while (from < Next)
        {
            var part = Peek(from, (int)Math.Min(windowBytes, Next - from), Next);
            if (part.IsEmpty) break;
            crc = Crc32C.Continue(crc, part);
            from += part.Length;
        }

        if (from == Next && Header.Codec == Codec.None && Crc32C.Finish(crc) == Header.PayloadCrc) return true;
        damage?.Invoke(Offset);
        return false;
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(window);

    private bool IsRecordAt(long offset, long end, out RecordHeader header)
    {
        var bytes = Peek(offset, RecordHeader.Size, end);
        return RecordHeader.TryRead(bytes, mark, out header)
            && header.Number > lastNumber
            && offset + RecordHeader.Size + header.Length <= end;
    }

    private long NextRecord(long offset, long end, out RecordHeader header)
    {
        Span<byte> pattern = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(pattern, mark);
        while (end - offset >= RecordHeader.Size)
        {
            var bytes = Peek(offset, (int)Math.Min(windowBytes, end - offset), end);
            if (bytes.Length < RecordHeader.Size) break;
            var found = bytes.IndexOf(pattern);
            if (found >= 0 && IsRecordAt(offset + found, end, out header)) return offset + found;
            offset += found >= 0 ? found + 1 : bytes.Length - pattern.Length + 1;
        }

        header = default;
        return -1;
    }

    /// <summary>Up to <paramref name="length"/> bytes (at most a window) at a place; fewer only where the file or <paramref name="end"/> ends.</summary>
    private ReadOnlySpan<byte> Peek(long offset, int length, long end)
    {
        length = (int)Math.Min(length, end - offset);
        if (offset < windowStart || offset + length > windowStart + windowLength)
        {
            windowStart = offset;
            windowLength = ReadFully(window.AsSpan(0, (int)Math.Min(windowBytes, end - offset)), offset);
        }

        var from = (int)(offset - windowStart);
        return window.AsSpan(from, Math.Min(length, windowLength - from));
    }

    private bool TryCopy(long offset, Span<byte> target)
    {
        if (offset >= windowStart && offset < windowStart + windowLength)
        {
            var held = window.AsSpan((int)(offset - windowStart), (int)Math.Min(target.Length, windowStart + windowLength - offset));
            held.CopyTo(target);
            target = target[held.Length..];
            offset += held.Length;
        }

        return ReadFully(target, offset) == target.Length;
    }

    private int ReadFully(Span<byte> target, long offset)
    {
        var total = 0;
        while (total < target.Length)
        {
            var read = RandomAccess.Read(handle, target[total..], offset + total);
            if (read == 0) break;
            total += read;
        }

        return total;
    }
}
