using System.Buffers.Binary;
using Callwatch.Journal.Segments;
using Callwatch.Spans;

namespace Callwatch.Journal.Sealing;

/// <summary>A part of a payload that lies in a body frame.</summary>
/// <param name="At">Where in the payload.</param>
/// <param name="IsItem">Of one span or log record, whose tag and length lie outside: a reader of another one can do without it.</param>
/// <param name="GoesOn">Of the same item as the piece before it.</param>
internal readonly record struct PlacedPiece(int At, int Length, bool IsItem, bool GoesOn, int Frame, int FrameOffset);

/// <summary>
/// Walks the heads of records in a head frame. A head: number less the one before, received less the one before (signed), app, key, items, signal (a byte), length of the payload,
/// its CRC-32C (4 bytes), count of pieces; then for each piece the bytes of the payload before it that lie in no piece (count and bytes), length × 4 + 2 (goes on) + 1 (item),
/// body frame, place in it; then the bytes behind the last piece, as many as are missing. All numbers but the two are varints.
/// </summary>
internal sealed class HeadWalk(byte[] frame, long firstNumber)
{
    private HeadBytes bytes = new(frame, 0);
    private HeadBytes recipe;
    private bool isFirst = true;
    private long number = firstNumber;
    private long received;
    private int pieces;

    public RecordHeader Header { get; private set; }

    public bool MoveNext()
    {
        if (bytes.AtEnd) return false;
        var step = (long)bytes.Varint();
        number += step;
        if (!isFirst && step <= 0) return false;
        isFirst = false;
        received += bytes.Signed();
        var (app, key, items) = (bytes.Count(int.MaxValue), bytes.Count(int.MaxValue), bytes.Count(int.MaxValue));
        var signal = bytes.Take(1);
        var length = bytes.Count(int.MaxValue);
        var crc = bytes.Take(4);
        pieces = bytes.Count(frame.Length);
        if (bytes.Failed) return false;
        Header = new RecordHeader
        {
            Number = number,
            ReceivedAt = new Timestamp(received),
            Length = length,
            PayloadCrc = BinaryPrimitives.ReadUInt32LittleEndian(crc),
            TenantId = 0,
            AppId = app,
            KeyId = key,
            ItemCount = items,
            Signal = (Signal)signal[0],
        };
        recipe = bytes;
        var at = 0;
        for (var i = 0; i < pieces && !bytes.Failed; i++) at = Piece(ref bytes, at, length, out _, out _);
        bytes.Take(length - at);
        return !bytes.Failed;
    }

    /// <summary>The pieces of the record the walk stands at; what lies in none is written to the payload, if one is given.</summary>
    public void Pieces(List<PlacedPiece> into, Span<byte> payload = default)
    {
        into.Clear();
        var (copy, at) = (recipe, 0);
        for (var i = 0; i < pieces; i++)
        {
            var before = at;
            at = Piece(ref copy, at, Header.Length, out var inline, out var piece);
            if (!payload.IsEmpty) inline.CopyTo(payload[before..]);
            into.Add(piece);
        }

        var rest = copy.Take(Header.Length - at);
        if (!payload.IsEmpty) rest.CopyTo(payload[at..]);
    }

    public static void Write(HeadBuffer to, in RecordHeader header, long numberBefore, long receivedBefore, ReadOnlySpan<byte> payload, ReadOnlySpan<PlacedPiece> pieces)
    {
        to.Varint((ulong)(header.Number - numberBefore));
        to.Signed(header.ReceivedAt.UnixNanoseconds - receivedBefore);
        to.Varint((ulong)header.AppId);
        to.Varint((ulong)header.KeyId);
        to.Varint((ulong)header.ItemCount);
        to.Byte((byte)header.Signal);
        to.Varint((ulong)payload.Length);
        Span<byte> crc = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(crc, header.PayloadCrc);
        to.Add(crc);
        to.Varint((ulong)pieces.Length);
        var at = 0;
        foreach (var piece in pieces)
        {
            to.Varint((ulong)(piece.At - at));
            to.Add(payload[at..piece.At]);
            to.Varint(((ulong)piece.Length << 2) | (piece.GoesOn ? 2u : 0) | (piece.IsItem ? 1u : 0));
            to.Varint((ulong)piece.Frame);
            to.Varint((ulong)piece.FrameOffset);
            at = piece.At + piece.Length;
        }

        to.Add(payload[at..]);
    }

    /// <summary>Reads what comes before a piece, and the piece; returns where in the payload it ends.</summary>
    private static int Piece(ref HeadBytes bytes, int at, int payloadLength, out ReadOnlySpan<byte> inline, out PlacedPiece piece)
    {
        inline = bytes.Take(bytes.Count(payloadLength - at));
        at += inline.Length;
        var packed = bytes.Varint();
        var length = packed >> 2 <= (ulong)Math.Min(payloadLength - at, FrameEntry.MostBytes) ? (int)(packed >> 2) : -1;
        if (length < 0) bytes.Take(-1);
        piece = new PlacedPiece(at, Math.Max(length, 0), (packed & 1) != 0, (packed & 2) != 0, bytes.Count(int.MaxValue), bytes.Count(FrameEntry.MostBytes));
        return at + piece.Length;
    }
}
