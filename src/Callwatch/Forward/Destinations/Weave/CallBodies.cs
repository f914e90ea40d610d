using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Weave;

/// <summary>
/// Writes <c>inputs</c> and <c>output</c>: of model calls shaped as a request to OpenAI and its answer, which is what the chat view looks for and what
/// Weave's own patched clients send.
/// </summary>
internal static class CallBodies
{
    public static void Write(Utf8JsonWriter json, SpanToSend span)
    {
        json.WriteStartObject("inputs");
        Inputs(json, span);
        json.WriteEndObject();
        json.WritePropertyName("output");
        Output(json, span);
    }

    public static void Tokens(Utf8JsonWriter json, TokenUsage usage)
    {
        if (usage.Input is { } input) json.WriteNumber("prompt_tokens", input);
        if (usage.Output is { } output) json.WriteNumber("completion_tokens", output);
        if ((usage.Total ?? usage.Input + usage.Output) is { } total) json.WriteNumber("total_tokens", total);
    }

    private static void Inputs(Utf8JsonWriter json, SpanToSend span)
    {
        var input = span.Input();
        if (!span.Span.IsCall())
        {
            Wrapped(json, input, span.Span.Kind is SpanKind.Retrieval or SpanKind.Rerank ? "query" : "input");
            return;
        }

        if ((span.Span.Call!.RequestModel ?? span.Span.Call.Model) is { } model) json.WriteString("model", model);
        if (IsMessages(input)) Put(json, "messages", input);
        else if (input is not null) Put(json, "input", input);
        if (span.Content.Tools.Count > 0)
        {
            json.WriteStartArray("tools");
            foreach (var tool in span.Content.Tools) tool.WriteTo(json);
            json.WriteEndArray();
        }

        foreach (var (name, value) in span.Span.Parameters()) Put(json, name, value);
    }

    // An object, never a bare text or list.
    private static void Wrapped(Utf8JsonWriter json, JsonNode? input, string name)
    {
        if (input is JsonObject map)
        {
            foreach (var (key, value) in map) Put(json, key, value);
        }
        else if (input is not null)
        {
            Put(json, IsMessages(input) ? "messages" : name, input);
        }
    }

    private static void Output(Utf8JsonWriter json, SpanToSend span)
    {
        var call = span.Span.IsCall() ? span.Span.Call : null;
        if (call is not null && span.Content.OutputMessages.Count > 0 && MessageForms.OpenAi(span.Content.OutputMessages) is { } messages) Completion(json, span, call, messages);
        else if (span.Output() is { } output) output.WriteTo(json);
        else json.WriteNullValue();
    }

    private static void Completion(Utf8JsonWriter json, SpanToSend span, LlmCall call, JsonArray messages)
    {
        json.WriteStartObject();
        if (call.ResponseId is { } id) json.WriteString("id", id);
        if (call.Model is { } model) json.WriteString("model", model);
        json.WriteStartArray("choices");
        for (var i = 0; i < messages.Count; i++)
        {
            json.WriteStartObject();
            json.WriteNumber("index", i);
            Put(json, "message", messages[i]);
            if ((i < call.FinishReasonsRaw.Count ? call.FinishReasonsRaw[i] : span.Content.OutputMessages.ElementAtOrDefault(i)?.FinishReason) is { } reason) json.WriteString("finish_reason", reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (!call.Usage.IsUnknown) Usage(json, call.Usage);
        json.WriteEndObject();
    }

    private static void Usage(Utf8JsonWriter json, TokenUsage usage)
    {
        json.WriteStartObject("usage");
        Tokens(json, usage);
        Details(json, "prompt_tokens_details", ("cached_tokens", usage.CacheRead), ("cache_write_tokens", usage.CacheWrite), ("audio_tokens", usage.AudioInput));
        Details(json, "completion_tokens_details", ("reasoning_tokens", usage.Reasoning), ("audio_tokens", usage.AudioOutput));
        json.WriteEndObject();
    }

    private static void Details(Utf8JsonWriter json, string name, params (string Name, long? Value)[] details)
    {
        if (details.All(detail => detail.Value is null)) return;
        json.WriteStartObject(name);
        foreach (var detail in details)
            if (detail.Value is { } value) json.WriteNumber(detail.Name, value);
        json.WriteEndObject();
    }

    private static bool IsMessages(JsonNode? node) => node is JsonArray { Count: > 0 } list && list.All(item => item is JsonObject message && message.ContainsKey("role"));

    private static void Put(Utf8JsonWriter json, string name, JsonNode? value)
    {
        json.WritePropertyName(name);
        if (value is null) json.WriteNullValue();
        else value.WriteTo(json);
    }
}
