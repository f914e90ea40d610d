using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Callwatch.Receive.Otlp;

namespace Callwatch.Forward.Destinations.Shared.Otlp;

/// <summary>
/// Protobuf to OTLP/JSON: lowerCamelCase names, ids in lower-case hex, 64-bit integers as decimal strings, enums as numbers. Fields that the
/// shape does not know are left out: JSON has no names for them.
/// </summary>
internal static class OtlpJsonOut
{
    private const int DeepestValue = 70;

    public static byte[] Of(OtlpJsonShape shape, ReadOnlySpan<byte> message)
    {
        var bytes = new ArrayBufferWriter<byte>((message.Length * 2) + 64);
        using var json = new Utf8JsonWriter(bytes, PlainJson.Writer);
        Message(json, shape.Fields, message);
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    private static void Message(Utf8JsonWriter json, ReadOnlySpan<OtlpJsonField> fields, ReadOnlySpan<byte> message)
    {
        json.WriteStartObject();
        foreach (var field in fields)
        {
            if (field.IsRepeated) Repeated(json, field, message);
            else Single(json, field, message);
        }

        json.WriteEndObject();
    }

    // Of a field that comes several times the last counts.
    private static void Single(Utf8JsonWriter json, OtlpJsonField field, ReadOnlySpan<byte> message)
    {
        var found = new ProtobufReader(message);
        var at = new ProtobufReader(message);
        var isThere = false;
        while (at.Read())
        {
            if (at.Field != field.Number) continue;
            found = at;
            isThere = true;
        }

        if (!isThere) return;
        json.WritePropertyName(field.Name);
        Value(json, field, ref found, 0);
    }

    private static void Repeated(Utf8JsonWriter json, OtlpJsonField field, ReadOnlySpan<byte> message)
    {
        var at = new ProtobufReader(message);
        var isOpen = false;
        while (at.Read())
        {
            if (at.Field != field.Number) continue;
            if (!isOpen) json.WriteStartArray(field.Name);
            isOpen = true;
            if (at.Type == WireType.Bytes && field.Kind is JsonKind.Fixed64 or JsonKind.Double or JsonKind.Varint) Packed(json, field, at.Bytes);
            else Value(json, field, ref at, 0);
        }

        if (isOpen) json.WriteEndArray();
    }

    private static void Packed(Utf8JsonWriter json, OtlpJsonField field, ReadOnlySpan<byte> bytes)
    {
        if (field.Kind == JsonKind.Varint)
        {
            while (bytes.Length > 0)
            {
                ulong value = 0;
                for (var shift = 0; bytes.Length > 0; shift += 7)
                {
                    var next = bytes[0];
                    bytes = bytes[1..];
                    if (shift < 64) value |= (ulong)(next & 0x7F) << shift;
                    if (next < 0x80) break;
                }

                json.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
            }

            return;
        }

        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            var value = BitConverter.ToUInt64(bytes);
            if (field.Kind == JsonKind.Double) Real(json, BitConverter.UInt64BitsToDouble(value));
            else json.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static void Value(Utf8JsonWriter json, OtlpJsonField field, ref ProtobufReader at, int depth)
    {
        switch (field.Kind)
        {
            case JsonKind.Text:
                json.WriteStringValue(Encoding.UTF8.GetString(at.Bytes));
                break;
            case JsonKind.Bytes:
                json.WriteBase64StringValue(at.Bytes);
                break;
            case JsonKind.Id:
                json.WriteStringValue(Convert.ToHexStringLower(at.Bytes));
                break;
            case JsonKind.Bool:
                json.WriteBooleanValue(at.Number != 0);
                break;
            case JsonKind.Signed:
                json.WriteNumberValue((int)(at.Number >> 1) ^ -(int)(at.Number & 1));
                break;
            case JsonKind.Varint when field.Name is "intValue":
                json.WriteStringValue(unchecked((long)at.Number).ToString(CultureInfo.InvariantCulture));
                break;
            case JsonKind.Varint or JsonKind.Fixed32 or JsonKind.Enum:
                json.WriteNumberValue(at.Number);
                break;
            case JsonKind.Fixed64 when field.Name is "asInt":
                json.WriteStringValue(unchecked((long)at.Number).ToString(CultureInfo.InvariantCulture));
                break;
            case JsonKind.Fixed64:
                json.WriteStringValue(at.Number.ToString(CultureInfo.InvariantCulture));
                break;
            case JsonKind.Double:
                Real(json, BitConverter.UInt64BitsToDouble(at.Number));
                break;
            case JsonKind.Message:
                Message(json, field.Message!.Fields, at.Bytes);
                break;
            case JsonKind.AnyValue:
                Any(json, at.Bytes, depth);
                break;
        }
    }

    // By hand because it contains itself and has a bound.
    private static void Any(Utf8JsonWriter json, ReadOnlySpan<byte> value, int depth)
    {
        json.WriteStartObject();
        var at = new ProtobufReader(value);
        while (depth < DeepestValue && at.Read())
        {
            var number = at.Field;
            if (Array.Find(OtlpJsonShape.AnyValue, field => field.Number == number) is not { } field) continue;
            json.WritePropertyName(field.Name);
            if (number is 5 or 6) List(json, at.Bytes, isMap: number == 6, depth);
            else Value(json, field, ref at, depth);
            break;
        }

        json.WriteEndObject();
    }

    private static void List(Utf8JsonWriter json, ReadOnlySpan<byte> list, bool isMap, int depth)
    {
        json.WriteStartObject();
        json.WriteStartArray("values");
        var at = new ProtobufReader(list);
        while (at.Read())
        {
            if (at is not { Field: 1, Type: WireType.Bytes }) continue;
            if (isMap) Pair(json, at.Bytes, depth + 1);
            else Any(json, at.Bytes, depth + 1);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Pair(Utf8JsonWriter json, ReadOnlySpan<byte> pair, int depth)
    {
        json.WriteStartObject();
        var at = new ProtobufReader(pair);
        while (at.Read())
        {
            if (at is { Field: 1, Type: WireType.Bytes }) json.WriteString("key", Encoding.UTF8.GetString(at.Bytes));
            if (at is not { Field: 2, Type: WireType.Bytes }) continue;
            json.WritePropertyName("value");
            Any(json, at.Bytes, depth);
        }

        json.WriteEndObject();
    }

    // The JSON mapping of protobuf has words for what JSON has no numbers for.
    private static void Real(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value)) json.WriteNumberValue(value);
        else json.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    }
}
