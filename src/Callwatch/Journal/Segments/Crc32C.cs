using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Callwatch.Journal.Segments;

/// <summary>CRC-32C (Castagnoli) by the processor's own instruction where it has one.</summary>
internal static class Crc32C
{
    public const uint Start = uint.MaxValue;

    public static uint Of(ReadOnlySpan<byte> bytes) => Finish(Continue(Start, bytes));

    public static uint Continue(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes))
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        foreach (var single in bytes[(bytes.Length & ~7)..]) crc = BitOperations.Crc32C(crc, single);
        return crc;
    }

    public static uint Finish(uint crc) => ~crc;
}
