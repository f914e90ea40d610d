using System.Text;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;

namespace Callwatch.Testing;

/// <summary>Makes OTLP messages field by field, also wrong ones. Every method gives the bytes of one field; a message is fields side by side.</summary>
public static class OtlpBytes
{
    public const ulong Start = 1_795_331_535_000_000_000;

    public static byte[] Varint(int field, ulong value) => Written(writer => writer.Varint(field, value));

    public static byte[] Fixed64(int field, ulong value) => Written(writer => writer.Fixed64(field, value));

    public static byte[] Message(int field, params byte[][] parts)
    {
        var body = Join(parts);
        return Written(writer => writer.Bytes(field, body));
    }

    public static byte[] Text(int field, string text) => Message(field, Encoding.UTF8.GetBytes(text));

    public static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];

    /// <summary>A KeyValue in the attributes field of a span (9), or of another message.</summary>
    public static byte[] Attribute(string key, string value, int field = 9) => Message(field, Text(1, key), Message(2, Text(1, value)));

    public static byte[] Attribute(string key, long value, int field = 9) => Message(field, Text(1, key), Message(2, Varint(3, (ulong)value)));

    public static byte[] Attribute(string key, double value, int field = 9) =>
        Message(field, Text(1, key), Message(2, Fixed64(4, BitConverter.DoubleToUInt64Bits(value))));

    /// <param name="value">Fields of the AnyValue.</param>
    public static byte[] AttributeOf(string key, byte[] value, int field = 9) => Message(field, Text(1, key), Message(2, value));

    /// <summary>A span that takes a second, with ids made of <paramref name="number"/>.</summary>
    public static byte[] Span(int number, params byte[][] more) => Join(
        [Id(1, 16, number), Id(2, 8, number), Text(5, "span " + number), Varint(6, 3), Fixed64(7, Start), Fixed64(8, Start + 1_000_000_000), .. more]);

    /// <summary>An id of this length that ends in the number.</summary>
    public static byte[] Id(int field, int length, int number)
    {
        var id = new byte[length];
        for (var i = 0; i < Math.Min(4, length); i++) id[length - 1 - i] = (byte)(number >> (8 * i));
        return Message(field, id);
    }

    /// <summary>A ResourceSpans field with a service name and one scope.</summary>
    public static byte[] Resource(string? service, params byte[][] spans) => ResourceWith(service is null ? [] : Attribute("service.name", service, field: 1), spans);

    /// <param name="resource">Fields of the Resource.</param>
    public static byte[] ResourceWith(byte[] resource, params byte[][] spans) =>
        Message(1, Message(1, resource), Message(2, [Message(1, Text(1, "tests"), Text(2, "1.0")), .. spans.Select(span => Message(2, span))]));

    /// <summary>A request with the spans of one service.</summary>
    public static byte[] Request(params byte[][] spans) => Resource("shop", spans);

    private static byte[] Written(Action<ProtobufWriter> write)
    {
        using var buffer = new PayloadBuffer(budget: null, int.MaxValue);
        write(new ProtobufWriter(buffer));
        return buffer.Written.ToArray();
    }
}
