using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.OpenInference;

/// <summary>Spans for the platforms that read OpenInference: no artificial root, each span once, with user and session of its trace on it. Pure.</summary>
internal static class OpenInferenceMapping
{
    // As OpenInference's own instrumentations name it; the conventions have no attribute for it.
    private const string FirstToken = "First Token Stream Event";

    /// <param name="withScores">Judgements go on the span they are about.</param>
    public static IReadOnlyList<OutboundItem> Items(TraceToSend trace, Anchor anchor, byte[] head, bool withScores) =>
        [.. RecordSpans.Folded(trace).Spans.Select(span => Item(span, anchor, head, withScores))];

    public static byte[] Head(string project, string version) => OtlpBatch.Head(
        new OutboundAttributes().Add("service.name", "callwatch").Add("openinference.project.name", project).Add("model_id", project), "callwatch", version);

    private static OutboundItem Item(SpanToSend span, Anchor anchor, byte[] head, bool withScores)
    {
        var attributes = new OutboundAttributes();
        OpenInferenceAttributes.Add(attributes, span, anchor);
        if (withScores) OpenInferenceWork.AddAnnotations(attributes, span.Span.Scores);
        return PlainSpan.Item(span, span.Span.IsCall() ? 3 : 1, attributes, head, span.Span.IsCall() && span.Span.FirstTokenAt() is { } first ? [(FirstToken, first, new OutboundAttributes())] : null);
    }
}
