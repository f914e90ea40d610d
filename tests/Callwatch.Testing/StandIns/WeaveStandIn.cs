using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Callwatch.Testing.StandIns;

/// <summary>
/// W&amp;B of one's own: the account at the root, the trace server beneath <c>/traces</c>. Takes calls in both generations of writing, refuses what the server would
/// refuse, and keeps what it took; the newer way pins a project to itself.
/// </summary>
public sealed class WeaveStandIn : StandIn
{
    public const string Key = "0123456789abcdef0123456789abcdef01234567";
    public const string Entity = "acme";
    private const string Base = "/traces";
    private const long MostBytes = 32 * 1024 * 1024;

    private readonly Dictionary<string, JsonObject> calls = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonObject> feedback = new(StringComparer.Ordinal);
    private readonly List<string> times = [];

    public string Host => Address.GetLeftPart(UriPartial.Authority);

    public string Endpoint => Host + Base;

    /// <summary>False: an older server.</summary>
    public bool KnowsCallsComplete { get; set; } = true;

    /// <summary>False: a server from before there was feedback.</summary>
    public bool KnowsFeedback { get; set; } = true;

    /// <summary>The account has a default entity; without one its own name counts.</summary>
    public string? DefaultEntity { get; set; } = Entity;

    /// <summary><c>entity/project</c> of what is there already.</summary>
    public HashSet<string> Projects { get; } = new(StringComparer.Ordinal);

    /// <summary>Those that were written the newer way.</summary>
    public HashSet<string> Pinned { get; } = new(StringComparer.Ordinal);

    /// <summary>False: a project has to be made in the account before it can be written to.</summary>
    public bool MakesProjects { get; set; } = true;

    /// <summary>By id, starts and ends put together.</summary>
    public IReadOnlyDictionary<string, JsonObject> Calls => Copies(calls);

    public IReadOnlyDictionary<string, JsonObject> Feedback => Copies(feedback);

    /// <summary>How often the newer way brought the call: more than once may show it twice.</summary>
    public int Times(string id) => Between(() => times.Count(known => known == id));

    public JsonObject Named(string name) => Calls.Values.Single(call => NameOf(call) == name);

    /// <summary>As people see it: names by depth, by start.</summary>
    public IReadOnlyList<string> Outline() => Between(() => Beneath(null, 0).ToList());

    protected override StandInAnswer Answer(StandInRequest request)
    {
        try
        {
            if (request.Path == "/graphql") return Account(request);
            if (!request.Path.StartsWith(Base + "/", StringComparison.Ordinal)) return Unknown();
            var path = request.Path[Base.Length..];
            if (path is "/health" or "/server_info") return new StandInAnswer(200, "{}");
            if (!IsWelcome(request)) return Reason(401, "Unauthorized");
            if (request.Method != "POST") return new StandInAnswer(405, """{"detail":"Method Not Allowed"}""");
            return path switch
            {
                "/calls/query_stats" => Stats(Body(request)),
                "/call/upsert_batch" => Upsert(Body(request)),
                "/feedback/create" when KnowsFeedback => TakeFeedback(Body(request)),
                "/obj/create" => new StandInAnswer(200, new JsonObject { ["digest"] = Convert.ToHexStringLower(SHA256.HashData(request.Sent)) }.ToJsonString()),
                "/file/create" => new StandInAnswer(200, """{"digest":"file"}"""),
                _ when KnowsCallsComplete && path.Split('/') is ["", "v2", var entity, var project, "calls", "complete"] => Complete(Uri.UnescapeDataString(entity) + "/" + Uri.UnescapeDataString(project), Body(request)),
                _ => Unknown(),
            };
        }
        catch (WireRefusal refusal) when (refusal.Status == 422)
        {
            return Json(422, new JsonObject { ["detail"] = new JsonArray(new JsonObject { ["loc"] = new JsonArray("body"), ["msg"] = refusal.Message, ["type"] = "value_error" }) });
        }
        catch (WireRefusal refusal)
        {
            return Reason(refusal.Status, refusal.Message);
        }
    }

