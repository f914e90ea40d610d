namespace Callwatch.Store.Rollups;

/// <summary>Whole numbers as zigzag varints; what is cut short reads as 0.</summary>
internal ref struct Varints(ReadOnlySpan<byte> bytes)
{
    /// <summary>Longest form of a number.</summary>
    public const int Longest = 10;

    private ReadOnlySpan<byte> rest = bytes;

    /// <summary>Nothing follows: a count that goes on beyond it is damage.</summary>
    public readonly bool AtEnd => rest.IsEmpty;

    public long Next()
    {
        // Most numbers of a histogram take one byte.
        if (!rest.IsEmpty && rest[0] < 0x80)
        {
            var small = rest[0];
            rest = rest[1..];
            return (small >> 1) ^ -(small & 1);
        }

        ulong value = 0;
        for (var shift = 0; shift < 64 && !rest.IsEmpty; shift += 7)
        {
            var part = rest[0];
            rest = rest[1..];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80) break;
        }

        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>The next so many bytes as they stand; fewer when it is cut short.</summary>
    public ReadOnlySpan<byte> Bytes(long length)
    {
        var taken = (int)Math.Clamp(length, 0, rest.Length);
        var bytes = rest[..taken];
        rest = rest[taken..];
        return bytes;
    }

    public static int Write(Span<byte> target, long number)
    {
        // Zigzag, although counts below zero do not occur: reading must not depend on it.
        var value = (ulong)((number << 1) ^ (number >> 63));
        var length = 0;
        while (value >= 0x80)
        {
            target[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        target[length++] = (byte)value;
        return length;
    }
}
