using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Normalize.Reading;
using Callwatch.Spans;

namespace Callwatch.Normalize.Messages;

/// <summary>Copies messages into the normal form, for whoever opens a span.</summary>
internal static class MessageReader
{
    private const int LongestUri = 2_000;

    // Every call is compared with those before it.
    private const int MostParts = 2_000;

    /// <summary>Null when nothing of the message was captured.</summary>
    public static ChatMessage? Read(JsonView message, string roleByPlace)
    {
        var role = MessageParts.Role(message, roleByPlace);
        var body = MessageParts.Body(message);
        var parts = new List<MessagePart>();
        AddReasoning(body, parts);
        if (role == "tool" && MessageParts.IdOfCall(body) is { IsAbsent: false } id && !HoldsResults(body))
            AddResult(id, body.First("content"u8, "output"u8, "result"u8), parts);
        else AddContent(body, parts);
        AddCalls(body, parts);
        var finish = MessageParts.FinishReason(message).ToText();
        return parts.Count == 0 && finish is null ? null : new ChatMessage(role, parts, finish);
    }

    private static void AddReasoning(JsonView body, List<MessagePart> parts)
    {
        if (body.Form != JsonForm.Object || body["type"u8].Is("reasoning"u8)) return;
        var text = body.First("reasoning_content"u8, "reasoning"u8);
        if (text.Form == JsonForm.Text) AddText("reasoning", text, parts);
    }

    private static bool HoldsResults(JsonView body)
    {
        foreach (var item in MessageParts.Content(body).Items)
            if (MessageParts.KindOf(MessageParts.Unwrap(item.Value)) == PartKind.ToolResult) return true;
        return false;
    }

    private static void AddContent(JsonView body, List<MessagePart> parts)
    {
        // An item of the responses API is a part that stands where a message would.
        if (body.Form == JsonForm.Object && MessageParts.KindOf(body) is PartKind.ToolCall or PartKind.ToolResult or PartKind.Reasoning or PartKind.Image
            && body["role"u8].IsAbsent && body["type"u8].Form == JsonForm.Text)
        {
            AddPart(body, parts);
            return;
        }

        var content = MessageParts.Content(body);
        if (content.Form == JsonForm.Text) AddText("text", content, parts);
        else if (content.Form == JsonForm.Object) AddPart(content, parts);
        else
        {
            foreach (var item in content.Items)
            {
                if (item.Value.Form == JsonForm.Text) AddText("text", item.Value, parts);
                else if (item.Value.Form == JsonForm.Object) AddPart(MessageParts.Unwrap(item.Value), parts);
            }
        }

        if (content.IsAbsent && body["refusal"u8].Form == JsonForm.Text) AddText("text", body["refusal"u8], parts);
    }

    private static void AddCalls(JsonView body, List<MessagePart> parts)
    {
        foreach (var list in (ReadOnlySpan<byte>)[0, 1])
        {
            var calls = list == 0 ? body["tool_calls"u8] : body["additional_kwargs"u8]["tool_calls"u8];
            foreach (var item in calls.Items) AddCall(MessageParts.Unwrap(item.Value), parts);
        }

        if (body["function_call"u8] is { Form: JsonForm.Object } old) AddCall(old, parts);
        if (body["function_call_name"u8].Form == JsonForm.Text) AddCall(body, parts);
    }

    // The same call may stand among the parts and in a list of calls; the ordered copy came first.
    private static void AddCall(JsonView call, List<MessagePart> parts)
    {
        var (id, name) = (MessageParts.IdOfCall(call).ToText(), MessageParts.NameOfCall(call).ToText());
        if (parts.Count >= MostParts) return;
        var arguments = Loose(ArgumentsOf(call));
        foreach (var part in parts)
        {
            if (part.Type != "tool_call") continue;
            if (id is not null ? part.Id == id : part.Name == name && JsonNode.DeepEquals(part.Arguments, arguments)) return;
        }

        parts.Add(new MessagePart("tool_call") { Id = id, Name = name, Arguments = arguments });
    }

    private static JsonView ArgumentsOf(JsonView call)
    {
        var arguments = call.First("arguments"u8, "input"u8, "args"u8);
        if (arguments.IsAbsent) arguments = call.First("function"u8, "functionCall"u8, "toolUse"u8).First("arguments"u8, "args"u8, "input"u8);
        return arguments.IsAbsent ? call.First("function.arguments"u8, "function_call_arguments_json"u8) : arguments;
    }

    private static void AddPart(JsonView part, List<MessagePart> parts)
    {
        if (parts.Count >= MostParts) return;
        switch (MessageParts.KindOf(part))
        {
            case PartKind.Text when MessageParts.TextOf(part) is { IsAbsent: false } text: AddText("text", text, parts); break;
            case PartKind.Reasoning: AddText("reasoning", ReasoningText(part), parts); break;
            case PartKind.ToolCall: AddCall(part, parts); break;
            case PartKind.ToolResult:
                var inner = part.First("functionResponse"u8, "toolResult"u8);
                var result = part.First("response"u8, "result"u8, "output"u8);
                if (result.IsAbsent) result = part["content"u8];
                AddResult(MessageParts.IdOfCall(part), result.IsAbsent ? inner.First("response"u8, "content"u8) : result, parts);
                break;
            case PartKind.Image: parts.Add(Media.Read(part, "image", LongestUri)); break;
            case PartKind.Audio: parts.Add(Media.Read(part, "audio", LongestUri)); break;
            case PartKind.File: parts.Add(Media.Read(part, "file", LongestUri)); break;
            default: parts.Add(new MessagePart("other") { Raw = part.ToNode() }); break;
        }
    }

    private static JsonView ReasoningText(JsonView part)
    {
        var text = part.First("content"u8, "text"u8, "thinking"u8);
        if (text.Form == JsonForm.Text) return text;
        var summary = part.First("summary"u8, "content"u8).Items;
        return summary.MoveNext() ? MessageParts.TextOf(summary.Current.Value) : part["reasoning"u8];
    }

    private static void AddText(string type, JsonView text, List<MessagePart> parts)
    {
        if (text.Form == JsonForm.Text && !text.Raw.IsEmpty && !text.Is("__REDACTED__"u8)) parts.Add(new MessagePart(type) { Text = text.ToText() });
    }

    private static void AddResult(JsonView id, JsonView result, List<MessagePart> parts)
    {
        if (!result.Is("__REDACTED__"u8)) parts.Add(new MessagePart("tool_result") { Id = id.ToText(), Result = Loose(result) });
    }

    /// <summary>JSON inside a string, quoted text too, is taken out of it; other text stays text.</summary>
    public static JsonNode? Loose(JsonView value) => value.Form == JsonForm.Text ? Loose(value.ToText()!) : value.ToNode();

    public static JsonNode Loose(string text) =>
        text.AsSpan().TrimStart() is ['{' or '[' or '"', ..] && Parse(Encoding.UTF8.GetBytes(text)) is { } json ? json : JsonValue.Create(text);

    private static JsonNode? Parse(byte[] json)
    {
        var (tokens, count) = (new JsonToken[64], 0);
        var root = JsonIndex.Add(json, ref tokens, ref count);
        return root < 0 ? null : new JsonView(json, tokens, root).ToNode();
    }
}
