using System.Text.Json.Nodes;

namespace Callwatch.Testing.StandIns;

/// <summary>
/// Opik as its server of 2026 behaves at its private API: batches of traces and spans, feedback scores, projects; ids of version 7 whose time is near
/// the given clock's. A batch is taken or refused as a whole; rows are replaced whole.
/// </summary>
public sealed class OpikStandIn(TimeProvider time) : StandIn
{
    public const string Key = "opik-key-of-many-letters";
    public const string Workspace = "acme";

    private const string Base = "/api/v1/private/";
    private const int MostBytes = 20_000_000;

    private readonly Dictionary<string, JsonObject> traces = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonObject> spans = new(StringComparer.Ordinal);
    private readonly List<JsonObject> scores = [];
    private readonly List<string> problems = [];

    /// <summary>False for a server without accounts.</summary>
    public bool HasAccounts { get; set; } = true;

    /// <summary>How far from now the time in a new id may be.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Rows by id.</summary>
    public IReadOnlyDictionary<string, JsonObject> Traces => Copies(traces);

    public IReadOnlyDictionary<string, JsonObject> Spans => Copies(spans);

    public IReadOnlyList<JsonObject> Scores => Copies(scores);

    /// <summary>What the platform would have lost, or made another thing of, without a word.</summary>
    public IReadOnlyList<string> Problems => Between(() => (List<string>)
    [
        .. problems,
        .. spans.Values.Where(span => !traces.ContainsKey((string)span["trace_id"]!)).Select(span => $"{span["name"]}: nobody sees it, for its trace is not there"),
        .. spans.Values.Where(span => span["parent_span_id"] is { } parent && !spans.ContainsKey((string)parent!)).Select(span => $"{span["name"]}: its parent is not there"),
    ]);

    public static async Task<OpikStandIn> StartedAsync(TimeProvider time)
    {
        var standIn = new OpikStandIn(time);
        await standIn.StartAsync();
        return standIn;
    }

    public JsonObject Config(params (string Name, JsonNode? Value)[] more)
    {
        var config = new JsonObject { ["url"] = Address + "api/", ["api_key"] = Key, ["workspace"] = Workspace, ["project"] = "callwatch" };
        foreach (var (name, value) in more) config[name] = value;
        return config;
    }

    protected override StandInAnswer Answer(StandInRequest request)
    {
        if (!request.Path.StartsWith(Base, StringComparison.Ordinal)) return new StandInAnswer(404, "<html><body>Not Found</body></html>", "text/html");
        if (HasAccounts && request.Header("Authorization") != Key) return Error(401, "API key should be provided or is not valid");
        if (request.Header("Comet-Workspace") is { } workspace && workspace != (HasAccounts ? Workspace : "default") && !(HasAccounts && workspace == "default"))
            return Error(403, "User is not allowed to access workspace " + workspace);
        var path = request.Path[Base.Length..];
        if (request.Method is "POST" or "PUT" or "PATCH")
        {
            if (request.Header("Content-Type")?.StartsWith("application/json", StringComparison.Ordinal) != true) return Error(415, "HTTP 415 Unsupported Media Type");
            if (request.Header("Content-Encoding") is { } coding && coding != "gzip") return Error(415, "HTTP 415 Unsupported Media Type");
            if (request.Sent.Length > MostBytes) return Error(413, "Request Entity Too Large");
        }

        return (request.Method, path) switch
        {
            ("POST", "traces/batch") => Batch(request, "traces", traces),
            ("POST", "spans/batch") => Batch(request, "spans", spans),
            ("PUT", "traces/feedback-scores" or "spans/feedback-scores") => Feedback(request),
            ("PATCH", _) when Row(path) is { } row => Merge(request, row),
            ("GET", "projects") => Json(200, new JsonObject { ["page"] = 1, ["size"] = 1, ["total"] = 1, ["content"] = new JsonArray(new JsonObject { ["id"] = "p", ["name"] = "callwatch" }) }),
            ("GET", "auth/workspace") => HasAccounts ? Json(200, new JsonObject { ["workspace_name"] = Workspace }) : Error(404, "HTTP 404 Not Found"),
            ("GET", _) => Row(path) is { } found ? Json(200, found.DeepClone()) : Error(404, "Not found"),
            (_, "traces/batch" or "spans/batch") => Error(405, "HTTP 405 Method Not Allowed"),
            _ => Error(404, "HTTP 404 Not Found"),
        };
    }

    internal static StandInAnswer Error(int status, string message) => Json(status, new JsonObject { ["code"] = status, ["message"] = message });

    private JsonObject? Row(string path) => path.Split('/') switch
    {
        ["traces", var id] => traces.GetValueOrDefault(id),
        ["spans", var id] => spans.GetValueOrDefault(id),
        _ => null,
    };

    private StandInAnswer Batch(StandInRequest request, string list, Dictionary<string, JsonObject> rows)
    {
        if (request.Json() is not JsonObject body) return Error(400, "Unable to process JSON");
        if (body[list] is not JsonArray { Count: >= 1 and <= 1_000 } items) return Json(422, new JsonObject { ["errors"] = new JsonArray(list + " size must be between 1 and 1000") });
        var rules = new OpikRules(time.GetUtcNow(), Window, isSpan: list == "spans");
        foreach (var item in items)
            if (rules.Refusal(item as JsonObject) is { } refusal) return refusal;
        foreach (var item in items.Cast<JsonObject>())
        {
            problems.AddRange(rules.Problems(item!));
            var id = item!["id"]?.ToString() ?? Guid.CreateVersion7(time.GetUtcNow()).ToString();
            if (rows.TryGetValue(id, out var known) && known["project_name"]?.ToString() != item["project_name"]?.ToString()) problems.Add(id + " stands in two projects");
            rows[id] = (JsonObject)item.DeepClone();
        }

        return new StandInAnswer(204);
    }

    private StandInAnswer Feedback(StandInRequest request)
    {
        if (request.Json() is not JsonObject body) return Error(400, "Unable to process JSON");
        if (body["scores"] is not JsonArray { Count: >= 1 and <= 1_000 } items) return Json(422, new JsonObject { ["errors"] = new JsonArray("scores size must be between 1 and 1000") });
        foreach (var item in items)
            if (OpikRules.ScoreRefusal(item as JsonObject, time.GetUtcNow()) is { } refusal) return refusal;
        foreach (var score in items.Cast<JsonObject>())
        {
            if (!traces.ContainsKey((string)score!["id"]!) && !spans.ContainsKey((string)score["id"]!)) problems.Add($"{score["name"]}: nothing has the id it scores");
            scores.RemoveAll(known => known["id"]!.ToString() == score["id"]!.ToString() && known["name"]!.ToString() == score["name"]!.ToString());
            scores.Add((JsonObject)score.DeepClone());
        }

        return new StandInAnswer(204);
    }

    private static StandInAnswer Merge(StandInRequest request, JsonObject row)
    {
        if (request.Json() is not JsonObject changes) return Error(400, "Unable to process JSON");
        foreach (var (name, value) in changes) row[name] = value?.DeepClone();
        return new StandInAnswer(204);
    }
}