    private static bool IsWelcome(StandInRequest request) => request.Header("Authorization") == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("api:" + Key));

    private StandInAnswer Account(StandInRequest request)
    {
        if (!IsWelcome(request)) return Json(200, new JsonObject { ["data"] = new JsonObject { ["viewer"] = null } });
        var body = request.Json();
        var query = (string?)body?["query"] ?? "";
        if (query.Contains("upsertModel", StringComparison.Ordinal))
        {
            var (entity, project) = ((string?)body!["variables"]?["entity"], (string?)body["variables"]?["project"]);
            if (entity != Entity) return Json(200, new JsonObject { ["data"] = null, ["errors"] = new JsonArray(new JsonObject { ["message"] = "permission denied" }) });
            Projects.Add(entity + "/" + project);
            return Json(200, new JsonObject { ["data"] = new JsonObject { ["upsertModel"] = new JsonObject { ["model"] = new JsonObject { ["name"] = project } } } });
        }

        return Json(200, new JsonObject
        {
            ["data"] = new JsonObject { ["viewer"] = new JsonObject { ["username"] = Entity, ["defaultEntity"] = DefaultEntity is null ? null : new JsonObject { ["name"] = DefaultEntity } } },
        });
    }

    private static JsonObject Body(StandInRequest request)
    {
        if (request.Header("Content-Encoding") is { } coding) throw new WireRefusal(400, "Content-Encoding " + coding);
        if (request.Header("Content-Type")?.StartsWith("application/json", StringComparison.Ordinal) != true) throw WeaveRules.Shape("body", null, "Input should be a valid dictionary");
        if (request.Sent.Length > MostBytes) throw new WireRefusal(413, "Request too large");
        return WeaveRules.Object(request.Json(), "body");
    }

    private StandInAnswer Stats(JsonObject body)
    {
        var project = Allowed(WeaveRules.TextOf(body, "project_id", "body") ?? throw WeaveRules.Shape("body", "project_id", "Field required"));
        return Projects.Contains(project) ? Json(200, new JsonObject { ["count"] = calls.Count }) : Reason(404, "Project not found");
    }

    private StandInAnswer Complete(string project, JsonObject body)
    {
        WeaveRules.Only(body, "body", "batch");
        var batch = List(body);
        for (var i = 0; i < batch.Count; i++) WeaveRules.CheckComplete(batch[i], $"body.batch.{i}");
        foreach (var call in batch.Cast<JsonObject>())
            if ((string)call["project_id"]! != project) throw new WireRefusal(400, "project_id does not match the path");
        if (Unwritable(project) is { } refusal) return refusal;
        Pinned.Add(project);
        foreach (var call in batch.Cast<JsonObject>())
        {
            times.Add((string)call["id"]!);
            calls[(string)call["id"]!] = (JsonObject)call.DeepClone();
        }

        return new StandInAnswer(200, "{}");
    }

    private StandInAnswer Upsert(JsonObject body)
    {
        WeaveRules.Only(body, "body", "batch");
        var batch = List(body);
        List<JsonObject> parts = [];
        for (var i = 0; i < batch.Count; i++) parts.Add(Part(WeaveRules.Object(batch[i], $"body.batch.{i}"), $"body.batch.{i}"));
        foreach (var project in parts.Select(part => (string)part["project_id"]!).Distinct(StringComparer.Ordinal))
        {
            if (Unwritable(Allowed(project)) is { } refusal) return refusal;
            if (Pinned.Contains(project)) return Json(400, new JsonObject { ["error_code"] = "CALLS_COMPLETE_MODE_REQUIRED", ["message"] = "Project requires calls_complete mode" });
        }

        foreach (var part in parts)
        {
            var id = (string)part["id"]!;
            if (!calls.TryGetValue(id, out var call)) calls[id] = call = [];
            foreach (var (name, value) in part) call[name] = value?.DeepClone();
        }

        return Json(200, new JsonObject { ["res"] = new JsonArray([.. parts.Select(part => new JsonObject { ["id"] = part["id"]!.DeepClone() })]) });
    }

    private static JsonObject Part(JsonObject item, string at)
    {
        WeaveRules.Only(item, at, "mode", "req");
        var mode = WeaveRules.TextOf(item, "mode", at);
        if (mode is not ("start" or "end")) throw WeaveRules.Shape(at, "mode", "Input should be 'start' or 'end'");
        var request = WeaveRules.Object(item["req"], at + ".req");
        WeaveRules.Only(request, at + ".req", mode);
        if (mode == "start") WeaveRules.CheckStart(request[mode], at + ".req.start");
        else WeaveRules.CheckEnd(request[mode], at + ".req.end");
        return (JsonObject)request[mode]!;
    }

    private StandInAnswer TakeFeedback(JsonObject body)
    {
        WeaveRules.CheckFeedback(body);
        var id = (string?)body["id"] ?? Guid.NewGuid().ToString("D");
        feedback[id] = body;
        return Json(200, new JsonObject { ["id"] = id, ["created_at"] = "2026-09-17T12:00:00Z", ["wb_user_id"] = "user", ["payload"] = body["payload"]!.DeepClone() });
    }

    private StandInAnswer? Unwritable(string project)
    {
        Allowed(project);
        if (!MakesProjects && !Projects.Contains(project)) return Reason(404, "Project not found");
        Projects.Add(project);
        return null;
    }

    private static JsonArray List(JsonObject body) => body["batch"] as JsonArray ?? throw WeaveRules.Shape("body", "batch", "Field required");

    private static string Allowed(string project) => project.StartsWith(Entity + "/", StringComparison.Ordinal) ? project : throw new WireRefusal(403, "Forbidden");

    private IEnumerable<string> Beneath(string? parent, int depth)
    {
        foreach (var call in calls.Values.Where(call => (string?)call["parent_id"] == parent).OrderBy(call => (string)call["started_at"]!, StringComparer.Ordinal))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{new string(' ', 2 * depth)}{NameOf(call)} ({(call["exception"] is null ? "success" : "error")})");
            foreach (var line in Beneath((string)call["id"]!, depth + 1)) yield return line;
        }
    }

    private static string NameOf(JsonObject call) => (string?)call["display_name"] ?? (string)call["op_name"]!;

    private static StandInAnswer Unknown() => new(404, """{"detail":"Not Found"}""");

    private static StandInAnswer Reason(int status, string reason) => Json(status, new JsonObject { ["reason"] = reason });
}
