using System.Text.Json.Nodes;
using Callwatch.Media;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Shared;

/// <summary>Chat messages in the two forms that platforms read.</summary>
internal static class MessageForms
{
    /// <summary>Roles with parts (OpenTelemetry GenAI semantic conventions 1.37 and later).</summary>
    /// <param name="result">The member that holds a tool's answer: <c>response</c> in the conventions, <c>result</c> at some platforms.</param>
    public static JsonArray? GenAi(IReadOnlyList<ChatMessage> messages, string result = "response") => messages.Count == 0 ? null :
    [
        .. messages.Select(message =>
        {
            var json = new JsonObject { ["role"] = message.Role, ["parts"] = new JsonArray([.. message.Parts.Select(part => GenAi(part, result))]) };
            if (message.FinishReason is not null) json["finish_reason"] = message.FinishReason;
            return json;
        }),
    ];

    /// <summary>Roles with content and tool calls (OpenAI Chat Completions).</summary>
    public static JsonArray? OpenAi(IReadOnlyList<ChatMessage> messages) => messages.Count == 0 ? null : [.. messages.SelectMany(OpenAi)];

    /// <summary>The texts of the messages, one beneath the other; null when there are none.</summary>
    public static string? TextOf(IReadOnlyList<ChatMessage> messages)
    {
        var texts = messages.SelectMany(message => message.Parts).Where(part => part.Type == "text").Select(part => part.Text).OfType<string>().ToList();
        return texts.Count == 0 ? null : string.Join("\n", texts);
    }

    private static JsonObject GenAi(MessagePart part, string result) => part.Type switch
    {
        "text" or "reasoning" => WithoutNulls(new JsonObject { ["type"] = part.Type, ["content"] = part.Text }),
        "tool_call" => WithoutNulls(new JsonObject { ["type"] = "tool_call", ["id"] = part.Id, ["name"] = part.Name ?? "unknown", ["arguments"] = part.Arguments?.DeepClone() }),
        "tool_result" => WithoutNulls(new JsonObject { ["type"] = "tool_call_response", ["id"] = part.Id, [result] = part.Result?.DeepClone() ?? part.Text }),
        "image" or "audio" or "file" => WithoutNulls(new JsonObject { ["type"] = "uri", ["modality"] = part.Type, ["mime_type"] = part.MimeType, ["uri"] = UriOf(part) }),
        _ => part.Raw as JsonObject is { } raw ? (JsonObject)raw.DeepClone() : WithoutNulls(new JsonObject { ["type"] = part.Type, ["content"] = part.Text }),
    };

    /// <summary>Where media are; for those that intake took out of the message the reference that stands in their place.</summary>
    public static string? UriOf(MessagePart part) =>
        part.Uri ?? (part.Media is { } media ? new MediaReference(media.Hash, media.MimeType, media.SizeBytes, media.State != MediaState.NotKept).ToString() : null);

    private static JsonObject WithoutNulls(JsonObject json)
    {
        foreach (var name in json.Where(pair => pair.Value is null).Select(pair => pair.Key).ToList()) json.Remove(name);
        return json;
    }

    // A tool's answer is a message of its own there, whatever message it came in.
    private static IEnumerable<JsonObject> OpenAi(ChatMessage message)
    {
        var results = message.Parts.Where(part => part.Type == "tool_result").ToList();
        foreach (var part in results)
            yield return new JsonObject { ["role"] = "tool", ["tool_call_id"] = part.Id, ["content"] = Text(part.Result) ?? part.Text };
        var rest = message.Parts.Where(part => part.Type != "tool_result").ToList();
        if (rest.Count == 0 && results.Count > 0) yield break;
        var json = new JsonObject { ["role"] = message.Role, ["content"] = Content(rest) };
        if (Reasoning(rest) is { } reasoning) json["reasoning_content"] = reasoning;
        var calls = rest.Where(part => part.Type == "tool_call").ToList();
        if (calls.Count > 0) json["tool_calls"] = new JsonArray([.. calls.Select(ToolCall)]);
        yield return json;
    }

    private static JsonNode? Content(List<MessagePart> parts)
    {
        var shown = parts.Where(part => part.Type is not ("tool_call" or "reasoning")).ToList();
        if (shown.Count == 0) return null;
        if (shown.TrueForAll(part => part.Type == "text")) return string.Join("\n", shown.Select(part => part.Text));
        return new JsonArray([.. shown.Select(part => part.Type switch
        {
            "text" => new JsonObject { ["type"] = "text", ["text"] = part.Text },
            "image" => new JsonObject { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = UriOf(part) } },
            "audio" or "file" => new JsonObject { ["type"] = "file", ["file"] = new JsonObject { ["url"] = UriOf(part), ["mime_type"] = part.MimeType } },
            _ => part.Raw?.DeepClone() ?? new JsonObject { ["type"] = "text", ["text"] = part.Text },
        })]);
    }

    private static string? Reasoning(List<MessagePart> parts) =>
        parts.Where(part => part.Type == "reasoning").Select(part => part.Text).OfType<string>().ToList() is { Count: > 0 } texts ? string.Join("\n", texts) : null;

    private static JsonObject ToolCall(MessagePart part) => new()
    {
        ["id"] = part.Id,
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = part.Name, ["arguments"] = Text(part.Arguments) ?? "{}" },
    };

    private static string? Text(JsonNode? node) => Otlp.OutboundAttributes.TextOf(node);
}
