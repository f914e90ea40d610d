using System.Text;
using System.Text.Json;

namespace Callwatch.Client.Capture;

/// <summary>
/// Messages of each dialect in the shape of the GenAI conventions: <c>[{"role", "parts": [{"type": "text" | "tool_call" | "tool_call_response" | "reasoning" | ..., ...}], "finish_reason"?}]</c>.
/// A part that is none of these goes as it is.
/// </summary>
internal static class MessageJson
{
    /// <summary>A list of messages with <c>role</c> and <c>content</c> (OpenAI, Anthropic); also a bare text, which is the user's.</summary>
    public static string? Of(JsonElement messages) => Write(json =>
    {
        if (messages.Is(JsonValueKind.String))
        {
            Begin(json, "user");
            Text(json, messages.GetString());
            End(json);
            return;
        }

        foreach (var message in messages.Items()) Message(json, message);
    }, isEmpty: messages.ValueKind is not (JsonValueKind.String or JsonValueKind.Array));

    /// <summary>Gemini's <c>contents</c>.</summary>
    public static string? OfGemini(JsonElement contents) => Write(json =>
    {
        foreach (var content in contents.Items()) GeminiMessage(json, content, null);
    }, isEmpty: !contents.Is(JsonValueKind.Array));

    /// <summary>Parts alone: system instructions.</summary>
    public static string? Parts(JsonElement content) => Write(json =>
    {
        if (content.Is(JsonValueKind.Object)) content = content.Get("parts");
        if (content.Is(JsonValueKind.String)) Text(json, content.GetString());
        foreach (var part in content.Items()) Part(json, part);
    }, isEmpty: content.ValueKind is not (JsonValueKind.String or JsonValueKind.Array or JsonValueKind.Object));

    /// <summary>What came in pieces, put together; null when nothing came.</summary>
    public static string? Answer(CallFacts facts) => facts.Text.Length == 0 && facts.Reasoning.Length == 0 && facts.Tools.Count == 0 ? null : Write(json =>
    {
        Begin(json, "assistant");
        if (facts.Reasoning.Length > 0) Text(json, facts.Reasoning.ToString(), "reasoning");
        if (facts.Text.Length > 0) Text(json, facts.Text.ToString());
        foreach (var tool in facts.Tools) ToolCall(json, tool.Id, tool.Name, tool.Arguments.ToString());
        End(json, facts.FinishReasons.FirstOrDefault());
    });

    /// <summary>Messages of an answer that came whole.</summary>
    public static string? Answers(IEnumerable<(JsonElement Message, string? Finish)> answers) => Write(json =>
    {
        foreach (var (message, finish) in answers) Message(json, message, finish);
    });

    public static string? GeminiAnswers(JsonElement candidates) => Write(json =>
    {
        foreach (var candidate in candidates.Items()) GeminiMessage(json, candidate.Get("content"), candidate.Text("finishReason"));
    }, isEmpty: !candidates.Is(JsonValueKind.Array));

    private static void Message(Utf8JsonWriter json, JsonElement message, string? finish = null)
    {
        if (!message.Is(JsonValueKind.Object)) return;
        if (message.Text("role") is not { } role)
        {
            // The Responses API lists calls and their outputs beside the messages.
            Begin(json, message.Text("type") is "function_call_output" ? "tool" : "assistant");
            Part(json, message);
            End(json, finish);
            return;
        }

        Begin(json, role);
        var content = message.Get("content");
        if (message.Text("reasoning_content") is { } thought) Text(json, thought, "reasoning");
        if (role == "tool") ToolResult(json, message.Text("tool_call_id"), content);
        else if (content.Is(JsonValueKind.String)) Text(json, content.GetString());
        foreach (var part in role == "tool" ? default : content.Items()) Part(json, part);
        foreach (var call in message.Get("tool_calls").Items()) ToolCall(json, call.Text("id"), call.Get("function").Text("name"), call.Get("function").Text("arguments"));
        if (message.Text("refusal") is { } refusal) Text(json, refusal);
        End(json, finish);
    }

