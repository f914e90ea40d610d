using System.Buffers;
using System.IO.Compression;

namespace Callwatch.Receive.Bodies;

/// <summary>How far inflating came.</summary>
internal enum InflateEnd : byte
{
    Whole,

    /// <summary>There is more than was asked for.</summary>
    Paused,

    /// <summary>The buffer could not grow; its <see cref="PayloadBuffer.Trouble"/> says why.</summary>
    NoRoom,

    /// <summary>The bytes are not what they claim to be, or not whole.</summary>
    Malformed,
}

/// <summary>Undoes the compression of a body, in steps: a small body may stand for a very large one. The bytes must stay until it is disposed.</summary>
internal sealed unsafe class Inflater : IDisposable
{
    private readonly MemoryHandle pin;
    private readonly UnmanagedMemoryStream? source;
    private readonly Stream? stream;
    private readonly int length;
    private BrotliDecoder brotli;
    private int brotliRead;

    public Inflater(ReadOnlyMemory<byte> sent, ContentCoding coding)
    {
        pin = sent.Pin();
        length = sent.Length;

        // Nothing has no address to read from, and there is nothing to undo.
        if (length == 0) return;
        source = new UnmanagedMemoryStream((byte*)pin.Pointer, length);
        stream = coding switch
        {
            ContentCoding.Brotli => null,
            ContentCoding.Gzip => new GZipStream(source, CompressionMode.Decompress),
            ContentCoding.Deflate when HasZlibHeader(sent.Span) => new ZLibStream(source, CompressionMode.Decompress),
            ContentCoding.Deflate => new DeflateStream(source, CompressionMode.Decompress),
            _ => source,
        };
    }

    /// <summary>Goes on until the buffer holds <paramref name="upTo"/> bytes.</summary>
    public InflateEnd Run(PayloadBuffer into, int upTo)
    {
        if (length == 0) return InflateEnd.Whole;
        try
        {
            while (into.Length < upTo)
            {
                var room = into.Free(1);
                if (room.IsEmpty) return InflateEnd.NoRoom;
                if ((stream is null ? Brotli(room, into) : Stream(stream, room, into)) is { } end) return end;
            }

            return InflateEnd.Paused;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            // The second for data that asks for a dictionary.
            return InflateEnd.Malformed;
        }
    }

    public void Dispose()
    {
        stream?.Dispose();
        source?.Dispose();
        brotli.Dispose();
        pin.Dispose();
    }

    private static bool HasZlibHeader(ReadOnlySpan<byte> sent) => sent.Length >= 2 && (sent[0] & 0x0F) == 8 && ((sent[0] << 8) | sent[1]) % 31 == 0;

    private static InflateEnd? Stream(Stream stream, Span<byte> room, PayloadBuffer into)
    {
        // A body cut short is an error only under System.IO.Compression.UseStrictValidation, which the build sets.
        var read = stream.Read(room);
        into.Advance(read);
        return read == 0 ? InflateEnd.Whole : null;
    }

    private InflateEnd? Brotli(Span<byte> room, PayloadBuffer into)
    {
        var rest = new ReadOnlySpan<byte>(source!.PositionPointer, length)[brotliRead..];
        var status = brotli.Decompress(rest, room, out var consumed, out var written);
        into.Advance(written);
        brotliRead += consumed;
        return status switch
        {
            OperationStatus.DestinationTooSmall => null,
            OperationStatus.Done when brotliRead == length => InflateEnd.Whole,
            _ => InflateEnd.Malformed,
        };
    }
}
