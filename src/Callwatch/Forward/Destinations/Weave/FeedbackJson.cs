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

    /// <param name="call">Id of the call that is judged.</param>
    public static IEnumerable<(string Id, byte[] Json)> Of(IReadOnlyList<Score> scores, string call)
    {
        foreach (var judgement in Judgement.Of(scores, call))
        {
            var payload = new JsonObject();
            if (judgement.Value is { } number) payload["value"] = number;
            if (!string.IsNullOrEmpty(judgement.Text)) payload[judgement.Value is null ? "value" : "comment"] = judgement.Text;
            if (judgement.Source is { } source) payload["source"] = source;
            var json = new JsonObject
            {
                ["id"] = judgement.Id,
                ["feedback_type"] = judgement.Name.StartsWith(Reserved, StringComparison.Ordinal) ? "callwatch." + judgement.Name : judgement.Name,
                ["payload"] = payload,
            };
            yield return (judgement.Id, Encoding.UTF8.GetBytes(json.ToJsonString(PlainJson.Options)));
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
