using Callwatch.Normalize.Reading;

namespace Callwatch.Normalize.Messages;

/// <summary>What kind of thing a part of a message is, whatever its writer calls it.</summary>
internal enum PartKind : byte
{
    Other, Text, Reasoning, ToolCall, ToolResult, Image, Audio, File,
}

/// <summary>
/// The anatomy of one message in all its spellings: GenAI parts, OpenAI chat and responses, Anthropic, Gemini, Bedrock, AI SDK, LangChain,
/// OpenInference (genai-attributes, section 7). Looks, copies nothing.
/// </summary>
internal static class MessageParts
{
    private static readonly WordTable<PartKind> Kinds = new(
        ("text", PartKind.Text), ("input_text", PartKind.Text), ("output_text", PartKind.Text), ("refusal", PartKind.Text),
        ("reasoning", PartKind.Reasoning), ("thinking", PartKind.Reasoning),
        ("tool_call", PartKind.ToolCall), ("tool-call", PartKind.ToolCall), ("tool_use", PartKind.ToolCall), ("function_call", PartKind.ToolCall),
        ("function", PartKind.ToolCall), ("server_tool_use", PartKind.ToolCall), ("mcp_call", PartKind.ToolCall),
        ("tool_call_response", PartKind.ToolResult), ("tool-result", PartKind.ToolResult), ("tool_result", PartKind.ToolResult), ("function_call_output", PartKind.ToolResult),
        ("image", PartKind.Image), ("image_url", PartKind.Image), ("input_image", PartKind.Image),
        ("image_generation_call", PartKind.Image), ("audio", PartKind.Audio), ("input_audio", PartKind.Audio),
        ("file", PartKind.File), ("input_file", PartKind.File), ("document", PartKind.File), ("video", PartKind.File));

    private static readonly WordTable<string> Roles = new(
        ("user", "user"), ("human", "user"), ("assistant", "assistant"), ("ai", "assistant"), ("model", "assistant"), ("system", "system"),
        ("developer", "developer"), ("tool", "tool"), ("function", "tool"), ("HumanMessage", "user"), ("AIMessage", "assistant"), ("AIMessageChunk", "assistant"),
        ("SystemMessage", "system"), ("ToolMessage", "tool"), ("FunctionMessage", "tool"),
        ("gen_ai.user.message", "user"), ("gen_ai.assistant.message", "assistant"), ("gen_ai.system.message", "system"), ("gen_ai.tool.message", "tool"),
        ("gen_ai.choice", "assistant"));

    /// <summary>The role a message gives itself, else the one of its place.</summary>
    public static string Role(JsonView message, string byPlace)
    {
        if (message.Form != JsonForm.Object) return byPlace;
        var role = message["role"u8];
        if (role.IsAbsent) role = Body(message)["role"u8];
        if (role.Form == JsonForm.Text) return Roles.TryGet(role.Raw, out var known) ? known : role.ToText()!;

        // LangChain: {"lc":1,"type":"constructor","id":["langchain_core","messages","HumanMessage"],"kwargs":{...}} or {"type":"human",...}
        JsonView last = default;
        foreach (var item in message["id"u8].Items) last = item.Value;
        if (last.Form == JsonForm.Text && Roles.TryGet(last.Raw, out var byClass)) return byClass;
        if (message["type"u8] is { Form: JsonForm.Text } type && Roles.TryGet(type.Raw, out var byType) && !type.Is("function"u8)) return byType;
        if (message["event.name"u8] is { Form: JsonForm.Text } name && Roles.TryGet(name.Raw, out var byEvent)) return byEvent;
        return message["type"u8].Is("function_call_output"u8) ? "tool" : byPlace;
    }

    /// <summary>The object that holds content and tool calls: some writers wrap it.</summary>
    public static JsonView Body(JsonView message)
    {
        if (message.Form != JsonForm.Object) return message;
        if (message["message"u8] is { Form: JsonForm.Object } inner) return message["message"u8]["kwargs"u8] is { Form: JsonForm.Object } kwargs ? kwargs : inner;
        if (message["kwargs"u8] is { Form: JsonForm.Object } own) return own;
        if (message["delta"u8] is { Form: JsonForm.Object } delta) return delta;
        if (message["prompt"u8] is { Form: JsonForm.Object } prompt) return prompt;
        if (message["completion"u8] is { Form: JsonForm.Object } completion) return completion;
        if (message["content"u8] is { Form: JsonForm.Object } content && content["parts"u8].Form == JsonForm.Array) return content;
        return message["data"u8] is { Form: JsonForm.Object } data && !data["content"u8].IsAbsent ? data : message;
    }

