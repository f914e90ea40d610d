namespace Callwatch.Journal.Sealing;

/// <summary>Writes the numbers of a head frame into a buffer that grows.</summary>
internal sealed class HeadBuffer
{
    private byte[] bytes = new byte[64 * 1024];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void Varint(ulong value)
    {
        var room = Room(10);
        var at = 0;
        for (; value >= 0x80; value >>= 7) room[at++] = (byte)(value | 0x80);
        room[at++] = (byte)value;
        Length += at;
    }

    public void Signed(long value) => Varint((ulong)((value << 1) ^ (value >> 63)));

    public void Add(ReadOnlySpan<byte> more)
    {
        more.CopyTo(Room(more.Length));
        Length += more.Length;
    }

    public void Byte(byte value)
    {
        Room(1)[0] = value;
        Length++;
    }

    private Span<byte> Room(int count)
    {
        if (bytes.Length - Length < count) Array.Resize(ref bytes, Math.Max(bytes.Length * 2, Length + count));
        return bytes.AsSpan(Length);
    }
}

/// <summary>Reads them back. Never throws: behind the end, or at what is no number, it has failed and gives zeros.</summary>
internal struct HeadBytes(byte[] bytes, int position)
{
    public int Position { get; private set; } = position;

    public bool Failed { get; private set; }

    public readonly bool AtEnd => Failed || Position >= bytes.Length;

    public ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64 && Position < bytes.Length; shift += 7)
        {
            var part = bytes[Position++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80) return value;
        }

        Failed = true;
        return 0;
    }

    public long Signed()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>A number that has to lie between 0 and a bound.</summary>
    public int Count(int most)
    {
        var value = Varint();
        if (value <= (ulong)most) return (int)value;
        Failed = true;
        return 0;
    }

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > bytes.Length - Position)
        {
            Failed = true;
            return default;
        }

        var taken = bytes.AsSpan(Position, count);
        Position += count;
        return taken;
    }
}
