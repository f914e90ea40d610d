using System.Buffers.Binary;
using Callwatch.Journal.Segments;
using Callwatch.Spans;

namespace Callwatch.Journal.Sealing;

internal enum FrameKind : byte
{
    /// <summary>Heads of records, in the order of their numbers, each with the recipe of its payload.</summary>
    Heads = 1,

    /// <summary>Pieces of payloads of one app, those of a session next to each other.</summary>
    Bodies = 2,
}

/// <summary>
/// One frame of a sealed file. Before its bytes stand 48: the file's mark 8, kind 1, codec 1, zeros 2, app 4, ordinal 4, length 4, length uncompressed 4,
/// CRC-32C of the bytes that follow 4, records 4, first number 8, CRC-32C of the 44 before 4. The directory has the same in 48: place 8, first and last number 8 each,
/// length 4, length uncompressed 4, CRC 4, app 4, records 4, ordinal 3 bytes, kind and codec half a byte each.
/// </summary>
/// <param name="App">0 in heads.</param>
/// <param name="Ordinal">Counted per kind; recipes name bodies by it.</param>
/// <param name="At">Where its header lies.</param>
/// <param name="Records">Heads only, as are the numbers.</param>
internal readonly record struct FrameEntry(FrameKind Kind, Codec Codec, int App, int Ordinal, long At, int Length, int RawLength, uint Crc, int Records, long First, long Last)
{
    public const int HeaderSize = 48;

    public const int EntrySize = 48;

    /// <summary>Most bytes of a frame uncompressed.</summary>
    public const int MostBytes = 1 << 20;

    public long Next => At + HeaderSize + Length;

    public void WriteHeader(Span<byte> bytes, ulong mark)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, mark);
        bytes[8] = (byte)Kind;
        bytes[9] = (byte)Codec;
        bytes[10..12].Clear();
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], App);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[16..], Ordinal);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[20..], Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[24..], RawLength);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[28..], Crc);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[32..], Records);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[36..], First);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[44..], Crc32C.Of(bytes[..44]));
    }

    /// <summary>Null when there is no intact frame header with this mark. The last number is not in it.</summary>
    public static FrameEntry? ReadHeader(ReadOnlySpan<byte> bytes, ulong mark, long at)
    {
        if (bytes.Length < HeaderSize || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != mark) return null;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[44..]) != Crc32C.Of(bytes[..44])) return null;
        var entry = new FrameEntry(
            (FrameKind)bytes[8], (Codec)bytes[9], BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]), at,
            BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[28..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[32..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[36..]), Last: 0);
        return entry.IsSound ? entry : null;
    }

    public void WriteEntry(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt64LittleEndian(bytes, At);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], First);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], Last);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[24..], Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[28..], RawLength);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[32..], Crc);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[36..], App);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[40..], Records);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[44..], (uint)Ordinal | ((uint)Kind << 24) | ((uint)Codec << 28));
    }

    public static FrameEntry? ReadEntry(ReadOnlySpan<byte> bytes)
    {
        var packed = BinaryPrimitives.ReadUInt32LittleEndian(bytes[44..]);
        var entry = new FrameEntry(
            (FrameKind)((packed >> 24) & 0xF), (Codec)(packed >> 28), BinaryPrimitives.ReadInt32LittleEndian(bytes[36..]), (int)(packed & 0xFF_FFFF),
            BinaryPrimitives.ReadInt64LittleEndian(bytes), BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[28..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[32..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]));
        return entry.IsSound ? entry : null;
    }

    private bool IsSound =>
        Kind is FrameKind.Heads or FrameKind.Bodies && Codec is Codec.None or Codec.Brotli && Length is >= 0 and <= 2 * MostBytes && RawLength is >= 0 and <= 2 * MostBytes && Ordinal is >= 0 and <= 0xFF_FFFF && At is >= SealedHeader.Size and < long.MaxValue / 2;
}

/// <summary>What a sealed file holds of one app.</summary>
/// <param name="PayloadBytes">Uncompressed.</param>
/// <param name="StoredBytes">Of its body frames.</param>
internal readonly record struct AppEntry(int App, int Records, long PayloadBytes, Timestamp Oldest, Timestamp Newest, long StoredBytes)
{
    public const int Size = 40;

    /// <summary>One record more; its body's share of the frames is not known.</summary>
    public AppEntry With(in RecordHeader record) => new(
        record.AppId, Records + 1, PayloadBytes + record.Length,
        Records == 0 || record.ReceivedAt.UnixNanoseconds < Oldest.UnixNanoseconds ? record.ReceivedAt : Oldest,
        Records == 0 || record.ReceivedAt.UnixNanoseconds > Newest.UnixNanoseconds ? record.ReceivedAt : Newest, StoredBytes);

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes, App);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], Records);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], PayloadBytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], Oldest.UnixNanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], Newest.UnixNanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], StoredBytes);
    }

    public static AppEntry Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadInt32LittleEndian(bytes), BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
        new(BinaryPrimitives.ReadInt64LittleEndian(bytes[16..])), new(BinaryPrimitives.ReadInt64LittleEndian(bytes[24..])), BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]));
}
