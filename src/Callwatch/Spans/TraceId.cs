using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Callwatch.Spans;

/// <summary>W3C trace id: 16 bytes, written as 32 lower-case hex digits. All zero means "none".</summary>
public readonly record struct TraceId(ulong High, ulong Low) : ISpanParsable<TraceId>, IComparable<TraceId>
{
    public bool IsNone => (High | Low) == 0;

    /// <summary>The id in the 16 bytes of a wire field; false when there are not exactly 16.</summary>
    public static bool TryRead(ReadOnlySpan<byte> wire, out TraceId id)
    {
        if (wire.Length != 16)
        {
            id = default;
            return false;
        }

        id = new TraceId(BinaryPrimitives.ReadUInt64BigEndian(wire), BinaryPrimitives.ReadUInt64BigEndian(wire[8..]));
        return true;
    }

    public void Write(Span<byte> wire)
    {
        BinaryPrimitives.WriteUInt64BigEndian(wire, High);
        BinaryPrimitives.WriteUInt64BigEndian(wire[8..], Low);
    }

    public byte[] ToBytes()
    {
        var bytes = new byte[16];
        Write(bytes);
        return bytes;
    }

    public int CompareTo(TraceId other) => High == other.High ? Low.CompareTo(other.Low) : High.CompareTo(other.High);

    public override string ToString() => string.Create(32, this, static (text, id) =>
    {
        id.High.TryFormat(text, out _, "x16", CultureInfo.InvariantCulture);
        id.Low.TryFormat(text[16..], out _, "x16", CultureInfo.InvariantCulture);
    });

    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out TraceId result)
    {
        if (s.Length == 32
            && ulong.TryParse(s[..16], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var high)
            && ulong.TryParse(s[16..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var low))
        {
            result = new TraceId(high, low);
            return true;
        }

        result = default;
        return false;
    }

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out TraceId result) =>
        TryParse(s.AsSpan(), provider, out result);

    public static TraceId Parse(ReadOnlySpan<char> s, IFormatProvider? provider) =>
        TryParse(s, provider, out var id) ? id : throw new FormatException("A trace id is 32 hex digits.");

    public static TraceId Parse(string s, IFormatProvider? provider = null) => Parse(s.AsSpan(), provider);
}

/// <summary>W3C span id: 8 bytes, written as 16 lower-case hex digits. Zero means "none".</summary>
public readonly record struct SpanId(ulong Value) : ISpanParsable<SpanId>, IComparable<SpanId>
{
    public bool IsNone => Value == 0;

    /// <summary>The id in the 8 bytes of a wire field; false when there are not exactly 8.</summary>
    public static bool TryRead(ReadOnlySpan<byte> wire, out SpanId id)
    {
        if (wire.Length != 8)
        {
            id = default;
            return false;
        }

        id = new SpanId(BinaryPrimitives.ReadUInt64BigEndian(wire));
        return true;
    }

    public void Write(Span<byte> wire) => BinaryPrimitives.WriteUInt64BigEndian(wire, Value);

    /// <summary>The 8 bytes of a wire field.</summary>
    public byte[] ToBytes()
    {
        var wire = new byte[8];
        Write(wire);
        return wire;
    }

    public int CompareTo(SpanId other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);

    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out SpanId result)
    {
        var legal = ulong.TryParse(s, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && s.Length == 16;
        result = legal ? new SpanId(value) : default;
        return legal;
    }

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out SpanId result) =>
        TryParse(s.AsSpan(), provider, out result);

    public static SpanId Parse(ReadOnlySpan<char> s, IFormatProvider? provider) =>
        TryParse(s, provider, out var id) ? id : throw new FormatException("A span id is 16 hex digits.");

    public static SpanId Parse(string s, IFormatProvider? provider = null) => Parse(s.AsSpan(), provider);
}
