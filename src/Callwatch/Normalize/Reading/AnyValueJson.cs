using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Receive.Otlp;

namespace Callwatch.Normalize.Reading;

/// <summary>OTLP values as JSON: structured values say the same as the JSON strings that most SDKs send in their place.</summary>
internal static class AnyValueJson
{
    /// <summary>Text for people and for previews; whoever puts it into a page encodes it there.</summary>
    public static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 256 };

    /// <summary>Deepest nesting of what we build: answers put it inside objects of their own and may not pass 64 levels.</summary>
    public const int MaxDepth = 48;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static JsonNode? ToNode(WireValue value) => value.Form switch
    {
        ValueForm.List => List(new OtlpValues(value.Raw), 0),
        ValueForm.Pairs => Pairs(new OtlpAttributes(value.Raw, field: 1), 0),
        _ => null,
    };

    /// <summary>Any value; null for an empty one. Bytes become base64.</summary>
    public static JsonNode? ToNode(OtlpValue value, int depth = 0) => value.Type switch
    {
        OtlpValueType.String => JsonValue.Create(Encoding.UTF8.GetString(value.Raw)),
        OtlpValueType.Bool => JsonValue.Create(value.Bool),
        OtlpValueType.Int => JsonValue.Create(value.Int),
        OtlpValueType.Double when double.IsFinite(value.Double) => JsonValue.Create(value.Double),
        OtlpValueType.Double => JsonValue.Create(value.Double.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        OtlpValueType.Bytes => JsonValue.Create(Convert.ToBase64String(value.Raw)),
        OtlpValueType.Array when depth < MaxDepth => List(value.Items, depth),
        OtlpValueType.KeyValueList when depth < MaxDepth => Pairs(value.Pairs, depth),
        _ => null,
    };

    /// <summary>All attributes of a message as one object; of a key given twice the last counts.</summary>
    public static JsonObject Pairs(OtlpAttributes pairs, int depth = 0)
    {
        var node = new JsonObject();
        foreach (var pair in pairs) node[Encoding.UTF8.GetString(pair.Key)] = ToNode(pair.Value, depth + 1);
        return node;
    }

    /// <summary>The same as JSON text.</summary>
    public static byte[] ToUtf8(OtlpValue value)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Plain)) Write(json, value, 0);
        return buffer.WrittenSpan.ToArray();
    }

    private static JsonArray List(OtlpValues items, int depth)
    {
        var list = new JsonArray();
        foreach (var item in items) list.Add(ToNode(item, depth + 1));
        return list;
    }

    private static void Write(Utf8JsonWriter json, OtlpValue value, int depth)
    {
        switch (value.Type)
        {
            case OtlpValueType.String: json.WriteStringValue(Encoding.UTF8.GetString(value.Raw)); break;
            case OtlpValueType.Bool: json.WriteBooleanValue(value.Bool); break;
            case OtlpValueType.Int: json.WriteNumberValue(value.Int); break;
            case OtlpValueType.Double when double.IsFinite(value.Double): json.WriteNumberValue(value.Double); break;
            case OtlpValueType.Bytes: json.WriteBase64StringValue(value.Raw); break;
            case OtlpValueType.Array when depth < MaxDepth:
                json.WriteStartArray();
                foreach (var item in value.Items) Write(json, item, depth + 1);
                json.WriteEndArray();
                break;
            case OtlpValueType.KeyValueList when depth < MaxDepth:
                json.WriteStartObject();
                foreach (var pair in value.Pairs)
                {
                    json.WritePropertyName(Encoding.UTF8.GetString(pair.Key));
                    Write(json, pair.Value, depth + 1);
                }

                json.WriteEndObject();
                break;
            default: json.WriteNullValue(); break;
        }
    }
}
