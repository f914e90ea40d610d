using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Callwatch.Media;
using Callwatch.Telemetry;

namespace Callwatch.Receive.MediaParts;

/// <summary>Takes media out of one request: what they are called is known at once, their bytes stay where they are until they are written to their files.</summary>
internal sealed class MediaTaking(MediaOptions options, ReadOnlyMemory<byte> request)
{
    private const int Piece = 128 * 1024;

    private readonly Dictionary<(int AppId, MediaHash Hash), NewMedia> taken = [];

    /// <summary>Text of fewer bytes holds no media.</summary>
    public int FewestSymbols { get; } = (int)(((options.FromBytes * 4L) + 2) / 3);

    /// <summary>Bytes that are media by being so many.</summary>
    public int FewestBytes => options.FromBytes;

    /// <summary>Whose the next ones are.</summary>
    public int AppId { get; set; }

    public IReadOnlyCollection<NewMedia> Taken => taken.Values;

    public MediaSearch Search(ReadOnlySpan<byte> text, string? typeBeside) => new(text, FewestSymbols, typeBeside);

    /// <summary>The reference to stand in their place, in ASCII; and whether they are kept.</summary>
    /// <param name="data">A piece of the request: base64, or the bytes themselves.</param>
    public byte[] Take(ReadOnlySpan<byte> data, bool isBase64, string? type, out Reason reason)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long size = 0;
        Copy(data, isBase64, piece =>
        {
            sha.AppendData(piece.Span);
            size += piece.Length;
        });
        var hash = MediaHash.Of(sha.GetHashAndReset());
        type ??= MediaTypes.OfMagic(isBase64 ? Base64Text.Start(data, stackalloc byte[MediaTypes.SniffBytes]) : data) ?? MediaTypes.Unknown;
        var kept = size <= options.MaxItemBytes;
        reason = kept ? Reason.MediaStored : Reason.MediaTooLarge;
        if (kept && request.Span.Overlaps(data, out var offset))
        {
            var place = request.Slice(offset, data.Length);
            taken.TryAdd((AppId, hash), new NewMedia(AppId, hash, size, to => Copy(place.Span, isBase64, to)));
        }

        return Encoding.ASCII.GetBytes(new MediaReference(hash, type, size, kept).ToString());
    }

    private static void Copy(ReadOnlySpan<byte> data, bool isBase64, Action<ReadOnlyMemory<byte>> to)
    {
        if (isBase64)
        {
            Base64Text.Decode(data, to);
            return;
        }

        var piece = ArrayPool<byte>.Shared.Rent(Piece);
        for (; !data.IsEmpty; data = data[Math.Min(data.Length, Piece)..])
        {
            var length = Math.Min(data.Length, Piece);
            data[..length].CopyTo(piece);
            to(piece.AsMemory(0, length));
        }

        ArrayPool<byte>.Shared.Return(piece);
    }
}
