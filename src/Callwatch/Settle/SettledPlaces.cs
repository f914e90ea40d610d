using System.Buffers.Binary;
using Callwatch.Spans;

namespace Callwatch.Settle;

/// <summary>
/// The blob <c>places</c>: number of spans and of log records, then for each the 8 bytes of its span id, the distance of its journal number
/// from the one before (the first: from <c>first_number</c>) and its offset; numbers are varints of 7 bits, distances zigzag.
/// </summary>
internal static class SettledPlaces
{
    public static byte[] Write(SettledRevision revision)
    {
        var bytes = new byte[20 + ((revision.Spans.Count + revision.Logs.Count) * 24)];
        var at = 0;
        PutVarint(bytes, ref at, (ulong)revision.Spans.Count);
        PutVarint(bytes, ref at, (ulong)revision.Logs.Count);
        var number = revision.FirstNumber;
        foreach (var place in revision.Spans) Put(bytes, ref at, place, ref number);
        foreach (var place in revision.Logs) Put(bytes, ref at, place, ref number);
        return bytes[..at];
    }

    /// <exception cref="InvalidDataException">The bytes are none that <see cref="Write"/> made.</exception>
    public static (IReadOnlyList<SettledPlace> Spans, IReadOnlyList<SettledPlace> Logs) Read(ReadOnlySpan<byte> bytes, long firstNumber)
    {
        var at = 0;
        var (spans, logs) = (Varint(bytes, ref at), Varint(bytes, ref at));
        if (spans + logs > (ulong)bytes.Length / 10) throw Damaged();
        var number = firstNumber;
        return (Read(bytes, ref at, (int)spans, ref number), Read(bytes, ref at, (int)logs, ref number));
    }

    private static SettledPlace[] Read(ReadOnlySpan<byte> bytes, ref int at, int count, ref long number)
    {
        var places = new SettledPlace[count];
        for (var i = 0; i < count; i++)
        {
            if (bytes.Length - at < 8) throw Damaged();
            var span = new SpanId(BinaryPrimitives.ReadUInt64BigEndian(bytes[at..]));
            at += 8;
            var distance = Varint(bytes, ref at);
            number += (long)(distance >> 1) ^ -(long)(distance & 1);
            places[i] = new SettledPlace(span, number, (int)Varint(bytes, ref at));
        }

        return places;
    }

    private static void Put(byte[] bytes, ref int at, SettledPlace place, ref long number)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(at), place.SpanId.Value);
        at += 8;
        var distance = place.Number - number;
        PutVarint(bytes, ref at, (ulong)((distance << 1) ^ (distance >> 63)));
        PutVarint(bytes, ref at, (ulong)place.Offset);
        number = place.Number;
    }

    private static void PutVarint(byte[] bytes, ref int at, ulong value)
    {
        for (; value >= 0x80; value >>= 7) bytes[at++] = (byte)(value | 0x80);
        bytes[at++] = (byte)value;
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64 && at < bytes.Length; shift += 7)
        {
            var next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw Damaged();
    }

    private static InvalidDataException Damaged() => new("The places of a settled revision are damaged.");
}
