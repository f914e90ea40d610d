using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Shared.Otlp;

/// <summary>A span as platforms with names of their own want it over OTLP: the product's name, times and ids, one exception event where it failed.</summary>
internal static class PlainSpan
{
    /// <param name="kind">OTLP's own kind.</param>
    /// <param name="happenings">Events besides the exception.</param>
    public static OutboundItem Item(
        SpanToSend span, int kind, OutboundAttributes attributes, byte[] head, IReadOnlyList<(string Name, Timestamp Time, OutboundAttributes Attributes)>? happenings = null)
    {
        var failed = span.Span.Outcome == Outcome.Error;
        var outbound = new OutboundSpan
        {
            TraceId = span.Span.TraceId,
            SpanId = span.Span.SpanId,
            ParentSpanId = span.Span.ParentSpanId,
            Name = span.Span.DisplayName.Length > 0 ? span.Span.DisplayName : span.Span.Kind.Word(),
            Kind = kind,
            Start = span.Span.Start,
            End = span.Span.End < span.Span.Start ? span.Span.Start : span.Span.End,
            Attributes = attributes,
            Events = failed && span.Span.Error is { } error ? [.. happenings ?? [], OutboundSpan.Exception(error, span.Span.End)] : happenings ?? [],
            StatusCode = failed ? 2 : 1,
            StatusMessage = failed ? string.IsNullOrWhiteSpace(span.Span.ErrorText()) ? "failed" : span.Span.ErrorText() : null,
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
