using System.Buffers.Binary;
using System.Text;

namespace Callwatch.Testing;

/// <summary>Writes protobuf fields one after another, as plainly as can be: the tests' own hand, independent of the product's writer.</summary>
public sealed class ProtobufBytes
{
    private readonly List<byte> bytes = [];

    public byte[] ToArray() => [.. bytes];

    public ProtobufBytes Varint(int field, ulong value) => Tag(field, 0).Raw(value);

    public ProtobufBytes Fixed64(int field, ulong value)
    {
        Span<byte> wire = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(wire, value);
        Tag(field, 1).bytes.AddRange(wire);
        return this;
    }

    public ProtobufBytes Bytes(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, 2).Raw((ulong)value.Length).bytes.AddRange(value);
        return this;
    }

    public ProtobufBytes Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public ProtobufBytes Message(int field, ProtobufBytes value) => Bytes(field, value.ToArray());

    /// <summary>A KeyValue under <paramref name="field"/>.</summary>
    public ProtobufBytes Attribute(int field, string key, object? value) =>
        Message(field, new ProtobufBytes().Text(1, key).Message(2, AnyValue(value)));

    /// <summary>An AnyValue of a string, bool, integer, double, byte[], dictionary or sequence; an empty one of null.</summary>
    public static ProtobufBytes AnyValue(object? value)
    {
        var any = new ProtobufBytes();
        switch (value)
        {
            case null: return any;
            case string text: return any.Text(1, text);
            case bool flag: return any.Varint(2, flag ? 1ul : 0);
            case int number: return any.Varint(3, (ulong)(long)number);
            case long number: return any.Varint(3, (ulong)number);
            case double number: return any.Fixed64(4, BitConverter.DoubleToUInt64Bits(number));
            case byte[] raw: return any.Bytes(7, raw);
            case IEnumerable<KeyValuePair<string, object?>> pairs:
                var list = new ProtobufBytes();
                foreach (var (key, item) in pairs) list.Attribute(1, key, item);
                return any.Message(6, list);
            case System.Collections.IEnumerable items:
                var array = new ProtobufBytes();
                foreach (var item in items) array.Message(1, AnyValue(item));
                return any.Message(5, array);
            default: throw new ArgumentException("No AnyValue holds a " + value.GetType().Name, nameof(value));
        }
    }

    private ProtobufBytes Tag(int field, int type) => Raw(((ulong)field << 3) | (uint)type);

    private ProtobufBytes Raw(ulong value)
    {
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return this;
    }
}
