using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Langfuse;

/// <summary>Scores of a span: <c>POST /api/public/scores</c>, one a request. The same id again updates it.</summary>
internal static class Scores
{
    public const string Route = "scores";

    // Of a score that is text alone.
    private const int LongestText = 500;

    /// <param name="idOf">The id that the observation has at the platform.</param>
    public static IEnumerable<OutboundItem> Of(SpanToSend span, Anchor anchor, LangfuseTrace facts, Func<SpanId, string> idOf)
    {
        foreach (var score in span.Span.Scores)
        {
            if (ValueOf(score) is not { } value) continue;
            var id = PlatformIds.Of($"{span.Span.TraceId}/{span.Span.SpanId}/{score.Name}/{score.Source}").ToString("D");
            var json = new JsonObject { ["id"] = id, ["traceId"] = span.Span.TraceId.ToString() };

            // What is said of the root is said of the trace.
            if (span.Span.SpanId != anchor.RootSpanId) json["observationId"] = idOf(span.Span.SpanId);
            json["name"] = score.Name;
            json["value"] = value;
            json["dataType"] = score.Value is null ? "TEXT" : "NUMERIC";
            if (score is { Value: not null, Comment: { Length: > 0 } comment }) json["comment"] = comment;
            if (facts.Environment is not null) json["environment"] = facts.Environment;
            yield return new OutboundItem
            {
                Route = Route,
                Stage = 1,
                TraceId = span.Span.TraceId,
                SpanIds = [span.Span.SpanId],
                Id = id,
                Payload = Encoding.UTF8.GetBytes(json.ToJsonString(PlainJson.Options)),
            };
        }
    }

    private static JsonValue? ValueOf(Score score) => score switch
    {
        { Value: { } number } => double.IsFinite(number) ? JsonValue.Create(number) : null,
        { Comment: { Length: > 0 } text } => JsonValue.Create(text.Length <= LongestText ? text : text[..LongestText]),
        _ => null,
    };
}
