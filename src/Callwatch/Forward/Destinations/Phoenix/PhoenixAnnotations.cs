using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.OpenInference;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Phoenix;

/// <summary>
/// Judgements of spans: the members of <c>data</c> in <c>POST /v1/span_annotations</c>. A span that is there already cannot be changed, so they go by a
/// route of their own; name and identifier make one annotation of all that are sent again.
/// </summary>
internal static class PhoenixAnnotations
{
    public const string Route = "annotations";

    // The server leaves annotations of this name out: it has another route for notes.
    private const string Note = "note";

    public static IEnumerable<OutboundItem> Of(SpanToSend span) => span.Span.Scores.Select(score => Item(span, score));

    /// <summary>The body of the request.</summary>
    public static byte[] Request(IReadOnlyList<OutboundItem> items)
    {
        using var body = new MemoryStream();
        body.Write("{\"data\":["u8);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) body.Write(","u8);
            body.Write(items[i].Payload.Span);
        }

        body.Write("]}"u8);
        return body.ToArray();
    }

    private static OutboundItem Item(SpanToSend span, Score score)
    {
        var identifier = $"callwatch:{score.Source ?? "score"}";
        var result = new JsonObject();
        if (score.Value is { } value) result["score"] = value;
        if (score.Comment is not null) result["explanation"] = score.Comment;
        var json = new JsonObject
        {
            ["span_id"] = span.Span.SpanId.ToString(),
            ["name"] = score.Name == Note ? "callwatch note" : score.Name,
            ["annotator_kind"] = OpenInferenceWork.AnnotatorOf(score),
            ["result"] = result,
            ["identifier"] = identifier,
        };
        return new OutboundItem
        {
            Route = Route,

            // The server waits for the span of an annotation only for a while.
            Stage = 1,
            TraceId = span.Span.TraceId,
            SpanIds = [span.Span.SpanId],
            Id = $"{span.Span.SpanId}/{score.Name}/{identifier}",
            Payload = Encoding.UTF8.GetBytes(json.ToJsonString(PlainJson.Options)),
        };
    }
}
