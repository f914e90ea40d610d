using System.Buffers.Binary;
using Callwatch.Journal.Segments;
using Callwatch.Spans;

namespace Callwatch.Journal.Sealing;

/// <summary>
/// The first and again the last 128 bytes of a sealed file: as those of a segment (kind 1), then last number 8, oldest and newest received 8 each,
/// place of the directory 8, bytes of all payloads 8, frames 4, apps 4, records 4, segments it was made of 2, flags 1 (1: lead), 1 zero, files of the window 4, CRC-32C 4.
/// </summary>
internal sealed record SealedHeader
{
    public const int Size = 128;

    public const ushort CurrentVersion = 1;

    public const ushort Kind = 1;

    private const ulong Magic = 0x0A47_4553_4C4A_5743; // "CWJLSEG\n", as of every segment

    public ushort Version { get; init; } = CurrentVersion;

    /// <summary>Whose records these are; never of several tenants.</summary>
    public required int TenantId { get; init; }

    public required Guid Epoch { get; init; }

    /// <summary>First number of the window, not of this file: all files of a window have the same range.</summary>
    public required long FirstNumber { get; init; }

    public required long NumberBefore { get; init; }

    public required long LastNumber { get; init; }

    public required Timestamp CreatedAt { get; init; }

    /// <summary>Random, before each frame.</summary>
    public required ulong Mark { get; init; }

    public Timestamp Oldest { get; init; }

    public Timestamp Newest { get; init; }

    public long DirectoryAt { get; init; }

    public long PayloadBytes { get; init; }

    public int Frames { get; init; }

    public int Apps { get; init; }

    public int Records { get; init; }

    /// <summary>How many segments the window replaced: while all of them are there and the lead is not, the swap has not happened.</summary>
    public required int Sources { get; init; }

    /// <summary>The one that got its name last: the swap has happened once it is there.</summary>
    public required bool IsLead { get; init; }

    public required int Files { get; init; }

    public void Write(Span<byte> bytes)
    {
        bytes[..Size].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], CurrentVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[10..], Kind);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], TenantId);
        Epoch.TryWriteBytes(bytes[16..]);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], FirstNumber);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[40..], NumberBefore);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[48..], CreatedAt.UnixNanoseconds);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[56..], Mark);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[64..], LastNumber);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[72..], Oldest.UnixNanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[80..], Newest.UnixNanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[88..], DirectoryAt);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[96..], PayloadBytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[104..], Frames);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[108..], Apps);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[112..], Records);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[116..], (ushort)Sources);
        bytes[118] = IsLead ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32LittleEndian(bytes[120..], Files);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[(Size - 4)..], Crc32C.Of(bytes[..(Size - 4)]));
    }

    /// <summary>Null when the bytes are no intact header of a sealed file.</summary>
    public static SealedHeader? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Size || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic) return null;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[(Size - 4)..]) != Crc32C.Of(bytes[..(Size - 4)])) return null;
        if (BinaryPrimitives.ReadUInt16LittleEndian(bytes[10..]) != Kind) return null;
        return new SealedHeader
        {
            Version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]),
            TenantId = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
            Epoch = new Guid(bytes[16..32]),
            FirstNumber = BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
            NumberBefore = BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]),
            CreatedAt = new Timestamp(BinaryPrimitives.ReadInt64LittleEndian(bytes[48..])),
            Mark = BinaryPrimitives.ReadUInt64LittleEndian(bytes[56..]),
            LastNumber = BinaryPrimitives.ReadInt64LittleEndian(bytes[64..]),
            Oldest = new Timestamp(BinaryPrimitives.ReadInt64LittleEndian(bytes[72..])),
            Newest = new Timestamp(BinaryPrimitives.ReadInt64LittleEndian(bytes[80..])),
            DirectoryAt = BinaryPrimitives.ReadInt64LittleEndian(bytes[88..]),
            PayloadBytes = BinaryPrimitives.ReadInt64LittleEndian(bytes[96..]),
            Frames = BinaryPrimitives.ReadInt32LittleEndian(bytes[104..]),
            Apps = BinaryPrimitives.ReadInt32LittleEndian(bytes[108..]),
            Records = BinaryPrimitives.ReadInt32LittleEndian(bytes[112..]),
            Sources = BinaryPrimitives.ReadUInt16LittleEndian(bytes[116..]),
            IsLead = bytes[118] != 0,
            Files = BinaryPrimitives.ReadInt32LittleEndian(bytes[120..]),
        };
    }
}
