using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.Weave;

/// <summary>Requests of several calls, in Weave's two ways of writing. Only the members shown may stand around a call; another one is refused.</summary>
internal static class CallBatches
{
    private static readonly string[] OfStart = ["id", "trace_id", "parent_id", "op_name", "display_name", "thread_id", "turn_id", "started_at", "attributes", "inputs"];
    private static readonly string[] OfEnd = ["id", "ended_at", "output", "exception", "summary"];

    /// <summary><c>POST /v2/ENTITY/PROJECT/calls/complete</c>.</summary>
    public static byte[] Complete(string project, IReadOnlyList<OutboundItem> calls)
    {
        var id = Encoding.UTF8.GetBytes($"{{\"project_id\":{JsonValue.Create(project)!.ToJsonString(PlainJson.Options)},");
        using var body = new MemoryStream();
        body.Write("{\"batch\":["u8);
        for (var i = 0; i < calls.Count; i++)
        {
            if (i > 0) body.WriteByte((byte)',');

            // Put in front of the call's own members.
            body.Write(id);
            body.Write(calls[i].Payload.Span[1..]);
        }

        body.Write("]}"u8);
        return body.ToArray();
    }

    /// <summary><c>POST /call/upsert_batch</c>: of each call its start, then its end.</summary>
    public static byte[] StartsAndEnds(string project, IReadOnlyList<OutboundItem> calls)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body, PlainJson.Writer))
        {
            json.WriteStartObject();
            json.WriteStartArray("batch");
            foreach (var call in calls)
            {
                using var document = JsonDocument.Parse(call.Payload, PlainJson.Document);
                Part(json, "start", OfStart, project, document.RootElement);
                Part(json, "end", OfEnd, project, document.RootElement);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private static void Part(Utf8JsonWriter json, string mode, string[] members, string project, JsonElement call)
    {
        json.WriteStartObject();
        json.WriteString("mode", mode);
        json.WriteStartObject("req");
        json.WriteStartObject(mode);
        json.WriteString("project_id", project);
        foreach (var member in call.EnumerateObject())
            if (members.Contains(member.Name, StringComparer.Ordinal)) member.WriteTo(json);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
