using System.Buffers.Binary;
using Callwatch.Spans;

namespace Callwatch.Journal.Segments;

/// <summary>How a record's bytes are stored. The numbers are stored.</summary>
internal enum Codec : byte
{
    None = 0,
    Brotli = 1,
}

/// <summary>
/// The 64 bytes before each payload, little-endian: mark 8, number 8, received 8, length 4, uncompressed length 4, CRC-32C of the payload 4,
/// tenant 4, app 4, key 4, items 4, signal 1, codec 1, flags 2, zeros 4, CRC-32C of all before it 4.
/// </summary>
internal readonly record struct RecordHeader
{
    public const int Size = 64;

    public required long Number { get; init; }

    public required Timestamp ReceivedAt { get; init; }

    /// <summary>Bytes that follow in the file.</summary>
    public required int Length { get; init; }

    public required uint PayloadCrc { get; init; }

    public required int TenantId { get; init; }

    public required int AppId { get; init; }

    public required int KeyId { get; init; }

    public required int ItemCount { get; init; }

    public required Signal Signal { get; init; }

    public Codec Codec { get; init; }

    public static RecordHeader Of(long number, JournalEntry entry, uint payloadCrc) => new()
    {
        Number = number,
        ReceivedAt = entry.ReceivedAt,
        Length = entry.Payload.Length,
        PayloadCrc = payloadCrc,
        TenantId = entry.TenantId,
        AppId = entry.AppId,
        KeyId = entry.KeyId,
        ItemCount = entry.ItemCount,
        Signal = entry.Signal,
    };

    public void Write(Span<byte> bytes, ulong mark)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, mark);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], Number);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], ReceivedAt.UnixNanoseconds);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[24..], Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[28..], Length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[32..], PayloadCrc);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[36..], TenantId);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[40..], AppId);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[44..], KeyId);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[48..], ItemCount);
        bytes[52] = (byte)Signal;
        bytes[53] = (byte)Codec;
        bytes[54..60].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[60..], Crc32C.Of(bytes[..60]));
    }

    /// <summary>False when the bytes are no intact header of a segment with this mark.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, ulong mark, out RecordHeader header)
    {
        header = default;
        if (bytes.Length < Size || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != mark) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[60..]) != Crc32C.Of(bytes[..60])) return false;
        header = new RecordHeader
        {
            Number = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            ReceivedAt = new Timestamp(BinaryPrimitives.ReadInt64LittleEndian(bytes[16..])),
            Length = BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]),
            PayloadCrc = BinaryPrimitives.ReadUInt32LittleEndian(bytes[32..]),
            TenantId = BinaryPrimitives.ReadInt32LittleEndian(bytes[36..]),
            AppId = BinaryPrimitives.ReadInt32LittleEndian(bytes[40..]),
            KeyId = BinaryPrimitives.ReadInt32LittleEndian(bytes[44..]),
            ItemCount = BinaryPrimitives.ReadInt32LittleEndian(bytes[48..]),
            Signal = (Signal)bytes[52],
            Codec = (Codec)bytes[53],
        };
        return header.Length >= 0;
    }

    public JournalRecord ToRecord(ReadOnlyMemory<byte> payload) => new()
    {
        Number = Number,
        Signal = Signal,
        TenantId = TenantId,
        AppId = AppId,
        KeyId = KeyId,
        ReceivedAt = ReceivedAt,
        ItemCount = ItemCount,
        Payload = payload,
    };
}
