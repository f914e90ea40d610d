using System.Buffers.Binary;

namespace Callwatch.Receive.Otlp;

/// <summary>Wire types of the protocol buffers encoding.</summary>
public enum WireType : byte
{
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Fixed32 = 5,
}

/// <summary>
/// Walks the fields of one protobuf message where they lie, without building anything. Never throws, whatever the bytes:
/// at the first thing that is not protobuf it stops and <see cref="Malformed"/> says so. Groups, which OTLP does not use, count as malformed.
/// </summary>
public ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private readonly ReadOnlySpan<byte> message = message;
    private int position;

    /// <summary>Number of the field just read, 1 to 2^29 - 1.</summary>
    public int Field { get; private set; }

    public WireType Type { get; private set; }

    /// <summary>Value of a varint or fixed field.</summary>
    public ulong Number { get; private set; }

    /// <summary>Value of a length-delimited field: a slice of the message.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Where the field just read begins (its tag), counted from the start of the message.</summary>
    public int FieldStart { get; private set; }

    /// <summary>Where <see cref="Bytes"/> begins.</summary>
    public int BytesStart { get; private set; }

    /// <summary>Where the field just read ends; also where reading goes on.</summary>
    public readonly int FieldEnd => position;

    public bool Malformed { get; private set; }

    /// <summary>Goes to the next field; false at the end or when malformed.</summary>
    public bool Read()
    {
        FieldStart = position;
        if (position >= message.Length) return false;
        if (!TryVarint(out var tag) || tag >> 3 is 0 or > 0x1FFF_FFFF) return Fail();
        Field = (int)(tag >> 3);
        Type = (WireType)(tag & 7);
        switch (Type)
        {
            case WireType.Varint:
                if (!TryVarint(out var number)) return Fail();
                Number = number;
                return true;
            case WireType.Fixed64:
                if (message.Length - position < 8) return Fail();
                Number = BinaryPrimitives.ReadUInt64LittleEndian(message[position..]);
                position += 8;
                return true;
            case WireType.Fixed32:
                if (message.Length - position < 4) return Fail();
                Number = BinaryPrimitives.ReadUInt32LittleEndian(message[position..]);
                position += 4;
                return true;
            case WireType.Bytes:
                if (!TryVarint(out var length) || length > (ulong)(message.Length - position)) return Fail();
                BytesStart = position;
                Bytes = message.Slice(position, (int)length);
                position += (int)length;
                return true;
            default:
                return Fail();
        }
    }

    private bool Fail()
    {
        Malformed = true;
        position = message.Length;
        return false;
    }

    private bool TryVarint(out ulong value)
    {
        if (position < message.Length && message[position] < 0x80)
        {
            value = message[position++];
            return true;
        }

        value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (position >= message.Length) return false;
            var part = message[position++];
            if (shift == 63 && part > 1) return false;
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80) return true;
        }

        return false;
    }
}
