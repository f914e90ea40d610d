using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Normalize.Reading;
using Callwatch.Receive.Otlp;

namespace Callwatch.Normalize.Messages;

/// <summary>Messages told one by one: log records, or span events of the same names (GenAI 1.28 to 1.36, Pydantic AI v1, Azure).</summary>
internal static class EventMessages
{
    /// <summary>The messages of one side as a JSON array, in order of time; null when there are none with content.</summary>
    public static byte[]? ToJson(SpanFacts facts, bool output)
    {
        if (facts.EventCount == 0) return null;
        var messages = new List<(ulong Time, JsonObject Message)>();
        for (var i = 0; i < facts.EventCount; i++)
        {
            var happening = facts.EventAt(i);
            if (IsMessage(happening.Name, output) && Message(facts, happening) is { } message) messages.Add((happening.Time, message));
        }

        if (messages.Count == 0) return null;
        var array = new JsonArray();
        foreach (var (_, message) in messages.OrderBy(entry => entry.Time)) array.Add(message);
        return Bytes.Of(array);
    }

    private static bool IsMessage(ReadOnlySpan<byte> name, bool output) =>
        output
            ? name.SequenceEqual("gen_ai.choice"u8)
            : name.SequenceEqual("gen_ai.user.message"u8) || name.SequenceEqual("gen_ai.system.message"u8)
                || name.SequenceEqual("gen_ai.assistant.message"u8) || name.SequenceEqual("gen_ai.tool.message"u8);

    private static JsonObject? Message(SpanFacts facts, Happening happening)
    {
        var body = happening.Body.Type == OtlpValueType.None ? OfAttributes(facts, happening) : AnyValueJson.ToNode(happening.Body);
        if (body is JsonValue text) body = OfText(facts, text);
        if (body is not JsonObject message) return null;
        message["event.name"] = Encoding.UTF8.GetString(happening.Name);

        // Without capture a choice still says how it ended, and calls name their tools.
        return message.ContainsKey("content") || message.ContainsKey("message") || message.ContainsKey("tool_calls") || message.ContainsKey("finish_reason") ? message : null;
    }

    private static JsonObject? OfAttributes(SpanFacts facts, Happening happening)
    {
        var content = happening["gen_ai.event.content"u8];
        if (content.Type == OtlpValueType.String)
            return facts.Json(new WireValue(content)).ToNode() as JsonObject ?? new JsonObject { ["content"] = Encoding.UTF8.GetString(content.Raw) };
        var message = AnyValueJson.Pairs(happening.Attributes);

        // Structures come as JSON strings where attributes cannot hold them.
        foreach (var key in new[] { "tool_calls", "message" })
            if (message[key] is JsonValue value && value.TryGetValue(out string? json) && facts.Made(Encoding.UTF8.GetBytes(json)).ToNode() is { } structure) message[key] = structure;
        return message;
    }

    private static JsonNode? OfText(SpanFacts facts, JsonValue text)
    {
        if (!text.TryGetValue(out string? json)) return null;
        return facts.Made(Encoding.UTF8.GetBytes(json)).ToNode() as JsonObject ?? new JsonObject { ["content"] = json };
    }
}
