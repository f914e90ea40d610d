using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Langfuse;

/// <summary>Events of the old ingestion: a trace and its observations, each with an id of its own that a retry repeats. Pure.</summary>
internal static class LegacyMapping
{
    public const string Route = "ingestion";

    private const int LongestName = 1_000;

    public static IReadOnlyList<OutboundItem> Items(TraceToSend trace, Anchor anchor, LangfuseOptions options)
    {
        var facts = LangfuseTrace.Of(trace, anchor, options);
        var spans = RecordSpans.Folded(trace).Spans;
        return
        [
            .. spans.Count == 0 ? [] : (OutboundItem[])[Trace(trace, anchor, facts)],
            .. spans.Select(span => ObservationOf(span, facts)),
            .. spans.Concat(trace.Scored.Select(scored => scored.Span)).SelectMany(span => Scores.Of(span, anchor, facts, id => IdOf(span.Span.TraceId, id))),
        ];
    }

    // Unique in the project there, while a span's own id is unique in its trace.
    private static string IdOf(TraceId trace, SpanId span) => $"{trace}-{span}";

    // An upsert: what a later revision leaves out stays as it was.
    private static OutboundItem Trace(TraceToSend trace, Anchor anchor, LangfuseTrace facts)
    {
        var root = trace.Spans.FirstOrDefault(span => span.Span.ParentSpanId.IsNone) ?? trace.Spans.FirstOrDefault(span => span.Span.SpanId == anchor.RootSpanId);
        var body = Without(new JsonObject
        {
            ["id"] = anchor.TraceId.ToString(),
            ["timestamp"] = anchor.Start.Iso(3),
            ["name"] = Cut(facts.Name),
            ["userId"] = LangfuseTrace.Short(facts.UserId),
            ["sessionId"] = LangfuseTrace.Short(facts.SessionId),
            ["input"] = root?.Input(),
            ["output"] = root?.Output(),
            ["metadata"] = facts.Metadata.DeepClone(),
            ["tags"] = new JsonArray([.. facts.Tags.Select(tag => JsonValue.Create(tag))]),
            ["release"] = LangfuseTrace.Short(facts.Release),
            ["version"] = LangfuseTrace.Short(facts.Version),
            ["environment"] = facts.Environment,
        });
        return Event($"trace:{anchor.TraceId}:{trace.Revision.Revision}", "trace-create", trace.Revision.SettledAt, body, anchor.TraceId, []);
    }

    private static OutboundItem ObservationOf(SpanToSend span, LangfuseTrace facts)
    {
        // The types that every server knows; later ones would have an agent's event refused.
        var call = Observation.CallOf(span.Span);
        var type = call is null ? "span" : "generation";
        var body = new JsonObject
        {
            ["id"] = IdOf(span.Span.TraceId, span.Span.SpanId),
            ["traceId"] = span.Span.TraceId.ToString(),
            ["parentObservationId"] = span.Span.ParentSpanId.IsNone ? null : IdOf(span.Span.TraceId, span.Span.ParentSpanId),
            ["name"] = Cut(span.Span.ShownName()),
            ["startTime"] = span.Span.Start.Iso(3),
            ["endTime"] = span.Span.ShownEnd().Iso(3),
            ["input"] = Observation.InputOf(span),
            ["output"] = span.Output(),
            ["metadata"] = span.Metadata(),
            ["level"] = Observation.LevelOf(span),
            ["statusMessage"] = Observation.MessageOf(span),
            ["version"] = LangfuseTrace.Short(facts.Version),
            ["environment"] = facts.Environment,
        };
        if (call is not null)
        {
            body["completionStartTime"] = span.Span.FirstTokenAt()?.Iso(3);
            body["model"] = call.Model;
            body["modelParameters"] = span.Span.Parameters() is { Count: > 0 } parameters ? parameters : null;
            body["usageDetails"] = Observation.Usage(call.Usage);
            body["costDetails"] = Observation.Cost(call.Cost);
            if (Observation.PromptOf(call) is { } prompt) (body["promptName"], body["promptVersion"]) = (prompt.Name, prompt.Version);
        }

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

    private static string Cut(string name) => name.Length <= LongestName ? name : name[..LongestName];

    private static JsonObject Without(JsonObject body)
    {
        foreach (var name in body.Where(pair => pair.Value is null).Select(pair => pair.Key).ToList()) body.Remove(name);
        return body;
    }
}
