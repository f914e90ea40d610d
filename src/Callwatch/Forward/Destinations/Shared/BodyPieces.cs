using System.Net;

namespace Callwatch.Forward.Destinations.Shared;

/// <summary>
/// The body of a request, written in pieces: as one array it would mostly be a large object, of which each would stay until a full collection. The
/// pieces are never used for anything else: a request may still be read when its answer is there.
/// </summary>
internal sealed class BodyPieces : Stream
{
    private const int PieceBytes = 64 * 1024;

    private readonly List<ReadOnlyMemory<byte>> pieces = [];
    private byte[] last = [];
    private int used;
    private long length;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => length;

    public override long Position
    {
        get => length;
        set => throw new NotSupportedException();
    }

    /// <param name="before">What comes before all that was written.</param>
    public HttpContent ToContent(ReadOnlyMemory<byte> before = default)
    {
        End();
        return new Content([.. before.IsEmpty ? [] : (ReadOnlyMemory<byte>[])[before], .. pieces]);
    }

    public byte[] ToArray()
    {
        End();
        var all = new byte[length];
        var at = 0;
        foreach (var piece in pieces)
        {
            piece.CopyTo(all.AsMemory(at));
            at += piece.Length;
        }

        return all;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        length += buffer.Length;
        while (buffer.Length > 0)
        {
            if (used == last.Length)
            {
                End();
                (last, used) = (new byte[PieceBytes], 0);
            }

            var part = Math.Min(buffer.Length, last.Length - used);
            buffer[..part].CopyTo(last.AsSpan(used));
            used += part;
            buffer = buffer[part..];
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Everything is where it is to be.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void End()
    {
        if (used > 0) pieces.Add(last.AsMemory(0, used));
        (last, used) = ([], 0);
    }

    private sealed class Content(IReadOnlyList<ReadOnlyMemory<byte>> pieces) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            foreach (var piece in pieces) await stream.WriteAsync(piece, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = pieces.Sum(piece => (long)piece.Length);
            return true;
        }
    }
}
