using System.Buffers.Binary;
using System.Numerics;

namespace Callwatch.Normalize.Reading;

/// <summary>A 64-bit hash that is the same in every process: it is kept on disk.</summary>
internal static class Hash
{
    private const ulong First = 0x9E37_79B9_7F4A_7C15;
    private const ulong Second = 0xC2B2_AE3D_27D4_EB4F;

    public static ulong Of(ReadOnlySpan<byte> bytes, ulong seed = 0)
    {
        var hash = seed ^ (First * ((ulong)bytes.Length + 1));
        while (bytes.Length >= 8)
        {
            hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        ulong rest = 0;
        for (var i = 0; i < bytes.Length; i++) rest |= (ulong)bytes[i] << (8 * i);
        return Mix(hash, rest);
    }

    public static ulong Of(ReadOnlySpan<char> text, ulong seed = 0) => Of(System.Runtime.InteropServices.MemoryMarshal.AsBytes(text), seed);

    public static ulong Mix(ulong hash, ulong value)
    {
        var high = Math.BigMul(hash ^ value ^ First, BitOperations.RotateLeft(hash, 29) ^ Second ^ value, out var low);
        return high ^ low ^ value;
    }
}
