using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Opik;

/// <summary>A trace and its spans as Opik's batches take them (server of 2026, TypeScript client 2.0). Every row is complete: a batch replaces whole rows. Pure.</summary>
internal static class OpikMapping
{
    public const string Traces = "traces";
    public const string Spans = "spans";
    public const string TraceScores = "trace-scores";
    public const string SpanScores = "span-scores";

    public static IReadOnlyList<OutboundItem> Items(TraceToSend trace, Anchor anchor, string project)
    {
        List<OutboundItem> items = [];
        var root = trace.Spans.FirstOrDefault(span => span.Span.SpanId == anchor.RootSpanId);

        // The row of the trace: with its first part, and again when its true root comes after all.
        var late = root is null ? trace.Spans.FirstOrDefault(span => span.Span.ParentSpanId.IsNone) : null;
        if (trace.Revision.Seq == anchor.Seq || late is not null) items.Add(TraceRow(trace, anchor, root ?? late, project));
        var starts = trace.Spans.ToDictionary(span => span.Span.SpanId, span => span.Span.Start);
        foreach (var span in trace.Spans)
        {
            items.Add(SpanRow(span, anchor, starts, project));
            items.AddRange(span.Span.Scores.Where(score => score.Value is not null).Select(score => Score(span, score, anchor, project)));
        }

        return items;
    }

    private static OutboundItem TraceRow(TraceToSend trace, Anchor anchor, SpanToSend? root, string project)
    {
        var metadata = root?.Metadata() ?? new JsonObject { ["app"] = anchor.App };
        foreach (var (key, value) in anchor.Metadata) metadata[key] = value;
        Put(metadata, "user_id", anchor.UserId);
        Put(metadata, "release", anchor.Release);
        Put(metadata, "environment", anchor.Environment);
        var end = root?.Span.End ?? trace.Spans.Select(span => span.Span.End).Max();
        var json = new JsonObject
        {
            ["id"] = OpikIds.Trace(anchor),
            ["project_name"] = project,
            ["name"] = anchor.Name,
            ["start_time"] = (root?.Span.Start ?? anchor.Start).Iso(),
            ["end_time"] = end.Iso(),
            ["input"] = Wrapped(root?.Input(), "input"),
            ["output"] = Wrapped(root?.Output(), "output"),
            ["metadata"] = metadata,
            ["tags"] = new JsonArray([.. anchor.Tags.Distinct(StringComparer.Ordinal).Select(tag => JsonValue.Create(tag))]),
            ["source"] = "sdk",
        };
        Put(json, "thread_id", anchor.SessionId);
        Put(json, "environment", anchor.Environment);
        if (root?.Span.Call?.TtftNanoseconds is { } ttft) json["ttft"] = ttft / 1e6;
        if (root?.Span.Outcome == Outcome.Error) json["error_info"] = Error(root.Span);
        return Item(Traces, 0, OpikIds.Trace(anchor), anchor.TraceId, root is null ? [] : [root.Span.SpanId], json);
    }

    private static OutboundItem SpanRow(SpanToSend span, Anchor anchor, Dictionary<SpanId, Timestamp> starts, string project)
    {
        var id = OpikIds.Span(span.Span.SpanId, span.Span.Start, anchor);
        var call = span.Span.Call;
        var metadata = span.Metadata();
        Put(metadata, "user_id", span.Span.UserId ?? anchor.UserId);
        Put(metadata, "release", span.Span.Release ?? anchor.Release);
        Put(metadata, "environment", span.Span.Environment ?? anchor.Environment);
        if (span.Span.Parameters() is { Count: > 0 } parameters) metadata["model_parameters"] = parameters;
        if (call?.TtftNanoseconds is { } ttft) metadata["time_to_first_token"] = ttft / 1e6;
        var json = new JsonObject { ["id"] = id, ["trace_id"] = OpikIds.Trace(anchor), ["project_name"] = project };

        // A parent that went with an earlier part has an id that cannot be told without its start: the span hangs beneath the trace then.
        if (starts.TryGetValue(span.Span.ParentSpanId, out var parentStart)) json["parent_span_id"] = OpikIds.Span(span.Span.ParentSpanId, parentStart, anchor);
        json["name"] = span.Span.DisplayName;
        json["type"] = TypeOf(span.Span);
        json["start_time"] = span.Span.Start.Iso();
        json["end_time"] = span.Span.End.Iso();
        json["input"] = Wrapped(span.Content.InputMessages.Count > 0 ? new JsonObject { ["messages"] = span.Input() } : span.Content.Input?.DeepClone(), "input");
        json["output"] = Wrapped(
            span.Content.OutputMessages.Count > 0 ? new JsonObject { ["messages"] = MessageForms.OpenAi(span.Content.OutputMessages) }
            : span.Content.Documents.Count > 0 ? new JsonObject { ["documents"] = span.Documents() } : span.Content.Output?.DeepClone(),
            "output");
        json["metadata"] = metadata;
        Put(json, "model", call?.Model);
        Put(json, "provider", ProviderOf(call?.Provider));
        json["tags"] = new JsonArray([.. span.Span.Tags.Distinct(StringComparer.Ordinal).Select(tag => JsonValue.Create(tag))]);
        if (call is not null && Usage(call.Usage) is { Count: > 0 } usage) json["usage"] = usage;
        if (call?.Cost.TotalUsd is { } cost) json["total_estimated_cost"] = cost;
        if (call?.TtftNanoseconds is { } first) json["ttft"] = first / 1e6;
        if (span.Span.Outcome == Outcome.Error) json["error_info"] = Error(span.Span);
        Put(json, "environment", span.Span.Environment ?? anchor.Environment);
        json["source"] = "sdk";
        return Item(Spans, 1, id, span.Span.TraceId, [span.Span.SpanId], json);
    }

