using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>Judgements as <c>POST /feedback</c> takes them.</summary>
internal static class FeedbackJson
{
    /// <summary>Each with an id of its own that is the same on every attempt.</summary>
    public static IEnumerable<(string Id, byte[] Json)> Of(Run run, Anchor anchor)
    {
        var times = new Dictionary<(string, string?), int>();
        foreach (var score in run.Span.Span.Scores)
        {
            var before = times.GetValueOrDefault((score.Name, score.Source));
            times[(score.Name, score.Source)] = before + 1;
            var id = PlatformIds.Of($"{run.Id:D}/{score.Name}/{score.Source}/{before}").ToString("D");
            yield return (id, Encoding.UTF8.GetBytes(Of(score, id, run, anchor).ToJsonString(PlainJson.Options)));
        }
    }

    private static JsonObject Of(Score score, string id, Run run, Anchor anchor)
    {
        var json = new JsonObject
        {
            ["id"] = id,
            ["run_id"] = run.Id.ToString("D"),
            ["trace_id"] = RunTree.RootId(anchor).ToString("D"),
            ["key"] = score.Name,
        };
        if (score.Value is { } number && double.IsFinite(number)) json["score"] = number;
        if (score.Comment is { } text) json[score.Value is null ? "value" : "comment"] = text;
        json["feedback_source"] = new JsonObject { ["type"] = "api", ["metadata"] = score.Source is null ? new JsonObject() : new JsonObject { ["source"] = score.Source } };

        // Feedback would move the trace to the longer, dearer retention.
        json["extend_trace_retention"] = false;
        return json;
    }
}
