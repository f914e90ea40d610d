using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Spans;

namespace Callwatch.Testing.StandIns;

/// <summary>
/// Langfuse as its server 4.16 behaves at its public API: sign-in, OTLP, the old ingestion, scores, projects. What the real one takes and then throws
/// away or stores as something else is taken here too, and stands in <see cref="Problems"/>.
/// </summary>
public sealed class LangfuseStandIn : StandIn
{
    public const string PublicKey = "pk-lf-0123456789";
    public const string SecretKey = "sk-lf-a-secret-of-many-letters";
    public const string OrganizationKey = "pk-lf-organization";

    private const int MostBytes = 5_000_000;

    private readonly LangfuseIngestion ingestion = new();
    private readonly LangfuseScores scores = new();
    private readonly List<string> problems = [];
    private readonly Dictionary<(TraceId, SpanId, ulong), WireSpan> spans = [];

    /// <summary>False for servers of version 2 and early 3.</summary>
    public bool TakesOtlp { get; set; } = true;

    /// <summary>False for the default of version 4: every event is refused in the answer.</summary>
    public bool TakesEvents { get; set; } = true;

    /// <summary>True where roots come after their children: the parts of a trace then say different things of it.</summary>
    public bool MayBeNamedLate { get; set; }

    public string Version { get; set; } = "4.16.0";

    public bool HasProject { get; set; } = true;

    /// <summary>Rows by project, trace, span and start, as they are stored: the last copy of each.</summary>
    public IReadOnlyList<WireSpan> Spans => Between(() => spans.Values.ToList());

    /// <summary>Entities of the old ingestion by id.</summary>
    public IReadOnlyDictionary<string, JsonObject> Entities => Copies(ingestion.Entities);

    public IReadOnlyDictionary<string, JsonObject> Scores => Copies(scores.ById);

    /// <summary>What the platform would have lost, or made another thing of, without a word.</summary>
    public IReadOnlyList<string> Problems => Between(() => problems.Concat(ingestion.Problems).ToList());

    public static async Task<LangfuseStandIn> StartedAsync()
    {
        var standIn = new LangfuseStandIn();
        await standIn.StartAsync();
        return standIn;
    }

    public JsonObject Config(params (string Name, JsonNode? Value)[] more)
    {
        var config = new JsonObject { ["public_key"] = PublicKey, ["secret_key"] = SecretKey, ["host"] = Address.ToString() };
        foreach (var (name, value) in more) config[name] = value;
        return config;
    }

    protected override StandInAnswer Answer(StandInRequest request)
    {
        if (request.Path == "/api/public/health") return Json(200, new JsonObject { ["status"] = "OK", ["version"] = Version });
        if (Unauthorized(request) is { } refused) return refused;
        return (request.Method, request.Path) switch
        {
            ("GET", "/api/public/projects") => Json(200, new JsonObject { ["data"] = HasProject ? new JsonArray(Project()) : [] }),
            ("POST", "/api/public/otel/v1/traces") => TakesOtlp ? Otlp(request) : NotFound(),
            ("POST", "/api/public/ingestion") => ingestion.Answer(request, TakesEvents),
            ("POST", "/api/public/scores") => scores.Answer(request),
            (_, "/api/public/otel/v1/traces" or "/api/public/ingestion" or "/api/public/scores") => Message(405, "Method not allowed"),
            _ => NotFound(),
        };
    }

    internal static StandInAnswer Message(int status, string message, string error = "Error") => Json(status, new JsonObject { ["message"] = message, ["error"] = error });

    private static StandInAnswer NotFound() => new(404, "<!DOCTYPE html><title>404: This page could not be found</title>", "text/html");

    private static JsonObject Project() => new() { ["id"] = "project-1", ["name"] = "Shop", ["organization"] = new JsonObject { ["id"] = "org-1", ["name"] = "Org" }, ["metadata"] = new JsonObject() };

    private static StandInAnswer? Unauthorized(StandInRequest request)
    {
        var header = request.Header("Authorization");
        if (header?.StartsWith("Basic ", StringComparison.Ordinal) != true) return Message(401, "No authorization header");
        string[] parts;
        try
        {
            parts = Encoding.UTF8.GetString(Convert.FromBase64String(header["Basic ".Length..])).Split(':');
        }
        catch (FormatException)
        {
            return Message(401, "Invalid authorization header");
        }

        if (parts is [OrganizationKey, SecretKey]) return Message(403, "Access denied: this endpoint requires a project-scoped API key");
        if (parts is not [PublicKey, SecretKey]) return Message(401, "Invalid credentials. Confirm that you've configured the correct host.");
        return request.Header("x-langfuse-public-key") is { } named && named != PublicKey ? Message(401, "Invalid public key") : null;
    }

    private StandInAnswer Otlp(StandInRequest request)
    {
        if (request.Header("Content-Encoding") is { } coding && coding != "gzip") return Message(400, "Unsupported content encoding " + coding);
        if (request.Body is null) return Message(400, "Failed to decompress request body");
        if (request.Body.Length > MostBytes) return Message(413, "Request body too large");
        if (request.Header("x-langfuse-ingestion-version") is { } version && (!int.TryParse(version, out var number) || number is < 1 or > 4))
            return Message(400, "Unsupported x-langfuse-ingestion-version " + version);
        try
        {
            var read = request.Header("Content-Type")?.Split(';')[0] switch
            {
                "application/x-protobuf" => OtlpWire.Read(request.Body),
                "application/json" => OtlpJsonWire.Read(request.Body),
                _ => null,
            };
            if (read is null) return Message(400, "Invalid content type");
            problems.AddRange(LangfuseRules.Problems(request, read, MayBeNamedLate));
            foreach (var span in read) spans[(span.TraceId, span.SpanId, span.Start)] = span;

            // No contract: what the queue says of its job.
            return new StandInAnswer(200, """{"name":"otel-ingestion-queue","data":{"id":"1"}}""");
        }
        catch (WireException e)
        {
            return Message(400, "Failed to parse OTel payload: " + e.Message);
        }
    }
}
