using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Weave;

/// <summary>Judgements as <c>POST /feedback/create</c> takes them: the name is the type of feedback. Project and reference are put in when sending.</summary>
internal static class FeedbackJson
{
    // Types that begin so are Weave's own and want more fields.
    private const string Reserved = "wandb.";

    public static IEnumerable<(string Id, byte[] Json)> Of(IReadOnlyList<Score> scores, string call)
    {
        var times = new Dictionary<(string, string?), int>();
        foreach (var score in scores)
        {
            var before = times.GetValueOrDefault((score.Name, score.Source));
            times[(score.Name, score.Source)] = before + 1;
            var id = PlatformIds.Of($"{call}/{score.Name}/{score.Source}/{before}").ToString("D");
            var payload = new JsonObject();
            if (score.Value is { } number && double.IsFinite(number)) payload["value"] = number;
            if (score.Comment is { } text) payload[payload.Count == 0 ? "value" : "comment"] = text;
            if (score.Source is { } source) payload["source"] = source;
            var json = new JsonObject
            {
                ["id"] = id,
                ["feedback_type"] = score.Name.StartsWith(Reserved, StringComparison.Ordinal) ? "callwatch." + score.Name : score.Name,
                ["payload"] = payload,
            };
            yield return (id, Encoding.UTF8.GetBytes(json.ToJsonString(PlainJson.Options)));
        }
    }

    /// <summary>The request: feedback names the call by a reference, which holds the project.</summary>
    public static byte[] Request(OutboundItem item, string project, TraceId trace)
    {
        var json = JsonNode.Parse(item.Payload.Span)!.AsObject();
        json["project_id"] = project;
        json["weave_ref"] = $"weave:///{project}/call/{WeaveMapping.IdOf(trace, item.SpanIds[0])}";
        return Encoding.UTF8.GetBytes(json.ToJsonString(PlainJson.Options));
    }
}
