using Microsoft.Win32.SafeHandles;

namespace Callwatch.Journal.Segments;

/// <summary>
/// The number of a full segment's last record, found from its end: nothing else says where it ends, once the file that came after it is gone.
/// A file has at most a few of its records read.
/// </summary>
internal static class SegmentTail
{
    private const int WindowBytes = 64 * 1024;

    /// <summary>Null where the end is damaged, which readers tell of, or the disk does not give it.</summary>
    public static long? LastNumberOf(Segment segment)
    {
        try
        {
            using var handle = segment.OpenToRead();
            var length = Math.Min(segment.End, RandomAccess.GetLength(handle));
            Span<byte> mark = stackalloc byte[sizeof(ulong)];
            BitConverter.TryWriteBytes(mark, segment.Header.Mark);
            var buffer = new byte[WindowBytes + RecordHeader.Size];
            for (var end = length; end > SegmentHeader.Size;)
            {
                // With a header's length of what was looked at before: one may lie across.
                var start = Math.Max(SegmentHeader.Size, end - WindowBytes);
                var bytes = buffer.AsSpan(0, (int)Math.Min(end - start + RecordHeader.Size, length - start));
                if (!ReadFully(handle, bytes, start)) return null;
                if (LastIn(bytes, mark, segment) is { } found) return IsWhole(handle, start + found.At, found.Header, length) ? found.Header.Number : null;
                end = start;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It cannot be read now, or has been sealed: nothing is known of it.
        }

        return null;
    }

    private static (int At, RecordHeader Header)? LastIn(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> mark, Segment segment)
    {
        for (var at = bytes.LastIndexOf(mark); at >= 0; at = bytes[..(at + mark.Length - 1)].LastIndexOf(mark))
            if (RecordHeader.TryRead(bytes[at..], segment.Header.Mark, out var header) && header.Number >= segment.FirstNumber) return (at, header);
        return null;
    }

    // Behind it nothing but room that was never used: else a later record stands there that cannot be read, and is not missing.
    private static bool IsWhole(SafeFileHandle handle, long at, in RecordHeader header, long length)
    {
        var end = at + RecordHeader.Size + header.Length;
        var rest = new byte[4096];
        while (end < length)
        {
            var part = rest.AsSpan(0, (int)Math.Min(rest.Length, length - end));
            if (!ReadFully(handle, part, end) || part.ContainsAnyExcept((byte)0)) return false;
            end += part.Length;
        }

        return true;
    }

    private static bool ReadFully(SafeFileHandle handle, Span<byte> bytes, long at)
    {
        for (var total = 0; total < bytes.Length;)
        {
            var read = RandomAccess.Read(handle, bytes[total..], at + total);
            if (read == 0) return false;
            total += read;
        }

        return true;
    }
}
