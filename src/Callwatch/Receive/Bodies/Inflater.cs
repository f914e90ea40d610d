using System.Buffers;
using System.IO.Compression;

namespace Callwatch.Receive.Bodies;

/// <summary>Undoes the compression of a body, and stops where the buffer does: a small body may stand for a very large one.</summary>
internal static class Inflater
{
    /// <summary>False when the bytes are not what they claim to be. When the buffer cannot grow, its <see cref="PayloadBuffer.Trouble"/> says so.</summary>
    public static bool Inflate(ReadOnlyMemory<byte> sent, ContentCoding coding, PayloadBuffer into) =>
        sent.IsEmpty || (coding == ContentCoding.Brotli ? Brotli(sent.Span, into) : Deflated(sent, coding, into));

    private static unsafe bool Deflated(ReadOnlyMemory<byte> sent, ContentCoding coding, PayloadBuffer into)
    {
        using var pin = sent.Pin();
        using var source = new UnmanagedMemoryStream((byte*)pin.Pointer, sent.Length);
        using Stream inflating = coding == ContentCoding.Gzip ? new GZipStream(source, CompressionMode.Decompress)
            : HasZlibHeader(sent.Span) ? new ZLibStream(source, CompressionMode.Decompress)
            : new DeflateStream(source, CompressionMode.Decompress);
        try
        {
            while (true)
            {
                var room = into.Free(1);
                if (room.IsEmpty) return true;
                // A body cut short is an error only under System.IO.Compression.UseStrictValidation, which the build sets.
                var read = inflating.Read(room);
                if (read == 0) return true;
                into.Advance(read);
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            // The second for data that asks for a dictionary.
            return false;
        }
    }

    private static bool HasZlibHeader(ReadOnlySpan<byte> sent) => sent.Length >= 2 && (sent[0] & 0x0F) == 8 && ((sent[0] << 8) | sent[1]) % 31 == 0;

    private static bool Brotli(ReadOnlySpan<byte> sent, PayloadBuffer into)
    {
        using var decoder = default(BrotliDecoder);
        while (true)
        {
            var room = into.Free(1);
            if (room.IsEmpty) return true;
            var status = decoder.Decompress(sent, room, out var consumed, out var written);
            into.Advance(written);
            sent = sent[consumed..];
            if (status == OperationStatus.Done) return sent.IsEmpty;
            if (status != OperationStatus.DestinationTooSmall) return false;
        }
    }
}
