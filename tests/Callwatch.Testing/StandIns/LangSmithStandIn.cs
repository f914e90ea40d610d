using System.Text.Json.Nodes;

namespace Callwatch.Testing.StandIns;

/// <summary>
/// LangSmith, self-hosted beneath <c>/api/v1</c>: takes runs by multipart and batch and judgements, refuses what the server would refuse, and keeps what it took.
/// A run that comes again refuses the whole request, as strictly as "409: taken before" can be read.
/// </summary>
public sealed class LangSmithStandIn : StandIn
{
    public const string Key = "lsv2_sk_1f0c9e7a3b4826";
    public const string WorkspaceId = "5d1f0c9e-7a3b-4826-9d0e-2b7c11aa90ff";
    public const string ProjectId = "8a6e1b9c-3f42-4c7d-9b10-77d0c1e2f3a4";
    private const string Base = "/api/v1";

    private readonly Dictionary<string, JsonObject> runs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonObject> feedback = new(StringComparer.Ordinal);
    private readonly HashSet<(string Operation, string Id)> taken = [];

    public string Endpoint => Address.GetLeftPart(UriPartial.Authority) + Base;

    /// <summary>False: an older server.</summary>
    public bool KnowsMultipart { get; set; } = true;

    /// <summary>What <c>GET /info</c> says; null: it is not known there.</summary>
    public JsonObject? Info { get; set; } = new()
    {
        ["version"] = "0.13.9",
        ["batch_ingest_config"] = new JsonObject { ["use_multipart_endpoint"] = true, ["size_limit"] = 100, ["size_limit_bytes"] = 20_971_520 },
        ["instance_flags"] = new JsonObject { ["gzip_body_enabled"] = true },
    };

    /// <summary>The key covers several workspaces, so that one has to be named.</summary>
    public bool WantsWorkspace { get; set; }

    /// <summary>Judgements that find their run not worked up yet.</summary>
    public int EarlyFeedback { get; set; }

    /// <summary>All runs, with what updated them, by id.</summary>
    public IReadOnlyDictionary<string, JsonObject> Runs => Copies(runs);

    public IReadOnlyDictionary<string, JsonObject> Feedback => Copies(feedback);

    /// <summary>As people see it: names by depth, in dotted order, of traces whose root has come.</summary>
    public IReadOnlyList<string> Outline() => Between(() => (List<string>)
    [
        .. runs.Values.Where(run => runs.ContainsKey((string)run["trace_id"]!)).OrderBy(run => (string)run["dotted_order"]!, StringComparer.Ordinal)
            .Select(run => new string(' ', 2 * ((string)run["dotted_order"]!).Count(c => c == '.')) + (string)run["name"]! + " (" + (string)run["run_type"]! + ")"),
    ]);

    public JsonObject Named(string name) => Runs.Values.Single(run => (string?)run["name"] == name);

    protected override StandInAnswer Answer(StandInRequest request)
    {
        try
        {
            if (!request.Path.StartsWith(Base + "/", StringComparison.Ordinal)) return Refused(404, "Not Found");
            var route = request.Method + " " + request.Path[Base.Length..];
            if (route == "GET /info") return Info is null ? Refused(404, "Not Found") : Json(200, Info);
            if (Unwelcome(request) is { } refusal) return refusal;
            return route switch
            {
                "GET /sessions" => Sessions(request),
                "POST /runs/multipart" when KnowsMultipart => Take(LangSmithMultipart.Read(request.Header("Content-Type"), Body(request))),
                "POST /runs/batch" => Take(Batch(request)),
                "POST /feedback" => TakeFeedback(request),
                _ => Refused(404, "Not Found"),
            };
        }
        catch (WireRefusal refusal)
        {
            return refusal.Status == 400 ? new StandInAnswer(400, new JsonObject { ["error"] = refusal.Message }.ToJsonString()) : Refused(refusal.Status, refusal.Message);
        }
    }

