using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>Writes <c>metadata</c> and <c>invocation_params</c> of a run's <c>extra</c>.</summary>
internal static class RunMetadata
{
    // Read by LangSmith itself: from our own facts only.
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal) { "usage_metadata", "session_id", "thread_id", "conversation_id", "ls_provider", "ls_model_name", "ls_model_type" };

    public static void Write(Utf8JsonWriter json, Run run, Anchor anchor)
    {
        var span = run.Span.Span;
        var metadata = run.Span.Metadata();
        foreach (var name in Reserved) metadata.Remove(name);
        OfTrace(metadata, span.SessionId ?? anchor.SessionId, span.UserId ?? anchor.UserId, span.Environment ?? anchor.Environment, span.Release ?? anchor.Release, span.TraceId);
        metadata["otel_span_id"] = span.SpanId.ToString();
        if (IsElsewhere(run, anchor)) metadata["otel_parent_span_id"] = span.ParentSpanId.ToString();
        if (run.CompletesRoot) metadata["started_at"] = span.Start.Iso();
        if (span.Call is { } call && RunType.Of(run.Span) is "llm" or "embedding") OfModel(metadata, span, call);
        Put(json, "metadata", metadata);
        if (span.Parameters() is { Count: > 0 } parameters) Put(json, "invocation_params", parameters);
    }

    public static void WriteOfTrace(Utf8JsonWriter json, Anchor anchor)
    {
        var metadata = new JsonObject { ["app"] = anchor.App };
        OfTrace(metadata, anchor.SessionId, anchor.UserId, anchor.Environment, anchor.Release, anchor.TraceId);
        Put(json, "metadata", metadata);
    }

    // Its parent is another process's, or came too late to be named.
    private static bool IsElsewhere(Run run, Anchor anchor)
    {
        var parent = run.Span.Span.ParentSpanId;
        if (parent.IsNone || run.Parent == PlatformIds.OfSpan(anchor.TraceId, parent)) return false;
        return run.Parent is null || anchor.RootIsMissing || parent != anchor.RootSpanId;
    }

    // The session on every run of the trace, or sums and filters of the thread miss the children.
    private static void OfTrace(JsonObject metadata, string? session, string? user, string? environment, string? release, TraceId trace)
    {
        Set(metadata, "session_id", session);
        Set(metadata, "user_id", user);
        Set(metadata, "environment", environment);
        Set(metadata, "revision_id", release);
        metadata["otel_trace_id"] = trace.ToString();
    }

    private static void OfModel(JsonObject metadata, Span span, LlmCall call)
    {
        Set(metadata, "ls_provider", call.Provider);

        // Without the name no cost is computed.
        Set(metadata, "ls_model_name", call.Model);
        metadata["ls_model_type"] = span.Kind switch { SpanKind.Completion => "llm", SpanKind.Embedding => "embedding", _ => "chat" };
        if (call.Temperature is { } temperature) metadata["ls_temperature"] = temperature;
        if (call.MaxTokens is { } most) metadata["ls_max_tokens"] = most;
        if (call.StopSequences.Count > 0) metadata["ls_stop"] = new JsonArray([.. call.StopSequences.Select(stop => JsonValue.Create(stop))]);
        if (call.FinishReasonsRaw.Count > 0) metadata["finish_reason"] = string.Join(", ", call.FinishReasonsRaw);
        Set(metadata, "prompt_name", call.PromptName);
        Set(metadata, "prompt_version", call.PromptVersion);
    }

    private static void Set(JsonObject metadata, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) metadata[name] = value;
    }

    private static void Put(Utf8JsonWriter json, string name, JsonObject value)
    {
        json.WritePropertyName(name);
        value.WriteTo(json);
    }
}
