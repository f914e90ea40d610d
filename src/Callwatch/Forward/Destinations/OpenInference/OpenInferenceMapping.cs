using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.OpenInference;

/// <summary>Spans for the platforms that read OpenInference: no artificial root, each span once, with the facts of its trace on it. Pure.</summary>
internal static class OpenInferenceMapping
{
    public static IReadOnlyList<OutboundItem> Items(TraceToSend trace, Anchor anchor, byte[] head) =>
        [.. trace.Spans.Select(span => Item(span, anchor, head))];

    public static byte[] Head(string project, string version) => OtlpBatch.Head(
        new OutboundAttributes().Add("service.name", "callwatch").Add("openinference.project.name", project).Add("model_id", project), "callwatch", version);

    private static OutboundItem Item(SpanToSend span, Anchor anchor, byte[] head)
    {
        var attributes = new OutboundAttributes();
        OpenInferenceAttributes.Add(attributes, span, anchor);
        var failed = span.Span.Outcome == Outcome.Error;
        var outbound = new OutboundSpan
        {
            TraceId = span.Span.TraceId,
            SpanId = span.Span.SpanId,
            ParentSpanId = span.Span.ParentSpanId,
            Name = span.Span.DisplayName,
            Kind = span.Span.Kind.IsCall() ? 3 : 1,
            Start = span.Span.Start,
            End = span.Span.End,
            Attributes = attributes,
            Events = failed && span.Span.Error is { } error ? [OutboundSpan.Exception(error, span.Span.End)] : [],
            StatusCode = failed ? 2 : 1,
            StatusMessage = failed ? span.Span.Error?.Message ?? span.Span.Error?.Type : null,
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
}
