using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>
/// Runs of LangSmith (client 0.12): each finished span is created once, with the dotted order that the server checks. The trace is its root run;
/// what hangs beneath nobody here hangs beneath the root. Pure.
/// </summary>
internal static class LangSmithMapping
{
    public const string Route = "runs";
    public const string Feedback = "feedback";

    public static IReadOnlyList<OutboundItem> Items(TraceToSend trace, Anchor anchor, string project)
    {
        var root = PlatformIds.OfTrace(anchor.TraceId);
        var placed = new Dictionary<SpanId, Placed>(trace.Spans.Count);
        var starts = new Dictionary<(Guid, long), int>();
        List<OutboundItem> items = [];
        foreach (var span in trace.Spans)
        {
            var run = Place(span.Span, anchor, root, placed, starts);
            placed[span.Span.SpanId] = run;
            items.Add(Item(span, anchor, run, root, project));
        }

        items.AddRange(trace.Spans.SelectMany(span => Scores(span, placed[span.Span.SpanId].Id, root)));
        return items;
    }

    private static Placed Place(Span span, Anchor anchor, Guid root, Dictionary<SpanId, Placed> placed, Dictionary<(Guid, long), int> starts)
    {
        if (span.SpanId == anchor.RootSpanId) return new Placed(root, null, Segment(anchor.Start, root), anchor.Start);
        var parent = placed.GetValueOrDefault(span.ParentSpanId) ?? new Placed(root, null, Segment(anchor.Start, root), anchor.Start);
        var id = PlatformIds.OfSpan(span.TraceId, span.SpanId);

        // Never earlier than the parent, or the server refuses; siblings of one moment follow each other by a microsecond.
        var start = span.Start < parent.Start ? parent.Start : span.Start;
        var moment = (parent.Id, start.UnixNanoseconds / 1_000);
        var before = starts.GetValueOrDefault(moment);
        starts[moment] = before + 1;
        start = new Timestamp(start.UnixNanoseconds + (before * 1_000L));
        return new Placed(id, parent.Id, parent.Order + "." + Segment(start, id), start);
    }

    private static string Segment(Timestamp time, Guid id) =>
        time.ToDateTimeOffset().UtcDateTime.ToString("yyyyMMdd'T'HHmmssffffff'Z'", CultureInfo.InvariantCulture) + id.ToString("D");

    private static OutboundItem Item(SpanToSend span, Anchor anchor, Placed run, Guid root, string project)
    {
        var json = new JsonObject
        {
            ["id"] = run.Id.ToString("D"),
            ["trace_id"] = root.ToString("D"),
            ["dotted_order"] = run.Order,
        };
        if (run.Parent is { } parent) json["parent_run_id"] = parent.ToString("D");
        json["name"] = span.Span.DisplayName;
        json["run_type"] = TypeOf(span.Span);
        json["start_time"] = run.Start.Iso();
        json["end_time"] = (span.Span.End < run.Start ? run.Start : span.Span.End).Iso();
        json["inputs"] = Wrapped(span.Content.InputMessages.Count > 0 ? new JsonObject { ["messages"] = span.Input() } : span.Content.Input?.DeepClone(), "input");
        json["outputs"] = Outputs(span);
        if (span.Span.ErrorText() is { } error) json["error"] = span.Span.Error?.Stack is { } stack ? error + "\n" + stack : error;
        if (span.Span.FirstTokenAt() is { } first) json["events"] = new JsonArray(new JsonObject { ["name"] = "new_token", ["time"] = first.Iso() });
        json["extra"] = Extra(span, anchor);
        json["tags"] = new JsonArray([.. TagsOf(span).Select(tag => JsonValue.Create(tag))]);
        json["session_name"] = project;
        return new OutboundItem
        {
            Route = Route,
            TraceId = span.Span.TraceId,
            SpanIds = [span.Span.SpanId],
            Id = run.Id.ToString("D"),
            Payload = Encoding.UTF8.GetBytes(json.ToJsonString(PlainJson.Options)),
        };
    }

    private static string TypeOf(Span span) => span.Kind switch
    {
        SpanKind.Chat or SpanKind.Completion or SpanKind.Image or SpanKind.Speech or SpanKind.Transcription => "llm",
        SpanKind.SuggestedQuestion or SpanKind.GenerateConversationName when span.Call?.Model is not null => "llm",
        SpanKind.Embedding => "embedding",
        SpanKind.Retrieval or SpanKind.Rerank => "retriever",
        SpanKind.Tool => "tool",
        SpanKind.Prompt => "prompt",
        _ => "chain",
    };

    // Objects only: text is wrapped.
    private static JsonObject Wrapped(JsonNode? value, string name) => value switch
    {
        null => new JsonObject(),
        JsonObject map => map,
        _ => new JsonObject { [name] = value },
    };

