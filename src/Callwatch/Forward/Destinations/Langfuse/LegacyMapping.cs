using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Langfuse;

/// <summary>Events of the old ingestion: a trace and its observations, each with an id of its own that a retry repeats. Pure.</summary>
internal static class LegacyMapping
{
    public const string Route = "ingestion";

    public static IReadOnlyList<OutboundItem> Items(TraceToSend trace, Anchor anchor, LangfuseOptions options)
    {
        List<OutboundItem> items = [Trace(trace, anchor, options)];
        items.AddRange(trace.Spans.Select(span => Observation(span, anchor, options)));
        items.AddRange(trace.Spans.SelectMany(span => Scores.Of(span, options)));
        return items;
    }

    // An upsert: what a later revision leaves out stays as it was.
    private static OutboundItem Trace(TraceToSend trace, Anchor anchor, LangfuseOptions options)
    {
        var root = trace.Spans.FirstOrDefault(span => span.Span.SpanId == anchor.RootSpanId);
        var metadata = new JsonObject { ["app"] = anchor.App };
        foreach (var (key, value) in anchor.Metadata) metadata[key] = value;
        var body = Without(new JsonObject
        {
            ["id"] = anchor.TraceId.ToString(),
            ["timestamp"] = anchor.Start.Iso(3),
            ["name"] = anchor.Name,
            ["userId"] = anchor.UserId,
            ["sessionId"] = anchor.SessionId,
            ["input"] = root?.Input(),
            ["output"] = root?.Output(),
            ["metadata"] = metadata,
            ["tags"] = new JsonArray([.. anchor.Tags.Select(tag => JsonValue.Create(tag))]),
            ["release"] = options.Release ?? anchor.Release,
            ["environment"] = LangfuseMapping.EnvironmentOf(anchor, options),
        });
        return Event($"trace:{anchor.TraceId}:{trace.Revision.Revision}", "trace-create", trace.Revision.SettledAt, body, anchor.TraceId, []);
    }

    private static OutboundItem Observation(SpanToSend span, Anchor anchor, LangfuseOptions options)
    {
        // The types that every server knows; later ones would refuse an agent's event.
        var isGeneration = LangfuseMapping.TypeOf(span.Span) is "generation" or "embedding" && span.Span.Call is not null;
        var body = new JsonObject
        {
            ["id"] = span.Span.SpanId.ToString(),
            ["traceId"] = span.Span.TraceId.ToString(),
            ["parentObservationId"] = span.Span.ParentSpanId.IsNone ? null : span.Span.ParentSpanId.ToString(),
            ["name"] = span.Span.DisplayName,
            ["startTime"] = span.Span.Start.Iso(3),
            ["endTime"] = span.Span.End.Iso(3),
            ["input"] = span.Input(),
            ["output"] = span.Output(),
            ["metadata"] = span.Metadata(),
            ["level"] = LangfuseMapping.LevelOf(span),
            ["statusMessage"] = span.Span.ErrorText(),
            ["environment"] = LangfuseMapping.EnvironmentOf(anchor, options),
        };
        if (isGeneration)
        {
            var call = span.Span.Call!;
            body["completionStartTime"] = span.Span.FirstTokenAt()?.Iso(3);
            body["model"] = call.Model;
            body["modelParameters"] = span.Span.Parameters() is { Count: > 0 } parameters ? parameters : null;
            body["usageDetails"] = LangfuseMapping.Usage(call.Usage);
            body["costDetails"] = LangfuseMapping.Cost(call.Cost);
            if (call.PromptName is not null && long.TryParse(call.PromptVersion, out var version)) (body["promptName"], body["promptVersion"]) = (call.PromptName, version);
        }

        var type = isGeneration ? "generation" : "span";
        return Event($"{type}:{span.Span.TraceId}:{span.Span.SpanId}", type + "-create", span.Span.End, Without(body), span.Span.TraceId, [span.Span.SpanId]);
    }

    private static OutboundItem Event(string id, string type, Timestamp time, JsonObject body, TraceId trace, IReadOnlyList<SpanId> spans) => new()
    {
        Route = Route,
        TraceId = trace,
        SpanIds = spans,
        Id = id,
        Payload = Encoding.UTF8.GetBytes(new JsonObject { ["id"] = id, ["type"] = type, ["timestamp"] = time.Iso(3), ["body"] = body }.ToJsonString(PlainJson.Options)),
    };

    private static JsonObject Without(JsonObject body)
    {
        foreach (var name in body.Where(pair => pair.Value is null).Select(pair => pair.Key).ToList()) body.Remove(name);
        return body;
    }
}