    private static OutboundItem Score(SpanToSend span, Score score, Anchor anchor, string project)
    {
        var ofTrace = span.Span.SpanId == anchor.RootSpanId;
        var json = new JsonObject
        {
            ["id"] = ofTrace ? OpikIds.Trace(anchor) : OpikIds.Span(span.Span.SpanId, span.Span.Start, anchor),
            ["project_name"] = project,
            ["name"] = score.Name,
            ["value"] = score.Value,
            ["source"] = "sdk",
        };
        Put(json, "reason", score.Comment);
        return Item(ofTrace ? TraceScores : SpanScores, 2, $"{json["id"]}/{score.Name}", span.Span.TraceId, [span.Span.SpanId], json);
    }

    private static OutboundItem Item(string route, int stage, string id, TraceId trace, IReadOnlyList<SpanId> spans, JsonObject json) => new()
    {
        Route = route,
        Stage = stage,
        TraceId = trace,
        SpanIds = spans,
        Id = id,
        Payload = Encoding.UTF8.GetBytes(json.ToJsonString(PlainJson.Options)),
    };

    private static string TypeOf(Span span) => span.Kind switch
    {
        _ when span.Kind.IsCall() => "llm",
        SpanKind.SuggestedQuestion or SpanKind.GenerateConversationName when span.Call is not null => "llm",
        SpanKind.Tool or SpanKind.Retrieval => "tool",
        SpanKind.Guardrail or SpanKind.Moderation => "guardrail",
        _ => "general",
    };

    // As Opik names them, for its price list.
    private static string? ProviderOf(string? provider) => provider switch
    {
        "google" or "gemini" or "google_ai" => "google_ai",
        "vertex" or "vertex_ai" or "google_vertexai" => "google_vertexai",
        "aws" or "aws_bedrock" or "bedrock" => "bedrock",
        _ => provider,
    };

    // Flat, integers of 32 bits only; dots are part of the names.
    private static JsonObject Usage(TokenUsage usage)
    {
        var json = new JsonObject();
        Count("prompt_tokens", usage.Input);
        Count("completion_tokens", usage.Output);
        Count("total_tokens", usage.Total);
        Count("original_usage.prompt_tokens_details.cached_tokens", usage.CacheRead);
        Count("original_usage.cache_creation_input_tokens", usage.CacheWrite);
        Count("original_usage.completion_tokens_details.reasoning_tokens", usage.Reasoning);
        return json;

        void Count(string name, long? value)
        {
            if (value is >= 0 and <= int.MaxValue) json[name] = value.Value;
        }
    }

    private static JsonObject Error(Span span)
    {
        var message = span.Error?.Message ?? span.Error?.Type ?? "failed";
        return new JsonObject
        {
            ["exception_type"] = span.Error?.Type is { Length: > 0 } type ? type : "Error",
            ["message"] = message,

            // Must not be blank there.
            ["traceback"] = string.IsNullOrWhiteSpace(span.Error?.Stack) ? message : span.Error.Stack,
        };
    }

    private static JsonObject Wrapped(JsonNode? value, string name) => value switch
    {
        null => [],
        JsonObject map => map,
        _ => new JsonObject { [name] = value },
    };

    private static void Put(JsonObject json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) json[name] = value;
    }
}
