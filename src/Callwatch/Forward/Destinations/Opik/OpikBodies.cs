using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Opik;

/// <summary>The parts of a row that are no identity: what a span is, what went in and out, what it used, how it failed.</summary>
internal static class OpikBodies
{
    public static string TypeOf(Span span) => span.Kind switch
    {
        // The same call as another span is counted there.
        _ when span.MergedInto is not null => "general",
        _ when span.Kind.IsCall() => "llm",
        SpanKind.SuggestedQuestion or SpanKind.GenerateConversationName => "llm",
        SpanKind.Tool or SpanKind.Retrieval => "tool",
        SpanKind.Guardrail or SpanKind.Moderation => "guardrail",
        _ => "general",
    };

    /// <summary>Always an object: text and lists are wrapped.</summary>
    public static JsonObject Input(SpanToSend? span)
    {
        var body = span?.Input();
        return IsMessages(body) ? new JsonObject { ["messages"] = body } : Wrapped(body, "input");
    }

    public static JsonObject Output(SpanToSend? span)
    {
        if (span is { Span.Kind: SpanKind.Retrieval or SpanKind.Rerank, Content.Documents.Count: > 0 }) return new JsonObject { ["documents"] = span.Documents() };
        var body = span?.Output();
        if (body is JsonObject message && message.ContainsKey("role")) return new JsonObject { ["messages"] = new JsonArray(message) };
        return IsMessages(body) ? new JsonObject { ["messages"] = body } : Wrapped(body, "output");
    }

    /// <summary>As Opik names them, for its price list.</summary>
    public static string? ProviderOf(string? provider) => provider switch
    {
        "google" or "gemini" or "google_ai" => "google_ai",
        "vertex" or "vertex_ai" or "google_vertexai" => "google_vertexai",
        "aws" or "aws_bedrock" or "bedrock" => "bedrock",
        _ => provider,
    };

    /// <summary>Flat, integers of 32 bits only; dots are part of the names.</summary>
    public static JsonObject Usage(TokenUsage usage)
    {
        var json = new JsonObject();
        Count("prompt_tokens", usage.Input);
        Count("completion_tokens", usage.Output);
        Count("total_tokens", usage is { Input: { } input, Output: { } output } ? input + output : usage.Total);
        Count("original_usage.prompt_tokens_details.cached_tokens", usage.CacheRead);
        Count("original_usage.cache_creation_input_tokens", usage.CacheWrite);
        Count("original_usage.completion_tokens_details.reasoning_tokens", usage.Reasoning);
        return json;

        void Count(string name, long? value)
        {
            if (value is >= 0 and <= int.MaxValue) json[name] = value.Value;
        }
    }

    public static JsonObject Error(Span span)
    {
        var type = string.IsNullOrWhiteSpace(span.Error?.Type) || span.Error.Type == "_OTHER" ? "Error" : span.Error.Type;
        var message = string.IsNullOrWhiteSpace(span.Error?.Message) ? type : span.Error.Message;

        // Neither may be blank there.
        return new JsonObject { ["exception_type"] = type, ["message"] = message, ["traceback"] = string.IsNullOrWhiteSpace(span.Error?.Stack) ? message : span.Error.Stack };
    }

    /// <summary>There is no level: what was flagged or cancelled is tagged.</summary>
    public static IEnumerable<string> Warning(SpanToSend? span) => span is not null && (span.IsFlagged() || span.Span.Outcome == Outcome.Cancelled) ? ["warning"] : [];

    /// <summary>As people know the parts of business records.</summary>
    public static IEnumerable<string> RecordTags(SpanToSend span) => span.Field("kind") switch
    {
        "node" => ["node_execution"],
        "chat" => ["llm"],
        "tool" => ["tool", span.Span.DisplayName],
        "retrieval" => ["dataset_retrieval"],
        "workflow" or "moderation" or "suggested_question" or "generate_conversation_name" => [span.Field("kind")!],
        _ => [],
    };

    private static bool IsMessages(JsonNode? body) => body is JsonArray { Count: > 0 } list && list.All(item => item is JsonObject one && one.ContainsKey("role"));

    private static JsonObject Wrapped(JsonNode? value, string name) => value switch
    {
        null => [],
        JsonObject map => map,
        _ => new JsonObject { [name] = value },
    };
}