    private static void Part(Utf8JsonWriter json, JsonElement part)
    {
        switch (part.Text("type"))
        {
            case "text" or "input_text" or "output_text":
                Text(json, part.Text("text"));
                break;
            case "thinking":
                Text(json, part.Text("thinking"), "reasoning");
                break;
            case "tool_use":
                ToolCall(json, part.Text("id"), part.Text("name"), part.Get("input"));
                break;
            case "function_call":
                ToolCall(json, part.Text("call_id") ?? part.Text("id"), part.Text("name"), part.Text("arguments"));
                break;
            case "tool_result":
                ToolResult(json, part.Text("tool_use_id"), part.Get("content"));
                break;
            case "function_call_output":
                ToolResult(json, part.Text("call_id"), part.Get("output"));
                break;
            case null when part.Text("text") is { } text:
                Text(json, text, part.Flag("thought") == true ? "reasoning" : "text");
                break;
            case null when part.Get("functionCall") is { ValueKind: JsonValueKind.Object } call:
                ToolCall(json, call.Text("id"), call.Text("name"), call.Get("args"));
                break;
            case null when part.Get("functionResponse") is { ValueKind: JsonValueKind.Object } result:
                ToolResult(json, result.Text("id") ?? result.Text("name"), result.Get("response"));
                break;
            default:
                if (part.ValueKind is JsonValueKind.Object or JsonValueKind.String) part.WriteTo(json);
                break;
        }
    }

    private static void GeminiMessage(Utf8JsonWriter json, JsonElement content, string? finish)
    {
        Begin(json, content.Text("role") switch { "model" or null => finish is null && content.Text("role") is null ? "user" : "assistant", var role => role });
        foreach (var part in content.Get("parts").Items()) Part(json, part);
        End(json, finish);
    }

    private static void Text(Utf8JsonWriter json, string? text, string type = "text")
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteString("content", text);
        json.WriteEndObject();
    }

    private static void ToolCall(Utf8JsonWriter json, string? id, string? name, string? arguments)
    {
        BeginCall(json, id, name);
        json.WriteString("arguments", arguments);
        json.WriteEndObject();
    }

    private static void ToolCall(Utf8JsonWriter json, string? id, string? name, JsonElement arguments)
    {
        BeginCall(json, id, name);
        if (!arguments.Is(JsonValueKind.Undefined))
        {
            json.WritePropertyName("arguments");
            arguments.WriteTo(json);
        }

        json.WriteEndObject();
    }

    private static void BeginCall(Utf8JsonWriter json, string? id, string? name)
    {
        json.WriteStartObject();
        json.WriteString("type", "tool_call");
        if (id is not null) json.WriteString("id", id);
        json.WriteString("name", name);
    }

    private static void ToolResult(Utf8JsonWriter json, string? id, JsonElement result)
    {
        json.WriteStartObject();
        json.WriteString("type", "tool_call_response");
        if (id is not null) json.WriteString("id", id);
        if (!result.Is(JsonValueKind.Undefined))
        {
            json.WritePropertyName("response");
            result.WriteTo(json);
        }

        json.WriteEndObject();
    }

    private static void Begin(Utf8JsonWriter json, string role)
    {
        json.WriteStartObject();
        json.WriteString("role", role);
        json.WriteStartArray("parts");
    }

    private static void End(Utf8JsonWriter json, string? finish = null)
    {
        json.WriteEndArray();
        if (finish is not null) json.WriteString("finish_reason", finish);
        json.WriteEndObject();
    }

    private static string? Write(Action<Utf8JsonWriter> content, bool isEmpty = false)
    {
        if (isEmpty) return null;
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartArray();
            content(json);
            json.WriteEndArray();
        }

        return bytes.Length <= 2 ? null : Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }
}
