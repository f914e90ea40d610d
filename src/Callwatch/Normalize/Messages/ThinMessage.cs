using Callwatch.Normalize.Reading;
using Callwatch.Spans;

namespace Callwatch.Normalize.Messages;

/// <summary>Single facts of one message, found without copying it.</summary>
internal static class ThinMessage
{
    private const int MostCalls = 100;

    /// <summary>The first text part.</summary>
    public static JsonView FirstText(JsonView message)
    {
        var content = MessageParts.Content(MessageParts.Body(message));
        if (content.Form == JsonForm.Text) return Shown(content);
        if (content.Form == JsonForm.Object) return Shown(MessageParts.TextOf(content));
        foreach (var item in content.Items)
        {
            var part = MessageParts.Unwrap(item.Value);
            var text = part.Form == JsonForm.Text ? part : MessageParts.KindOf(part) == PartKind.Text ? MessageParts.TextOf(part) : default;
            if (!Shown(text).IsAbsent) return text;
        }

        return default;
    }

    /// <summary>False when there is nothing in it but its role, or what was hidden on purpose.</summary>
    public static bool SaysSomething(JsonView message)
    {
        if (!FirstText(message).IsAbsent) return true;
        var body = MessageParts.Body(message);
        foreach (var item in MessageParts.Content(body).Items)
            if (item.Value.Form == JsonForm.Object && MessageParts.KindOf(MessageParts.Unwrap(item.Value)) != PartKind.Text) return true;
        return body["tool_calls"u8].Items.MoveNext() || body["function_call"u8].Form == JsonForm.Object;
    }

    /// <summary>Adds the tool calls of the message, each once.</summary>
    public static void Calls(JsonView message, ref List<ToolCallRef>? calls, Utf8Words words)
    {
        if (message.Form != JsonForm.Object) return;
        var body = MessageParts.Body(message);
        if (MessageParts.KindOf(body) == PartKind.ToolCall && body["type"u8].Form == JsonForm.Text) Call(body, ref calls, words);
        foreach (var item in MessageParts.Content(body).Items)
        {
            var part = MessageParts.Unwrap(item.Value);
            if (part.Form == JsonForm.Object && MessageParts.KindOf(part) == PartKind.ToolCall) Call(part, ref calls, words);
        }

        foreach (var item in body["tool_calls"u8].Items) Call(MessageParts.Unwrap(item.Value), ref calls, words);
        foreach (var item in body["additional_kwargs"u8]["tool_calls"u8].Items) Call(MessageParts.Unwrap(item.Value), ref calls, words);
        if (body["function_call"u8].Form == JsonForm.Object) Call(body["function_call"u8], ref calls, words);
    }

    public static void Call(JsonView call, ref List<ToolCallRef>? calls, Utf8Words words)
    {
        if (calls?.Count >= MostCalls) return;
        var id = MessageParts.IdOfCall(call).ToText();
        var name = MessageParts.NameOfCall(call);
        if (name.Form != JsonForm.Text || name.Raw.IsEmpty) return;
        if (calls is not null && id is not null)
        {
            foreach (var known in calls)
                if (known.Id == id) return;
        }

        (calls ??= []).Add(new ToolCallRef(id, name.Escaped ? Texts.Cut(name.ToText()!, 200) : Texts.Cut(words.Get(name.Raw), 200)));
    }

    private static JsonView Shown(JsonView text) => text.Form == JsonForm.Text && !text.Raw.IsEmpty && !text.Is("__REDACTED__"u8) ? text : default;
}
