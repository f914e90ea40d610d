using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>Judgements as <c>POST /feedback</c> takes them.</summary>
internal static class FeedbackJson
{
    /// <param name="run">The run that is judged.</param>
    public static IEnumerable<OutboundItem> Of(SpanToSend span, Guid run, Anchor anchor) => Judgement.Of(span.Span.Scores, run.ToString("D")).Select(judgement => new OutboundItem
    {
        Route = LangSmithMapping.FeedbackRoute,
        Stage = 1,
        TraceId = anchor.TraceId,
        SpanIds = [span.Span.SpanId],
        Id = judgement.Id,
        Payload = Encoding.UTF8.GetBytes(Json(judgement, run, anchor).ToJsonString(PlainJson.Options)),
    });

    private static JsonObject Json(Judgement judgement, Guid run, Anchor anchor)
    {
        var json = new JsonObject
        {
            ["id"] = judgement.Id,
            ["run_id"] = run.ToString("D"),
            ["trace_id"] = RunTree.RootId(anchor).ToString("D"),
            ["key"] = judgement.Name,
        };
        if (judgement.Value is { } number) json["score"] = number;
        if (!string.IsNullOrEmpty(judgement.Text)) json[judgement.Value is null ? "value" : "comment"] = judgement.Text;
        json["feedback_source"] = new JsonObject { ["type"] = "api", ["metadata"] = judgement.Source is null ? new JsonObject() : new JsonObject { ["source"] = judgement.Source } };

        // Feedback would move the trace to the longer, dearer retention.
        json["extend_trace_retention"] = false;
        return json;
    }
}