    private StandInAnswer? Unwelcome(StandInRequest request)
    {
        if (request.Header("x-api-key") != Key) return Refused(401, "Invalid token");
        var workspace = request.Header("x-tenant-id");
        if (workspace is null && WantsWorkspace) return new StandInAnswer(403, """{"error":"org_scoped_key_requires_workspace"}""");
        return workspace is null or WorkspaceId ? null : Refused(403, "Forbidden");
    }

    private byte[] Body(StandInRequest request)
    {
        var coding = request.Header("Content-Encoding");
        if (coding is not (null or "gzip")) throw new WireRefusal(415, "Content-Encoding " + coding);
        if (coding == "gzip" && (bool?)Info?["instance_flags"]?["gzip_body_enabled"] != true) throw new WireRefusal(400, "Bad request: a compressed body");
        if (request.Body is not { } body) throw new WireRefusal(400, "Bad request: the body is no gzip");
        if (body.Length > Limit("size_limit_bytes", 20_971_520)) throw new WireRefusal(413, "Payload too large");
        return body;
    }

    private int Limit(string name, int usual) =>
        Info?["batch_ingest_config"]?[name] is { } limit ? int.Parse(limit.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture) : usual;

    private List<LangSmithOperation> Batch(StandInRequest request)
    {
        _ = Body(request);
        if (request.Header("Content-Type")?.StartsWith("application/json", StringComparison.Ordinal) != true) throw new WireRefusal(415, "Content-Type must be application/json");
        if (request.Json() is not JsonObject body) throw new WireRefusal(422, "Bad request: the body is no JSON object");
        if (body.FirstOrDefault(pair => pair.Key is not ("post" or "patch")) is { Key: { } other }) throw new WireRefusal(422, $"Bad request: unknown member '{other}'");
        return [.. Listed("post"), .. Listed("patch")];

        IEnumerable<LangSmithOperation> Listed(string operation) =>
            (body[operation] as JsonArray ?? []).OfType<JsonObject>().Select(run => new LangSmithOperation(operation, (string?)run["id"] ?? "", run));
    }

    private StandInAnswer Take(IReadOnlyList<LangSmithOperation> operations)
    {
        if (operations.Count == 0) throw new WireRefusal(422, "Bad request: there is no run");
        if (operations.Count > Limit("size_limit", 100)) throw new WireRefusal(413, "Too many runs");
        foreach (var operation in operations) LangSmithRules.Check(operation);
        if (operations.Any(operation => taken.Contains((operation.Operation, operation.Id)))) return Refused(409, "payload already received");
        foreach (var operation in operations)
        {
            taken.Add((operation.Operation, operation.Id));
            if (!runs.TryGetValue(operation.Id, out var run)) runs[operation.Id] = run = [];
            foreach (var (name, value) in operation.Run) run[name] = value?.DeepClone();
        }

        return new StandInAnswer(202, """{"message":"Runs batch ingested"}""");
    }

    private StandInAnswer TakeFeedback(StandInRequest request)
    {
        if (request.Json() is not JsonObject judgement) throw new WireRefusal(422, "Bad request: the body is no JSON object");
        LangSmithRules.CheckFeedback(judgement);
        if (EarlyFeedback > 0)
        {
            EarlyFeedback--;
            return Refused(404, "Run not found");
        }

        if (!runs.ContainsKey((string)judgement["run_id"]!)) return Refused(404, "Run not found");
        return feedback.TryAdd((string)judgement["id"]!, judgement) ? Json(200, judgement) : Refused(409, "Feedback already exists");
    }

    private StandInAnswer Sessions(StandInRequest request)
    {
        var name = System.Web.HttpUtility.ParseQueryString(request.Query)["name"];
        return runs.Values.Any(run => ((string?)run["session_name"] ?? "default") == name)
            ? Json(200, new JsonArray(new JsonObject { ["id"] = ProjectId, ["tenant_id"] = WorkspaceId, ["name"] = name })) : new StandInAnswer(200, "[]");
    }

    private static StandInAnswer Refused(int status, string detail) => new(status, new JsonObject { ["detail"] = detail }.ToJsonString());
}
