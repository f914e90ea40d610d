using System.Buffers.Binary;
using System.Numerics;
using Callwatch.Receive.Bodies;

namespace Callwatch.Receive.Otlp;

/// <summary>
/// Writes protobuf fields behind one another into a buffer. Messages are written in place: their length goes in front when they end,
/// and only where the guess of its width was wrong are their bytes moved. When the buffer cannot grow, writing does nothing.
/// </summary>
public readonly struct ProtobufWriter(PayloadBuffer buffer)
{
    /// <summary>A message that has begun and not ended.</summary>
    public readonly record struct Open(int Start, int LengthWidth);

    public PayloadBuffer Buffer => buffer;

    public void Varint(int field, ulong value)
    {
        Tag(field, WireType.Varint);
        Varint(value);
    }

    public void Fixed64(int field, ulong value)
    {
        Tag(field, WireType.Fixed64);
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        buffer.Append(bytes);
    }

    public void Fixed32(int field, uint value)
    {
        Tag(field, WireType.Fixed32);
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        buffer.Append(bytes);
    }

    public void Double(int field, double value) => Fixed64(field, BitConverter.DoubleToUInt64Bits(value));

    /// <summary>A string, bytes or ready-made message field.</summary>
    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, WireType.Bytes);
        Varint((ulong)value.Length);
        buffer.Append(value);
    }

    /// <summary>Whole fields as they are.</summary>
    public void Raw(ReadOnlySpan<byte> fields) => buffer.Append(fields);

    /// <summary>Begins a message, string or bytes field of about the given length.</summary>
    public Open Begin(int field, int expectedLength = 1)
    {
        Tag(field, WireType.Bytes);
        var width = WidthOf((ulong)expectedLength);
        if (buffer.TryGrow(width)) buffer.Advance(width);
        return new Open(buffer.Length, width);
    }

    public void End(Open open)
    {
        var length = buffer.Length - open.Start;
        var shift = WidthOf((ulong)length) - open.LengthWidth;
        if (buffer.Trouble != BufferTrouble.None || (shift > 0 && !buffer.TryGrow(shift))) return;
        if (shift != 0)
        {
            // Forward the buffer's end first: the moved bytes must lie within what is written.
            if (shift > 0) buffer.Advance(shift);
            var all = buffer.Written;
            all.Slice(open.Start, length).CopyTo(all[(open.Start + shift)..]);
            if (shift < 0) buffer.Advance(shift);
        }

        Put(buffer.Written[(open.Start - open.LengthWidth)..], (ulong)length);
    }

    /// <summary>Takes back a begun message, its tag included.</summary>
    public void Undo(int lengthBefore)
    {
        if (buffer.Trouble == BufferTrouble.None) buffer.CutTo(lengthBefore);
    }

    private void Tag(int field, WireType type) => Varint(((ulong)field << 3) | (ulong)type);

    private void Varint(ulong value)
    {
        if (value < 0x80)
        {
            buffer.Append((byte)value);
            return;
        }

        var width = WidthOf(value);
        if (!buffer.TryGrow(width)) return;
        buffer.Advance(width);
        Put(buffer.Written[^width..], value);
    }

    private static int WidthOf(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    private static void Put(Span<byte> bytes, ulong value)
    {
        var i = 0;
        for (; value >= 0x80; value >>= 7) bytes[i++] = (byte)(value | 0x80);
        bytes[i] = (byte)value;
    }
}
