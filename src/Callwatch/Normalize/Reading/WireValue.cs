using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Callwatch.Receive.Otlp;

namespace Callwatch.Normalize.Reading;

/// <summary>
/// One value as it came, whether an AnyValue or a piece of JSON, with the readings of genai-attributes section 2.
/// Every reading answers "absent" to what is empty or does not fit, so that the next rule is tried.
/// </summary>
internal readonly ref struct WireValue
{
    // Sums of counts and of what they cost must stay far from the ends of their types.
    private const long MostCounted = 10_000_000_000;

    private readonly ReadOnlySpan<byte> raw;
    private readonly double number;
    private readonly long integer;

    public WireValue(OtlpValue any)
    {
        raw = any.Raw;
        Form = any.Type switch
        {
            OtlpValueType.String => ValueForm.Text,
            OtlpValueType.Bool => any.Bool ? ValueForm.True : ValueForm.False,
            OtlpValueType.Int => ValueForm.Integer,
            OtlpValueType.Double => ValueForm.Double,
            OtlpValueType.Array => ValueForm.List,
            OtlpValueType.KeyValueList => ValueForm.Pairs,
            _ => ValueForm.None,
        };
        integer = any.Int;
        number = any.Double;
        if (Form == ValueForm.Text && raw.IsEmpty) Form = ValueForm.None;
    }

    public WireValue(JsonView json)
    {
        Json = json;
        raw = json.Raw;
        Form = json.Form switch
        {
            JsonForm.Text when raw.IsEmpty => ValueForm.None,
            JsonForm.Text => json.Escaped ? ValueForm.EscapedText : ValueForm.Text,
            JsonForm.Number => ValueForm.Number,
            JsonForm.True => ValueForm.True,
            JsonForm.False => ValueForm.False,
            JsonForm.Array when !json.Items.MoveNext() => ValueForm.None,
            JsonForm.Array or JsonForm.Object => ValueForm.Json,
            _ => ValueForm.None,
        };
    }

    public ValueForm Form { get; }

    /// <summary>Set where <see cref="Form"/> is <see cref="ValueForm.Json"/> or the value came out of JSON.</summary>
    public JsonView Json { get; }

    /// <summary>UTF-8 of text (escaped if the form says so), the wire bytes of a list or of pairs.</summary>
    public ReadOnlySpan<byte> Raw => raw;

    public bool IsAbsent => Form == ValueForm.None;

    public bool IsText => Form is ValueForm.Text or ValueForm.EscapedText;

    public bool Is(ReadOnlySpan<byte> word) => Form == ValueForm.Text && raw.SequenceEqual(word);

    public string? Text(Utf8Words words) => Form switch
    {
        ValueForm.Text => words.Get(raw),
        ValueForm.EscapedText => JsonText.Read(raw, escaped: true),
        ValueForm.Integer => integer.ToString(CultureInfo.InvariantCulture),
        ValueForm.Double => number.ToString("R", CultureInfo.InvariantCulture),
        ValueForm.Number or ValueForm.Json => Encoding.UTF8.GetString(raw),
        ValueForm.True => "true",
        ValueForm.False => "false",
        ValueForm.List or ValueForm.Pairs => AnyValueJson.ToNode(this)?.ToJsonString(AnyValueJson.Readable) is { Length: > 2 } json ? json : null,
        _ => null,
    };

    /// <summary>A whole number: an int, a whole double, or either in decimal digits.</summary>
    public long? Integer()
    {
        switch (Form)
        {
            case ValueForm.Integer: return integer;
            case ValueForm.Double: return Whole(number);
            case ValueForm.Text or ValueForm.Number:
                var digits = raw.Trim((byte)' ');
                if (Utf8Parser.TryParse(digits, out long value, out var used) && used == digits.Length) return value;
                return Double() is { } real ? Whole(real) : null;
            default: return null;
        }
    }

    /// <summary>A count: negative means "unknown" (older Semantic Kernel writes -1), and more than any call can have is no count either.</summary>
    public long? Count() => Integer() is >= 0 and <= MostCounted and var count ? count : null;

    /// <summary>A finite number.</summary>
    public double? Double()
    {
        var value = Form switch
        {
            ValueForm.Integer => integer,
            ValueForm.Double => number,
            ValueForm.Text or ValueForm.Number => Parsed(raw.Trim((byte)' ')),
            _ => double.NaN,
        };
        return double.IsFinite(value) ? value : null;
    }

    /// <summary>Money: exact where the wire was.</summary>
    public decimal? Money()
    {
        if (Form is ValueForm.Text or ValueForm.Number && decimal.TryParse(raw, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact)) return exact >= 0 ? exact : null;
        return Double() is >= 0 and < 1e15 and var near ? (decimal)near : null;
    }

    public bool? Flag() => Form switch
    {
        ValueForm.True => true,
        ValueForm.False => false,
        ValueForm.Text when Ascii.EqualsIgnoreCase(raw, "true"u8) => true,
        ValueForm.Text when Ascii.EqualsIgnoreCase(raw, "false"u8) => false,
        _ => null,
    };

    private static double Parsed(ReadOnlySpan<byte> digits) =>
        Utf8Parser.TryParse(digits, out double value, out var used) && used == digits.Length ? value : double.NaN;

    private static long? Whole(double value) => value == Math.Floor(value) && Math.Abs(value) < 9e18 ? (long)value : null;
}

/// <summary>How a value was written.</summary>
internal enum ValueForm : byte
{
    None,

    /// <summary>UTF-8 as it is meant.</summary>
    Text,

    /// <summary>JSON text with escapes.</summary>
    EscapedText,
    True,
    False,
    Integer,
    Double,

    /// <summary>Digits of a JSON number.</summary>
    Number,

    /// <summary>An OTLP array.</summary>
    List,

    /// <summary>An OTLP key-value list.</summary>
    Pairs,

    /// <summary>A JSON object or array.</summary>
    Json,
}
