using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Callwatch.Receive.Bodies;

namespace Callwatch.Receive.Otlp;

/// <summary>
/// Turns an OTLP/JSON request into the protobuf message it stands for, token by token, with nothing in between. Lenient where senders
/// differ: 64-bit numbers as strings or numbers, enums as numbers or names, both spellings of names, null for absent, unknown fields
/// passed over. What is wrong with a single value (an id that is not hex, text that is not UTF-8) goes through as something
/// <see cref="OtlpCanonical"/> refuses or mends; only what is not the JSON of such a request is refused here. Never throws.
/// </summary>
internal ref struct OtlpJson
{
    // Depth of values is bounded by MaxNesting; of what is passed over, by this (a bit of memory each).
    private const int MaxDepth = 1_000_000;

    private readonly ProtobufWriter writer;
    private readonly int maxNesting;
    private Utf8JsonReader json;
    private string? problem;

    private OtlpJson(ReadOnlySpan<byte> body, ProtobufWriter writer, int maxNesting)
    {
        this.writer = writer;
        this.maxNesting = maxNesting;
        json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
    }

    private readonly bool GoesOn => problem is null && writer.Buffer.Trouble == BufferTrouble.None;

    /// <summary>Null when the message has been written; else what is wrong, without any of the contents.
    /// When the buffer cannot grow, its <see cref="PayloadBuffer.Trouble"/> says so.</summary>
    public static string? Write(ReadOnlySpan<byte> body, OtlpJsonShape shape, PayloadBuffer message, int maxNesting)
    {
        if (body.StartsWith("\uFEFF"u8)) body = body[3..];
        var reading = new OtlpJson(body, new ProtobufWriter(message), maxNesting);
        try
        {
            if (!reading.json.Read() || reading.json.TokenType != JsonTokenType.StartObject) return "The body is not a JSON object.";
            reading.Fields(shape, nesting: 0);
            // Also complains about whatever follows the object.
            if (reading.GoesOn) reading.json.Read();
            return reading.problem;
        }
        catch (JsonException wrong)
        {
            return $"The body is not valid JSON: line {wrong.LineNumber + 1}, byte {wrong.BytePositionInLine + 1}.";
        }
    }

    private void Fields(OtlpJsonShape shape, int nesting)
    {
        while (GoesOn && json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var field = Find(shape.Fields);
            json.Read();
            if (field is null || json.TokenType == JsonTokenType.Null)
            {
                json.Skip();
            }
            else if (!field.IsRepeated)
            {
                One(field, nesting);
            }
            else if (json.TokenType == JsonTokenType.StartArray)
            {
                while (GoesOn && json.Read() && json.TokenType != JsonTokenType.EndArray)
                    if (json.TokenType != JsonTokenType.Null) One(field, nesting);
            }
            else
            {
                Wrong(field, "an array");
            }
        }
    }

    private OtlpJsonField? Find(ReadOnlySpan<OtlpJsonField> fields)
    {
        foreach (var field in fields)
            if (field.IsNamed(ref json)) return field;
        return null;
    }

    private void Wrong(OtlpJsonField field, string expected) => problem ??= $"\"{field.Name}\" at byte {json.TokenStartIndex + 1} must be {expected}.";

    private void One(OtlpJsonField field, int nesting)
    {
        if (field.Kind is JsonKind.Message or JsonKind.AnyValue)
        {
            if (json.TokenType != JsonTokenType.StartObject)
            {
                Wrong(field, "an object");
                return;
            }

            var open = writer.Begin(field.Number);
            if (field.Kind == JsonKind.AnyValue) Value(nesting + 1);
            else Fields(field.Message!, nesting);
            writer.End(open);
        }
        else if (json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            Wrong(field, "a single value");
        }
        else
        {
            Scalar(field);
        }
    }

    /// <summary>One level more than allowed is written, so that the check after this finds and counts it; what is beneath is passed over.</summary>
    private void Value(int nesting)
    {
        while (GoesOn && json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var field = nesting > maxNesting ? null : Find(OtlpJsonShape.AnyValue);
            json.Read();
            if (field is null || json.TokenType == JsonTokenType.Null) json.Skip();
            else One(field, nesting);
        }
    }

    private void Scalar(OtlpJsonField field)
    {
        switch (field.Kind)
        {
            case JsonKind.Text:
                Text(field.Number);
                break;
            case JsonKind.Bytes:
                Base64(field.Number);
                break;
            case JsonKind.Id:
                Hex(field.Number);
                break;
            case JsonKind.Bool:
                writer.Varint(field.Number, IsTrue() ? 1UL : 0);
                break;
            case JsonKind.Varint or JsonKind.Fixed64 or JsonKind.Fixed32 or JsonKind.Signed:
                if (TryInteger(out var number)) Integer(field, number);
                break;
            case JsonKind.Double:
                if (TryDouble(out var real)) writer.Double(field.Number, real);
                break;
            case JsonKind.Enum:
                if (TryInteger(out var value)) writer.Varint(field.Number, value);
                else if (Array.FindIndex(field.Words, NamedHere()) is >= 0 and var word) writer.Varint(field.Number, (ulong)word);
                break;
        }
    }

    private readonly void Integer(OtlpJsonField field, ulong number)
    {
        switch (field.Kind)
        {
            case JsonKind.Fixed64:
                writer.Fixed64(field.Number, number);
                break;
            case JsonKind.Fixed32:
                writer.Fixed32(field.Number, (uint)number);
                break;
            case JsonKind.Signed:
                writer.Varint(field.Number, (number << 1) ^ (ulong)((long)number >> 63));
                break;
            default:
                writer.Varint(field.Number, number);
                break;
        }
    }

    private readonly Predicate<string> NamedHere()
    {
        var name = json.TokenType == JsonTokenType.String && json.ValueSpan.Length < 64 ? Encoding.UTF8.GetString(json.ValueSpan) : "";
        return word => string.Equals(word, name, StringComparison.OrdinalIgnoreCase);
    }

    private readonly bool IsTrue() =>
        json.TokenType == JsonTokenType.True || (json.TokenType == JsonTokenType.String && json.ValueSpan is [(byte)'t' or (byte)'T', ..]);

    /// <summary>Signed or unsigned, as a number or a string of one, also where it is written as 1.5e3.</summary>
    private readonly bool TryInteger(out ulong number)
    {
        var digits = json.ValueSpan;
        number = 0;
        if (json.TokenType is not (JsonTokenType.Number or JsonTokenType.String) || digits.Length > 64) return false;
        if (Utf8Parser.TryParse(digits, out number, out var used) && used == digits.Length) return true;
        if (Utf8Parser.TryParse(digits, out long signed, out used) && used == digits.Length)
        {
            number = (ulong)signed;
            return true;
        }

        if (!Utf8Parser.TryParse(digits, out decimal real, out used) || used != digits.Length || real != decimal.Truncate(real)) return ByExponent(digits, out number);
        if (real is < long.MinValue or > ulong.MaxValue) return false;
        number = real < 0 ? (ulong)(long)real : (ulong)real;
        return true;
    }

    private static bool ByExponent(ReadOnlySpan<byte> digits, out ulong number)
    {
        number = 0;
        if (!Utf8Parser.TryParse(digits, out double real, out var used) || used != digits.Length || real != Math.Truncate(real)) return false;
        if (real is < -9.2e18 or > 1.84e19) return false;
        number = real < 0 ? (ulong)(long)real : (ulong)real;
        return true;
    }

    private readonly bool TryDouble(out double number)
    {
        var text = json.ValueSpan;
        number = 0;
        if (json.TokenType is not (JsonTokenType.Number or JsonTokenType.String) || text.Length > 512) return false;
        if (text.SequenceEqual("NaN"u8)) number = double.NaN;
        else if (text.SequenceEqual("Infinity"u8)) number = double.PositiveInfinity;
        else if (text.SequenceEqual("-Infinity"u8)) number = double.NegativeInfinity;
        else return Utf8Parser.TryParse(text, out number, out var used) && used == text.Length;
        return true;
    }

    private readonly void Text(int field)
    {
        var raw = json.ValueSpan;
        if (!json.ValueIsEscaped)
        {
            writer.Bytes(field, raw);
            return;
        }

        var open = writer.Begin(field, raw.Length);
        Unescape(raw);
        writer.End(open);
    }

    private readonly void Unescape(ReadOnlySpan<byte> raw)
    {
        var room = writer.Buffer.Free(raw.Length);
        if (room.IsEmpty) return;
        writer.Buffer.Advance(JsonText.Unescape(raw, room));
    }

    private readonly void Hex(int field)
    {
        var digits = json.ValueSpan;
        if (digits.IsEmpty) return;
        Span<byte> id = stackalloc byte[16];
        var legal = json.TokenType == JsonTokenType.String && digits.Length is 16 or 32
            && Convert.FromHexString(digits, id, out _, out var written) == OperationStatus.Done && written == digits.Length / 2;
        // One byte is no id: the check after this refuses the span, or clears the parent.
        writer.Bytes(field, legal ? id[..(digits.Length / 2)] : id[..1]);
    }

    private readonly void Base64(int field)
    {
        var raw = json.ValueSpan;
        var open = writer.Begin(field, raw.Length);
        Unescape(raw);
        while ((writer.Buffer.Length - open.Start) % 4 != 0 && writer.Buffer.Trouble == BufferTrouble.None) writer.Buffer.Append((byte)'=');
        if (writer.Buffer.Trouble != BufferTrouble.None) return;
        var bytes = writer.Buffer.Written[open.Start..];
        bytes.Replace((byte)'-', (byte)'+');
        bytes.Replace((byte)'_', (byte)'/');
        if (System.Buffers.Text.Base64.DecodeFromUtf8InPlace(bytes, out var length) != OperationStatus.Done) length = 0;
        writer.Buffer.CutTo(open.Start + length);
        writer.End(open);
    }
}
