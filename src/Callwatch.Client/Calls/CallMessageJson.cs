using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Callwatch.Client.Calls;

/// <summary>Messages told by hand, in the shape of the GenAI conventions. One writer a thread: a call is told between two lines of somebody's own code.</summary>
internal static class CallMessageJson
{
    // A thread keeps no more than this; longer messages have a buffer of their own.
    private const int KeptBytes = 64 << 10;

    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Bytes, Utf8JsonWriter Json)? kept;

    public static string Of(IEnumerable<CallMessage> all, string? finishReason = null)
    {
        var (bytes, json) = Begin();
        json.WriteStartArray();
        foreach (var message in all)
        {
            json.WriteStartObject();
            json.WriteString("role"u8, message.Role);
            json.WritePropertyName("parts"u8);
            Parts(json, message.Content);
            if (finishReason is not null) json.WriteString("finish_reason"u8, finishReason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        return End(bytes, json);
    }

    /// <summary>An answer that is but a text.</summary>
    public static string Of(string text, string? finishReason)
    {
        var (bytes, json) = Begin();
        json.WriteStartArray();
        json.WriteStartObject();
        json.WriteString("role"u8, "assistant"u8);
        json.WriteStartArray("parts"u8);
        json.WriteStartObject();
        json.WriteString("type"u8, "text"u8);
        json.WriteString("content"u8, text);
        json.WriteEndObject();
        json.WriteEndArray();
        if (finishReason is not null) json.WriteString("finish_reason"u8, finishReason);
        json.WriteEndObject();
        json.WriteEndArray();
        return End(bytes, json);
    }

    private static void Parts(Utf8JsonWriter json, JsonNode? content)
    {
        if (content is JsonArray parts)
        {
            parts.WriteTo(json);
            return;
        }

        json.WriteStartArray();
        if (content is not null)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "text"u8);
            json.WritePropertyName("content"u8);
            content.WriteTo(json);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static (ArrayBufferWriter<byte> Bytes, Utf8JsonWriter Json) Begin()
    {
        // Taken out meanwhile: whoever lists the messages may tell of another call while doing so.
        if (kept is { } mine)
        {
            kept = null;
            return mine;
        }

        var bytes = new ArrayBufferWriter<byte>(1_024);
        return (bytes, new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }));
    }

    private static string End(ArrayBufferWriter<byte> bytes, Utf8JsonWriter json)
    {
        json.Flush();
        var text = Encoding.UTF8.GetString(bytes.WrittenSpan);
        if (bytes.Capacity > KeptBytes) return text;
        bytes.ResetWrittenCount();
        json.Reset();
        kept = (bytes, json);
        return text;
    }
}
