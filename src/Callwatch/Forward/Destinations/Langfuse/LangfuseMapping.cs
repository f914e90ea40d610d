using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Langfuse;

/// <summary>
/// Spans in the names of Langfuse (server 4.16). Every span carries the facts of its trace: with ingestion version 4 they are not merged from the root. Pure.
/// </summary>
internal static class LangfuseMapping
{
    public static IReadOnlyList<OutboundItem> Items(TraceToSend trace, Anchor anchor, LangfuseOptions options)
    {
        // A scope that names langfuse would pass for the platform's own client.
        var head = OtlpBatch.Head(
            new OutboundAttributes().Add("service.name", "callwatch").Add("service.version", options.Version), "callwatch", options.Version);
        var facts = LangfuseTrace.Of(trace, anchor, options);
        var spans = RecordSpans.Folded(trace).Spans;
        return
        [
            .. spans.Select(span => Item(span, facts, head)),
            .. spans.Concat(trace.Scored.Select(scored => scored.Span)).SelectMany(span => Scores.Of(span, anchor, facts, observation => observation.ToString())),
        ];
    }

    private static OutboundItem Item(SpanToSend span, LangfuseTrace facts, byte[] head)
    {
        var failed = span.Span.Outcome == Outcome.Error;
        var outbound = new OutboundSpan
        {
            TraceId = span.Span.TraceId,
            SpanId = span.Span.SpanId,
            ParentSpanId = span.Span.ParentSpanId,
            Name = span.Span.ShownName(),
            Start = span.Span.Start,
            End = span.Span.End,
            Attributes = Attributes(span, facts),
            StatusCode = failed ? 2 : 1,
            StatusMessage = failed ? span.Span.ErrorText() : null,
        };
        return new OutboundItem
        {
            Route = OtlpBatch.Route,
            TraceId = span.Span.TraceId,
            SpanIds = [span.Span.SpanId],
            Id = span.Span.SpanId.ToString(),
            Head = head,
            Payload = outbound.ToBytes(),
        };
    }

    private static OutboundAttributes Attributes(SpanToSend span, LangfuseTrace facts)
    {
        var attributes = new OutboundAttributes()
            .Add("langfuse.trace.name", facts.Name)
            .Add("user.id", LangfuseTrace.Short(facts.UserId ?? span.Span.UserId))
            .Add("session.id", LangfuseTrace.Short(facts.SessionId ?? span.Span.SessionId))
            .Add("langfuse.trace.tags", facts.Tags)
            .Add("langfuse.release", LangfuseTrace.Short(facts.Release))
            .Add("langfuse.version", LangfuseTrace.Short(facts.Version))
            .Add("langfuse.environment", facts.Environment);
        foreach (var (key, value) in facts.Metadata) attributes.AddJson("langfuse.trace.metadata." + key, value);
        attributes
            .Add("langfuse.observation.type", Observation.TypeOf(span.Span))
            .AddJson("langfuse.observation.input", Observation.InputOf(span))
            .AddJson("langfuse.observation.output", span.Output())
            .Add("langfuse.observation.level", Observation.LevelOf(span))
            .Add("langfuse.observation.status_message", Observation.MessageOf(span));
        foreach (var (key, value) in span.Metadata()) attributes.AddJson("langfuse.observation.metadata." + key, value);
        if (Observation.CallOf(span.Span) is { } call) AddCall(attributes, span.Span, call);
        return attributes;
    }

    private static void AddCall(OutboundAttributes attributes, Span span, LlmCall call)
    {
        attributes.Add("langfuse.observation.model.name", call.Model);
        if (span.Parameters() is { Count: > 0 } parameters) attributes.AddJson("langfuse.observation.model.parameters", parameters);
        attributes.AddJson("langfuse.observation.usage_details", Observation.Usage(call.Usage));
        attributes.AddJson("langfuse.observation.cost_details", Observation.Cost(call.Cost));
        attributes.Add("langfuse.observation.completion_start_time", span.FirstTokenAt()?.Iso(3));
        if (Observation.PromptOf(call) is not { } prompt) return;
        attributes.Add("langfuse.observation.prompt.name", prompt.Name);
        attributes.Add("langfuse.observation.prompt.version", prompt.Version);
    }
}
