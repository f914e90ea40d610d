using System.Text.Json.Nodes;
using Callwatch.Normalize.Reading;

namespace Callwatch.Normalize.Messages;

/// <summary>The AI SDK writes an answer in pieces: text, tool calls, object, reasoning.</summary>
internal static class AiResponse
{
    /// <summary>The pieces as one message; null when there are none.</summary>
    public static byte[]? ToJson(SpanFacts facts)
    {
        if (!facts.Mentions(MessageSources.AiResponse)) return null;
        var parts = new JsonArray();
        if (Conversation.First(facts, MessageSources.AiReasoning) is { IsThere: true } reasoning)
            parts.Add(new JsonObject { ["type"] = "reasoning", ["content"] = reasoning.Value.Text(facts.Space.Words) });
        var text = Conversation.First(facts, MessageSources.AiText);
        if (!text.IsThere) text = Conversation.First(facts, MessageSources.AiObject);
        if (text.IsThere) parts.Add(new JsonObject { ["type"] = "text", ["content"] = text.Value.Text(facts.Space.Words) });
        foreach (var call in Conversation.First(facts, MessageSources.AiToolCalls).Json.Items)
        {
            if (call.Value.ToNode() is not JsonObject part) continue;
            part["type"] = "tool-call";
            parts.Add(part);
        }

        return parts.Count == 0 ? null : Bytes.Of(new JsonObject { ["role"] = "assistant", ["parts"] = parts });
    }
}

internal static class Bytes
{
    public static byte[] Of(JsonNode node) => System.Text.Encoding.UTF8.GetBytes(node.ToJsonString(AnyValueJson.Readable));
}
