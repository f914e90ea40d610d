using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.Langfuse;

/// <summary>Scores of a span: <c>POST /api/public/scores</c>, one a request. The same id again updates it.</summary>
internal static class Scores
{
    public const string Route = "scores";

    public static IEnumerable<OutboundItem> Of(SpanToSend span, LangfuseOptions options)
    {
        foreach (var score in span.Span.Scores)
        {
            if (score.Value is not { } value) continue;
            var id = PlatformIds.Of($"{span.Span.TraceId}/{span.Span.SpanId}/{score.Name}/{score.Source}").ToString("D");
            var json = new JsonObject
            {
                ["id"] = id,
                ["traceId"] = span.Span.TraceId.ToString(),
                ["observationId"] = span.Span.SpanId.ToString(),
                ["name"] = score.Name,
                ["value"] = value,
                ["dataType"] = "NUMERIC",
            };
            if (score.Comment is not null) json["comment"] = score.Comment;
            if (options.Environment is not null) json["environment"] = options.Environment;
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
}
