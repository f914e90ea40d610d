using System.Buffers.Binary;
using Callwatch.Spans;

namespace Callwatch.Journal.Segments;

/// <summary>
/// The first 128 bytes of a segment file, little-endian: magic 8, version 2, kind 2, tenant 4, epoch 16, first number 8,
/// number before 8, created 8, mark 8, zeros, CRC-32C of all before it 4.
/// </summary>
internal readonly record struct SegmentHeader
{
    public const int Size = 128;

    /// <summary>The newest layout this program reads and the one it writes.</summary>
    public const ushort CurrentVersion = 1;

    private const ulong Magic = 0x0A47_4553_4C4A_5743; // "CWJLSEG\n"

    public required Guid Epoch { get; init; }

    /// <summary>No record in the file has a lower number.</summary>
    public required long FirstNumber { get; init; }

    /// <summary>
    /// The last acknowledged number before this file. What an earlier file holds beyond it was never acknowledged
    /// (its sync failed) and must not be read.
    /// </summary>
    public required long NumberBefore { get; init; }

    public required Timestamp CreatedAt { get; init; }

    /// <summary>
    /// Random, before each record. Behind a damaged place the next record is found by it; as nobody outside knows it,
    /// a payload cannot hold bytes that pass for a record.
    /// </summary>
    public required ulong Mark { get; init; }

    /// <summary>Whose records these are; 0 for several tenants.</summary>
    public int TenantId { get; init; }

    public ushort Version { get; init; }

    public void Write(Span<byte> bytes)
    {
        bytes[..Size].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], CurrentVersion);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], TenantId);
        Epoch.TryWriteBytes(bytes[16..]);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], FirstNumber);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[40..], NumberBefore);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[48..], CreatedAt.UnixNanoseconds);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[56..], Mark);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[(Size - 4)..], Crc32C.Of(bytes[..(Size - 4)]));
    }

    /// <summary>False when the bytes are no intact header. A newer <see cref="Version"/> is read as far as this one goes.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out SegmentHeader header)
    {
        header = default;
        if (bytes.Length < Size || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[(Size - 4)..]) != Crc32C.Of(bytes[..(Size - 4)])) return false;
        header = new SegmentHeader
        {
            Version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]),
            TenantId = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
            Epoch = new Guid(bytes[16..32]),
            FirstNumber = BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
            NumberBefore = BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]),
            CreatedAt = new Timestamp(BinaryPrimitives.ReadInt64LittleEndian(bytes[48..])),
            Mark = BinaryPrimitives.ReadUInt64LittleEndian(bytes[56..]),
        };
        return true;
    }
}
