namespace Callwatch.Receive.Otlp;

/// <summary>Enumerates the KeyValue fields of a message.</summary>
public ref struct OtlpAttributes(ReadOnlySpan<byte> message, int field)
{
    private ProtobufReader fields = new(message);

    public OtlpAttribute Current { get; private set; }

    public readonly OtlpAttributes GetEnumerator() => this;

    public bool MoveNext()
    {
        while (fields.Read())
        {
            if (fields.Field != field || fields.Type != WireType.Bytes) continue;
            Current = new OtlpAttribute(fields.Bytes);
            return true;
        }

        return false;
    }
}

/// <summary>One KeyValue.</summary>
public readonly ref struct OtlpAttribute
{
    public OtlpAttribute(ReadOnlySpan<byte> keyValue)
    {
        var fields = new ProtobufReader(keyValue);
        while (fields.Read())
        {
            if (fields.Type != WireType.Bytes) continue;
            if (fields.Field == 1) Key = fields.Bytes;
            else if (fields.Field == 2) Value = new OtlpValue(fields.Bytes);
        }
    }

    public ReadOnlySpan<byte> Key { get; }

    public OtlpValue Value { get; }
}

/// <summary>What an AnyValue holds; the numbers are its field numbers.</summary>
public enum OtlpValueType : byte
{
    None = 0, String = 1, Bool = 2, Int = 3, Double = 4, Array = 5, KeyValueList = 6, Bytes = 7,
}

/// <summary>One AnyValue.</summary>
public readonly ref struct OtlpValue
{
    private readonly ulong number;

    public OtlpValue(ReadOnlySpan<byte> anyValue)
    {
        var fields = new ProtobufReader(anyValue);
        while (fields.Read())
        {
            var fits = fields.Field switch
            {
                1 or 5 or 6 or 7 => fields.Type == WireType.Bytes,
                2 or 3 => fields.Type == WireType.Varint,
                4 => fields.Type == WireType.Fixed64,
                _ => false,
            };
            if (!fits) continue;
            Type = (OtlpValueType)fields.Field;
            if (fields.Type == WireType.Bytes) Raw = fields.Bytes;
            else number = fields.Number;
        }
    }

    public OtlpValueType Type { get; }

    /// <summary>UTF-8 of a string, the bytes of a bytes value, or the ArrayValue / KeyValueList message.</summary>
    public ReadOnlySpan<byte> Raw { get; }

    public bool Bool => number != 0;

    public long Int => (long)number;

    public double Double => BitConverter.UInt64BitsToDouble(number);

    /// <summary>Values of an array.</summary>
    public OtlpValues Items => new(Type == OtlpValueType.Array ? Raw : default);

    /// <summary>Pairs of a key-value list.</summary>
    public OtlpAttributes Pairs => new(Type == OtlpValueType.KeyValueList ? Raw : default, field: 1);
}

/// <summary>Enumerates the values of an ArrayValue.</summary>
public ref struct OtlpValues(ReadOnlySpan<byte> array)
{
    private ProtobufReader fields = new(array);

    public OtlpValue Current { get; private set; }

    public readonly OtlpValues GetEnumerator() => this;

    public bool MoveNext()
    {
        while (fields.Read())
        {
            if (fields is not { Field: 1, Type: WireType.Bytes }) continue;
            Current = new OtlpValue(fields.Bytes);
            return true;
        }

        return false;
    }
}