    private static JsonObject Outputs(SpanToSend span)
    {
        var outputs = span.Span.Kind == SpanKind.Retrieval && span.Content.Documents.Count > 0 ? new JsonObject { ["documents"] = Documents(span) }
            : span.Content.OutputMessages.Count > 0 ? new JsonObject { ["messages"] = MessageForms.OpenAi(span.Content.OutputMessages) }
            : Wrapped(span.Content.Output?.DeepClone(), "output");
        if (span.Span.Call is { } call && Usage(call) is { } usage) outputs["usage_metadata"] = usage;
        return outputs;
    }

    private static JsonArray Documents(SpanToSend span) =>
    [
        .. span.Content.Documents.OfType<JsonObject>().Select(document => new JsonObject
        {
            ["page_content"] = document["content"]?.DeepClone(),
            ["type"] = "Document",
            ["metadata"] = document["metadata"] is JsonObject metadata ? metadata.DeepClone() : new JsonObject { ["score"] = document["score"]?.DeepClone() },
        }),
    ];

    // Totals include their details there.
    private static JsonObject? Usage(LlmCall call)
    {
        if (call.Usage.IsUnknown && call.Cost.TotalUsd is null) return null;
        var json = new JsonObject();
        Put("input_tokens", call.Usage.Input);
        Put("output_tokens", call.Usage.Output);
        Put("total_tokens", call.Usage.Total);
        PutDetails("input_token_details", ("cache_read", call.Usage.CacheRead), ("cache_creation", call.Usage.CacheWrite), ("audio", call.Usage.AudioInput));
        PutDetails("output_token_details", ("reasoning", call.Usage.Reasoning), ("audio", call.Usage.AudioOutput));
        if (call.Cost.TotalUsd is { } total) json["total_cost"] = total;
        if (call.Cost.InputUsd is { } input) json["input_cost"] = input + (call.Cost.CacheReadUsd ?? 0) + (call.Cost.CacheWriteUsd ?? 0);
        if (call.Cost.OutputUsd is { } output) json["output_cost"] = output + (call.Cost.ReasoningUsd ?? 0);
        return json;

        void Put(string name, long? value)
        {
            if (value is { } number) json[name] = number;
        }

        void PutDetails(string name, params (string Name, long? Value)[] details)
        {
            var known = details.Where(detail => detail.Value is not null).ToList();
            if (known.Count > 0) json[name] = new JsonObject(known.Select(detail => KeyValuePair.Create(detail.Name, (JsonNode?)JsonValue.Create(detail.Value!.Value))));
        }
    }

    private static JsonObject Extra(SpanToSend span, Anchor anchor)
    {
        var metadata = span.Metadata();

        // On every run of the trace, or sums and filters of the thread miss the children.
        Put("session_id", span.Span.SessionId ?? anchor.SessionId);
        Put("user_id", span.Span.UserId ?? anchor.UserId);
        Put("environment", span.Span.Environment ?? anchor.Environment);
        Put("revision_id", span.Span.Release ?? anchor.Release);
        Put("otel_trace_id", span.Span.TraceId.ToString());
        var extra = new JsonObject { ["metadata"] = metadata };
        if (span.Span.Call is not { } call) return extra;
        Put("ls_provider", call.Provider);
        Put("ls_model_name", call.Model);
        Put("ls_model_type", span.Span.Kind == SpanKind.Completion ? "llm" : "chat");
        if (call.Temperature is { } temperature) metadata["ls_temperature"] = temperature;
        if (call.MaxTokens is { } most) metadata["ls_max_tokens"] = most;
        if (call.StopSequences.Count > 0) metadata["ls_stop"] = new JsonArray([.. call.StopSequences.Select(stop => JsonValue.Create(stop))]);
        if (span.Span.Parameters() is { Count: > 0 } parameters) extra["invocation_params"] = parameters;
        return extra;

        void Put(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value)) metadata[name] = value;
        }
    }

    private static IEnumerable<string> TagsOf(SpanToSend span) =>
        span.Span.Outcome == Outcome.Cancelled ? span.Span.Tags.Append("cancelled").Distinct(StringComparer.Ordinal) : span.Span.Tags;

    private static IEnumerable<OutboundItem> Scores(SpanToSend span, Guid run, Guid root)
    {
        foreach (var score in span.Span.Scores)
        {
            var id = PlatformIds.Of($"{run:D}/{score.Name}/{score.Source}").ToString("D");
            var json = new JsonObject
            {
                ["id"] = id,
                ["run_id"] = run.ToString("D"),
                ["trace_id"] = root.ToString("D"),
                ["key"] = score.Name,
                ["score"] = score.Value,
                ["comment"] = score.Comment,
                ["feedback_source"] = new JsonObject { ["type"] = "api", ["metadata"] = new JsonObject() },
                ["extend_trace_retention"] = false,
            };
            yield return new OutboundItem
            {
                Route = Feedback,
                Stage = 1,
                TraceId = span.Span.TraceId,
                SpanIds = [span.Span.SpanId],
                Id = id,
                Payload = Encoding.UTF8.GetBytes(json.ToJsonString(PlainJson.Options)),
            };
        }
    }

    private sealed record Placed(Guid Id, Guid? Parent, string Order, Timestamp Start);
}
