using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Weave;

/// <summary>
/// The <c>attributes</c> of a call: the application's metadata by its own names, as Weave's clients put it; what the product knows under
/// <c>callwatch</c>.
/// </summary>
internal static class CallAttributes
{
    // Names in the common metadata that are the product's, not the application's.
    private static readonly HashSet<string> Ours = new(StringComparer.Ordinal)
    {
        "app", "kind", "span_name", "http_status", "merged_into", "model", "call_source", "request_model", "response_id",
    };

    // "weave" is the platform's own.
    private static readonly HashSet<string> Taken = new(StringComparer.Ordinal) { "weave", "callwatch", "tags" };

    public static JsonObject Of(SpanToSend span, Anchor anchor)
    {
        var (own, all) = (new JsonObject(), new JsonObject { ["callwatch"] = null });
        foreach (var (name, value) in span.Metadata())
        {
            if (Ours.Contains(name)) own[name] = value?.DeepClone();
            else all[Taken.Contains(name) ? "metadata." + name : name] = value?.DeepClone();
        }

        Put("user_id", span.Span.UserId ?? anchor.UserId);
        Put("session_id", span.Span.SessionId ?? anchor.SessionId);
        Put("environment", span.Span.Environment ?? anchor.Environment);
        Put("release", span.Span.Release ?? anchor.Release);
        Put("otel_trace_id", span.Span.TraceId.ToString());
        Put("otel_span_id", span.Span.SpanId.ToString());
        if (span.Span.Call is { } call) OfCall(own, call);
        all["callwatch"] = own;
        if (span.AllTags() is { Count: > 0 } tags) all["tags"] = new JsonArray([.. tags.Select(tag => JsonValue.Create(tag))]);
        return all;

        void Put(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value)) own[name] = value;
        }
    }

    private static void OfCall(JsonObject own, LlmCall call)
    {
        if (call.Provider is not null) own["provider"] = call.Provider;
        if (call.TtftNanoseconds is { } first) own["time_to_first_token_ms"] = first / 1e6;
        if (call.Cost.TotalUsd is { } cost) own["cost_usd"] = cost;
        if (call.PromptName is not null) own["prompt_name"] = call.PromptName;
        if (call.PromptVersion is not null) own["prompt_version"] = call.PromptVersion;
        if (call.Usage.IsUnknown) return;

        // Weave's usage knows totals only.
        var tokens = new JsonObject();
        Count("input", call.Usage.Input);
        Count("output", call.Usage.Output);
        Count("cache_read", call.Usage.CacheRead);
        Count("cache_write", call.Usage.CacheWrite);
        Count("reasoning", call.Usage.Reasoning);
        Count("audio_input", call.Usage.AudioInput);
        Count("audio_output", call.Usage.AudioOutput);
        own["tokens"] = tokens;

        void Count(string name, long? value)
        {
            if (value is { } count) tokens[name] = count;
        }
    }
}
