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
        trace = RecordSpans.Folded(trace);
        var tree = new OpikTree(trace, anchor);
        List<OutboundItem> items = [];

        // The row of the trace: with its first part, and again when its true root comes after all.
        if (trace.Spans.Count > 0 && (trace.Revision.Seq == anchor.Seq || tree.LateRoot is not null)) items.Add(TraceRow(trace, anchor, tree, project));
        foreach (var span in trace.Spans)
        {
            if (!tree.IsTraceItself(span.Span)) items.Add(SpanRow(span, anchor, tree, project));
            items.AddRange(ScoresOf(span, tree.IdOf(span.Span), anchor, tree, project));
        }

        items.AddRange(trace.Scored.SelectMany(scored => ScoresOf(scored.Span, OpikIds.Span(scored.Span.Span.SpanId, scored.Span.Span.Start, scored.Seq, anchor), anchor, tree, project)));
        return items;
    }

    private static OutboundItem TraceRow(TraceToSend trace, Anchor anchor, OpikTree tree, string project)
    {
        var root = tree.Root;
        var metadata = root?.Metadata() ?? new JsonObject { ["app"] = anchor.App };
        foreach (var (key, value) in anchor.Metadata) metadata[key] = value;
        Put(metadata, "user_id", anchor.UserId ?? root?.Span.UserId);
        Put(metadata, "release", anchor.Release);
        Put(metadata, "environment", anchor.Environment);
        var (start, end) = (root?.Span.Start ?? anchor.Start, root?.Span.ShownEnd() ?? trace.Spans.Select(span => span.Span.ShownEnd()).Max());
        var json = new JsonObject
        {
            ["id"] = OpikIds.Trace(anchor),
            ["project_name"] = project,
            ["name"] = root?.Span.ShownName() ?? (string.IsNullOrWhiteSpace(anchor.Name) ? anchor.RootKind.Word() : anchor.Name),
            ["start_time"] = start.Iso(),
            ["end_time"] = end.Iso(),
            ["input"] = OpikBodies.Input(root),
            ["output"] = OpikBodies.Output(root),
            ["metadata"] = metadata,
            ["tags"] = Tags(anchor.Tags.Concat(OpikBodies.Warning(root))),
        };
        if (root?.Span.Outcome == Outcome.Error) json["error_info"] = OpikBodies.Error(root.Span);
        Put(json, "thread_id", anchor.SessionId ?? root?.Span.SessionId);

        // What the person waited: the first token of whichever call came first, of those that were made for the answer.
        if (trace.Spans.Where(span => span.Span.IsCall()).Select(span => span.Span.FirstTokenAt()).OfType<Timestamp>().Order().FirstOrDefault() is { IsNone: false } first && first >= start && first <= end)
            json["ttft"] = Milliseconds(first.UnixNanoseconds - start.UnixNanoseconds);
        json["source"] = "sdk";
        Put(json, "environment", anchor.Environment);
        return Item(Traces, 0, OpikIds.Trace(anchor), anchor.TraceId, root is null ? [] : [root.Span.SpanId], json);
    }

    private static OutboundItem SpanRow(SpanToSend span, Anchor anchor, OpikTree tree, string project)
    {
        var id = tree.IdOf(span.Span);
        var call = span.Span.IsCall() || span.Span.Call is { Usage.IsUnknown: false } && span.Span.MergedInto is null ? span.Span.Call : null;
        var metadata = span.Metadata();
        Put(metadata, "user_id", span.Span.UserId ?? anchor.UserId);
        Put(metadata, "release", span.Span.Release ?? anchor.Release);
        Put(metadata, "environment", span.Span.Environment ?? anchor.Environment);
        if (call is not null && span.Span.Parameters() is { Count: > 0 } parameters) metadata["model_parameters"] = parameters;
        if (span.Content.Tools.Count > 0) metadata["tools"] = new JsonArray([.. span.Content.Tools.Select(tool => tool.DeepClone())]);
        if (call?.TtftNanoseconds is { } waited) metadata["time_to_first_token"] = Milliseconds(waited);
        var json = new JsonObject { ["id"] = id, ["trace_id"] = OpikIds.Trace(anchor), ["project_name"] = project };
        Put(json, "parent_span_id", tree.ParentOf(span.Span));
        json["name"] = span.Span.ShownName();
        json["type"] = OpikBodies.TypeOf(span.Span);
        json["start_time"] = span.Span.Start.Iso();
        json["end_time"] = span.Span.ShownEnd().Iso();
        json["input"] = OpikBodies.Input(span);
        json["output"] = OpikBodies.Output(span);
        json["metadata"] = metadata;
        Put(json, "model", call?.Model);
        Put(json, "provider", OpikBodies.ProviderOf(call?.Provider));
        json["tags"] = Tags(span.Span.Tags.Concat(OpikBodies.RecordTags(span)).Concat(OpikBodies.Warning(span)));
        if (call is not null && OpikBodies.Usage(call.Usage) is { Count: > 0 } usage) json["usage"] = usage;
        if (call?.Cost.TotalUsd is { } cost) json["total_estimated_cost"] = cost;
        if (call?.TtftNanoseconds is { } ttft) json["ttft"] = Milliseconds(ttft);
        if (span.Span.Outcome == Outcome.Error) json["error_info"] = OpikBodies.Error(span.Span);
        json["source"] = "sdk";
        Put(json, "environment", span.Span.Environment ?? anchor.Environment);
        return Item(Spans, 1, id, span.Span.TraceId, [span.Span.SpanId], json);
    }

    private static IEnumerable<OutboundItem> ScoresOf(SpanToSend span, string spanId, Anchor anchor, OpikTree tree, string project)
    {
        // What is said of the root is said of the trace.
        var ofTrace = tree.IsTraceItself(span.Span) || span.Span.SpanId == anchor.RootSpanId;
        var id = ofTrace ? OpikIds.Trace(anchor) : spanId;
        foreach (var score in span.Span.Scores.Where(score => score.Value is { } value && double.IsFinite(value)))
        {
            var json = new JsonObject { ["id"] = id, ["project_name"] = project, ["name"] = score.Name, ["value"] = score.Value, ["source"] = "sdk" };
            Put(json, "reason", score.Comment);
            yield return Item(ofTrace ? TraceScores : SpanScores, 2, $"{id}/{score.Name}", span.Span.TraceId, [span.Span.SpanId], json);
        }
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

    // A set there.
    private static JsonArray Tags(IEnumerable<string> tags) => [.. tags.Distinct(StringComparer.Ordinal).Select(tag => JsonValue.Create(tag))];

    private static double Milliseconds(long nanoseconds) => Math.Round(nanoseconds / 1e6, 3);

    private static void Put(JsonObject json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) json[name] = value;
    }
}
