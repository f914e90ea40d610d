using System.Buffers.Binary;

namespace Callwatch.Testing.StandIns;

/// <summary>One field of a protobuf message as it stands there.</summary>
/// <param name="Value">Of numbers.</param>
/// <param name="Bytes">Of what has a length.</param>
internal sealed record WireField(int Number, int Type, ulong Value, byte[] Bytes)
{
    /// <exception cref="WireException">Another field, or of another type.</exception>
    public WireField Is(int number, int type, string what)
    {
        if (Number != number) throw new WireException($"field {Number} stands where only {what} ({number}) may");
        return Type == type ? this : throw new WireException($"{what} has wire type {Type}, not {type}");
    }

    /// <exception cref="WireException">It is no message.</exception>
    public static IReadOnlyList<WireField> In(byte[] message, string of)
    {
        var fields = new List<WireField>();
        for (var at = 0; at < message.Length;)
        {
            var tag = Varint(message, ref at, of);
            var (number, type) = ((int)(tag >> 3), (int)(tag & 7));
            if (number == 0) throw new WireException($"{of}: field 0");
            switch (type)
            {
                case 0:
                    fields.Add(new WireField(number, type, Varint(message, ref at, of), []));
                    break;
                case 1 when at + 8 <= message.Length:
                    fields.Add(new WireField(number, type, BinaryPrimitives.ReadUInt64LittleEndian(message.AsSpan(at)), []));
                    at += 8;
                    break;
                case 5 when at + 4 <= message.Length:
                    fields.Add(new WireField(number, type, BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(at)), []));
                    at += 4;
                    break;
                case 2:
                    var length = Varint(message, ref at, of);
                    if (length > (ulong)(message.Length - at)) throw new WireException($"{of}: it ends in the middle of a field");
                    fields.Add(new WireField(number, type, 0, message[at..(at + (int)length)]));
                    at += (int)length;
                    break;
                default:
                    throw new WireException($"{of}: it ends in the middle of a field, or has a wire type that is none");
            }
        }

        return fields;
    }

    private static ulong Varint(byte[] message, ref int at, string of)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (at >= message.Length) throw new WireException($"{of}: it ends in the middle of a number");
            var part = message[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80) return value;
        }

        throw new WireException($"{of}: a number of more than ten bytes");
    }
}