    /// <summary>What a message says: parts, a string, or a part itself.</summary>
    public static JsonView Content(JsonView body)
    {
        if (body.Form != JsonForm.Object) return body;
        var content = body.First("parts"u8, "contents"u8, "content"u8);
        return content.IsAbsent ? body["text"u8] : content;
    }

    /// <summary>True for a list of parts rather than of messages.</summary>
    public static bool IsPartList(JsonView array)
    {
        var items = array.Items;
        if (!items.MoveNext() || items.Current.Value is not { Form: JsonForm.Object } first) return false;
        if (!first["role"u8].IsAbsent || first["message"u8].Form == JsonForm.Object || first["kwargs"u8].Form == JsonForm.Object) return false;
        if (first["type"u8] is { Form: JsonForm.Text } type) return KindOf(first) is PartKind.Text or PartKind.Image or PartKind.Audio or PartKind.File or PartKind.Reasoning && !type.Is("reasoning"u8);
        return first["text"u8].Form == JsonForm.Text && first["generation_info"u8].IsAbsent && first["finish_reason"u8].IsAbsent;
    }

    public static PartKind KindOf(JsonView part)
    {
        var type = part["type"u8];
        if (type.Form == JsonForm.Text)
        {
            if (Kinds.TryGet(type.Raw, out var kind)) return kind;
            if (part["modality"u8] is { Form: JsonForm.Text } modality)
                return modality.Is("image"u8) ? PartKind.Image : modality.Is("audio"u8) ? PartKind.Audio : PartKind.File;
            if (type.Is("blob"u8) || type.Is("uri"u8)) return PartKind.File;
            return part["text"u8].Form == JsonForm.Text ? PartKind.Text : PartKind.Other;
        }

        if (part["text"u8].Form == JsonForm.Text) return PartKind.Text;
        if (!part.First("functionCall"u8, "toolUse"u8, "function"u8).IsAbsent) return PartKind.ToolCall;
        if (!part.First("functionResponse"u8, "toolResult"u8).IsAbsent) return PartKind.ToolResult;
        return part.First("inlineData"u8, "fileData"u8, "inline_data"u8).IsAbsent ? part["image"u8].IsAbsent ? PartKind.Other : PartKind.Image : PartKind.File;
    }

    /// <summary>Parts of OpenInference stand one level down; a call's says nothing but its type beside it.</summary>
    public static JsonView Unwrap(JsonView part)
    {
        if (part["tool_call"u8] is { Form: JsonForm.Object } call) return call;
        return part["message_content"u8] is { Form: JsonForm.Object } content ? content : part;
    }

    /// <summary>The text of a part that has some.</summary>
    public static JsonView TextOf(JsonView part)
    {
        var text = part.First("text"u8, "content"u8, "refusal"u8);
        return text.Form == JsonForm.Text ? text : default;
    }

    public static JsonView NameOfCall(JsonView call)
    {
        var function = call.First("function"u8, "functionCall"u8, "toolUse"u8);
        var name = call.First("name"u8, "toolName"u8, "tool_name"u8);
        if (name.IsAbsent && function.Form == JsonForm.Object) name = function["name"u8];
        return name.IsAbsent ? call.First("function.name"u8, "function_call_name"u8) : name;
    }

    public static JsonView IdOfCall(JsonView call)
    {
        var id = call.First("call_id"u8, "tool_call_id"u8, "toolCallId"u8);
        if (id.IsAbsent) id = call.First("id"u8, "tool_use_id"u8);
        return id.IsAbsent ? call.First("functionCall"u8, "toolUse"u8, "toolResult"u8).First("id"u8, "toolUseId"u8) : id;
    }

    public static JsonView FinishReason(JsonView message)
    {
        var reason = message.First("finish_reason"u8, "finishReason"u8, "stop_reason"u8);
        if (reason.IsAbsent) reason = Body(message).First("finish_reason"u8, "stop_reason"u8);
        return reason.Form == JsonForm.Text && !reason.Raw.IsEmpty ? reason : default;
    }
}
