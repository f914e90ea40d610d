using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.OpenInference;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Otlp;

/// <summary>Which names the spans get besides those they came with.</summary>
internal enum Conventions
{
    GenAi,
    OpenInference,
    Both,
}

/// <summary>How a destination of plain OTLP wants its spans.</summary>
internal sealed record OtlpShape(Conventions Conventions, string? ServiceName, IReadOnlyDictionary<string, string> ResourceAttributes, bool CaptureContent, string Version);

/// <summary>
/// Spans as they were sent, with the names added that they lack. Pure. The sender's own bytes go on, unknown fields and all; only what was masked is
/// made anew of what may be seen.
/// </summary>
internal static class OtlpMapping
{
    private const string Evaluation = "gen_ai.evaluation.result";

    public static IReadOnlyList<OutboundItem> Items(TraceToSend trace, Anchor anchor, OtlpShape shape) => [.. trace.Spans.Select(span => Item(span, anchor, shape))];

    private static OutboundItem Item(SpanToSend span, Anchor anchor, OtlpShape shape)
    {
        var visible = shape.CaptureContent ? span : OtlpContent.Without(span);
        return new OutboundItem
        {
            Route = OtlpBatch.Route,
            TraceId = span.Span.TraceId,
            SpanIds = [span.Span.SpanId],
            Id = span.Span.SpanId.ToString(),
            Head = Head(visible, shape),
            Payload = visible.Body.IsEmpty ? Anew(visible, anchor, shape) : WithMore(visible, anchor, shape),
        };
    }

    private static byte[] Head(SpanToSend span, OtlpShape shape)
    {
        if (!span.Resource.IsEmpty && shape.ServiceName is null && shape.ResourceAttributes.Count == 0) return OtlpBatch.Head(span.Resource.Span, span.Scope.Span);
        var resource = new OutboundAttributes();
        foreach (var (key, value) in span.Content.Attributes)
            if (key.StartsWith("resource.", StringComparison.Ordinal)) resource.AddAll(new JsonObject { [key["resource.".Length..]] = value?.DeepClone() });
        if (resource.All.Count == 0) resource.Add("service.name", span.App);
        resource.Add("service.name", shape.ServiceName);
        foreach (var (key, value) in shape.ResourceAttributes) resource.Add(key, value);
        return span.Scope.IsEmpty ? OtlpBatch.Head(resource, TextOf(span, "scope.name") ?? "callwatch", TextOf(span, "scope.version")) : OtlpBatch.Head(resource, span.Scope.Span);
    }

    private static string? TextOf(SpanToSend span, string key) => OutboundAttributes.TextOf(span.Content.Attributes[key]);

    // What the span does not have already: its sender knows best.
    private static OutboundAttributes Missing(SpanToSend span, Anchor anchor, OtlpShape shape)
    {
        var added = new OutboundAttributes();
        if (shape.Conventions is Conventions.GenAi or Conventions.Both) GenAiAttributes.Add(added, span, anchor);
        if (shape.Conventions is Conventions.OpenInference or Conventions.Both)
        {
            OpenInferenceAttributes.Add(added, span, anchor);
            if (!HasJudgements(span)) OpenInferenceWork.AddAnnotations(added, span.Span.Scores);
        }

        // An object of that name beside its own members would hide one of the two.
        var hasMetadata = span.Content.Attributes.Any(pair => pair.Key.StartsWith("metadata.", StringComparison.Ordinal));
        var missing = new OutboundAttributes();
        foreach (var (key, value) in added.All)
            if (!span.Content.Attributes.ContainsKey(key) && !(hasMetadata && key == "metadata")) missing.Put(key, value);
        return missing;
    }

    // Judgements and errors that came as log records of the span.
    private static IEnumerable<(string Name, Timestamp Time, OutboundAttributes Attributes)> MissingEvents(SpanToSend span, OtlpShape shape)
    {
        if (shape.Conventions != Conventions.OpenInference && !HasJudgements(span))
        {
            foreach (var score in span.Span.Scores)
            {
                yield return (Evaluation, span.Span.End, new OutboundAttributes()
                    .Add("gen_ai.evaluation.name", score.Name).Add("gen_ai.evaluation.score.value", score.Value).Add("gen_ai.evaluation.explanation", score.Comment));
            }
        }

        if (span.Span is { Outcome: Outcome.Error, Error: { Stack: not null } error } && span.Content.Events.All(item => item.Name != "exception")) yield return OutboundSpan.Exception(error, span.Span.End);
    }

    private static bool HasJudgements(SpanToSend span) =>
        span.Content.Events.Any(item => item.Name == Evaluation)
        || span.Content.Attributes.Any(pair => pair.Key.StartsWith("annotations.", StringComparison.Ordinal) || pair.Key.StartsWith("evaluations.", StringComparison.Ordinal));

    // Fields may stand anywhere in a Span message: what is missing is put behind what came.
    private static byte[] WithMore(SpanToSend span, Anchor anchor, OtlpShape shape)
    {
        using var buffer = new PayloadBuffer(budget: null, int.MaxValue);
        var writer = new ProtobufWriter(buffer);
        writer.Raw(span.Body.Span);
        Missing(span, anchor, shape).Write(writer, 9);
        foreach (var happening in MissingEvents(span, shape)) OutboundSpan.WriteEvent(writer, happening);
        return buffer.Written.ToArray();
    }

    private static byte[] Anew(SpanToSend span, Anchor anchor, OtlpShape shape)
    {
        var attributes = new OutboundAttributes();
        foreach (var (key, value) in span.Content.Attributes)
            if (!key.StartsWith("resource.", StringComparison.Ordinal) && !key.StartsWith("scope.", StringComparison.Ordinal)) attributes.AddAll(new JsonObject { [key] = value?.DeepClone() });
        foreach (var (key, value) in Missing(span, anchor, shape).All) attributes.Put(key, value);
        var failed = span.Span.Outcome == Outcome.Error;
        return new OutboundSpan
        {
            TraceId = span.Span.TraceId,
            SpanId = span.Span.SpanId,
            ParentSpanId = span.Span.ParentSpanId,
            Name = span.Span.Name.Length > 0 ? span.Span.Name : span.Span.DisplayName,
            Kind = span.Span.Kind.IsCall() ? 3 : 1,
            Start = span.Span.Start,
            End = span.Span.End,
            Attributes = attributes,
            Events = [.. span.Content.Events.Select(item => (item.Name, item.Time, new OutboundAttributes().AddAll(item.Attributes))), .. MissingEvents(span, shape)],
            Links = span.Content.Links,
            StatusCode = failed ? 2 : 0,
            StatusMessage = failed ? span.Span.Error?.Message : null,
        }.ToBytes();
    }
}
