using System.Text.Json;
using System.Text.Json.Nodes;

namespace Callwatch.Testing.StandIns;

/// <summary>
/// A Phoenix server as its sources have it (server/api/routers/v1/traces.py, spans.py and projects.py): takes OTLP with 200 whatever is in it, keeps the first of each
/// span id, and loses in silence what it cannot decode. <see cref="Lost"/> is what nobody would ever see there.
/// </summary>
public sealed class PhoenixStandIn : WireHost
{
    private const string Html = "<!doctype html><title>Phoenix</title>";

    private readonly Lock gate = new();
    private readonly Dictionary<string, WireSpan> spans = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Span, string Name, string Identifier), JsonObject> annotations = [];
    private readonly List<string> lost = [];

    /// <summary>Null where it runs without authentication.</summary>
    public string? ApiKey { get; init; }

    /// <summary>The path it lies under behind its proxy, such as <c>/s/space</c>.</summary>
    public string RootPath { get; init; } = "";

    /// <summary>A server that has no route for projects and annotations yet.</summary>
    public bool IsOld { get; init; }

    /// <summary>What it keeps, in the order it came: of a span id the first.</summary>
    public IReadOnlyList<WireSpan> Spans
    {
        get
        {
            lock (gate) return [.. spans.Values];
        }
    }

    /// <summary>By span, name and identifier: of these the last.</summary>
    public IReadOnlyList<JsonObject> Annotations
    {
        get
        {
            lock (gate) return [.. annotations.Values];
        }
    }

    /// <summary>What was answered with 200 and is not to be seen, or is seen in the wrong place.</summary>
    public IReadOnlyList<string> Lost
    {
        get
        {
            lock (gate) return [.. lost];
        }
    }

    protected override WireAnswer Answer(WireRequest request)
    {
        if (!request.Path.StartsWith(RootPath, StringComparison.Ordinal)) return new WireAnswer(404, "Not Found");
        var path = request.Path[RootPath.Length..];
        if (path == "/arize_phoenix_version") return new WireAnswer(200, IsOld ? "4.1.0" : "14.2.0");
        if (path == "/healthz") return new WireAnswer(200, "OK");
        if (!path.StartsWith("/v1/", StringComparison.Ordinal)) return request.Method == "GET" ? new WireAnswer(200, Html, "text/html") : new WireAnswer(405, "Method Not Allowed");
        if (ApiKey is not null && !IsKnown(request.Header("authorization"))) return new WireAnswer(401, "Invalid token");
        return (request.Method, path) switch
        {
            ("POST", "/v1/traces") => Traces(request),
            ("POST", "/v1/span_annotations") when !IsOld => Annotate(request),
            ("GET", "/v1/projects") when !IsOld => new WireAnswer(200, """{"data":[{"id":"UHJvamVjdDox","name":"default","description":null}],"next_cursor":null}""", "application/json"),
            ("GET", _) when IsOld => new WireAnswer(200, Html, "text/html"),
            (_, "/v1/traces" or "/v1/span_annotations" or "/v1/projects") when !IsOld => new WireAnswer(405, """{"detail":"Method Not Allowed"}""", "application/json"),
            _ => new WireAnswer(404, """{"detail":"Not Found"}""", "application/json"),
        };
    }

    private bool IsKnown(string? authorization) =>
        authorization?.Split(' ', 2) is [var scheme, var key] && scheme.Equals("bearer", StringComparison.OrdinalIgnoreCase) && key == ApiKey;

    private WireAnswer Traces(WireRequest request)
    {
        // Compared to the letter: a charset behind it is another type.
        var type = request.Header("content-type");
        if (type != "application/x-protobuf") return new WireAnswer(415, $"Unsupported content type: {type}");
        var coding = request.Header("content-encoding");
        if (coding is not (null or "gzip" or "deflate")) return new WireAnswer(415, $"Unsupported content encoding: {coding}");
        byte[] body;
        try
        {
            body = request.Inflated(coding);
        }
        catch (WireException)
        {
            return new WireAnswer(500, "Internal Server Error");
        }

        if (!IsRequest(body)) return new WireAnswer(422, "Request body is invalid ExportTraceServiceRequest");
        Keep(body, request.Header("x-project-name"));
        return new WireAnswer(200, []);
    }

    // What the server's decoder can read at all; everything finer is found out later, and nobody is told.
    private static bool IsRequest(byte[] body)
    {
        var fields = new Callwatch.Receive.Otlp.ProtobufReader(body);
        while (fields.Read())
        {
            if (fields is not { Field: 1, Type: Callwatch.Receive.Otlp.WireType.Bytes }) continue;
            var inner = new Callwatch.Receive.Otlp.ProtobufReader(fields.Bytes);
            while (inner.Read())
            {
            }

            if (inner.Malformed) return false;
        }

        return !fields.Malformed;
    }

    private void Keep(byte[] body, string? project)
    {
        lock (gate)
        {
            try
            {
                foreach (var span in OtlpWire.Read(body))
                {
                    if (project is null && span.Resource.Find("openinference.project.name") is not string { Length: > 0 }) lost.Add("openinference.project.name is missing: it goes to the project 'default'");
                    OpenInferenceRules.Check(span);
                    spans.TryAdd(span.SpanId.ToString(), span);
                }
            }
            catch (WireException e)
            {
                lost.Add(e.Message);
            }
        }
    }

    private WireAnswer Annotate(WireRequest request)
    {
        if (request.Header("content-type") != "application/json") return Invalid("the body is JSON");
        try
        {
            if ((JsonNode.Parse(request.Sent) as JsonObject)?["data"] is not JsonArray data) return Invalid("data: Field required");
            foreach (var item in data)
                if (Wrong(item) is { } wrong) return Invalid(wrong);
            lock (gate)
            {
                foreach (var item in data.Cast<JsonObject>())
                {
                    if ((string)item["name"]! == "note") lost.Add("an annotation named note is left out");
                    else annotations[((string)item["span_id"]!, (string)item["name"]!, (string?)item["identifier"] ?? "")] = (JsonObject)item.DeepClone();
                    if (!spans.ContainsKey((string)item["span_id"]!)) lost.Add("an annotation of a span that is not there");
                }
            }

            return new WireAnswer(200, """{"data":[]}""", "application/json");
        }
        catch (JsonException)
        {
            return Invalid("JSON decode error");
        }
    }

    private static string? Wrong(JsonNode? item)
    {
        if (item is not JsonObject annotation) return "data: Input should be an object";
        if (annotation["span_id"]?.GetValueKind() != JsonValueKind.String || ((string)annotation["span_id"]!).Length != 16) return "span_id: an OpenTelemetry span id in hex";
        if (annotation["name"]?.GetValueKind() != JsonValueKind.String) return "name: Field required";
        if ((string?)annotation["annotator_kind"] is not ("LLM" or "CODE" or "HUMAN")) return "annotator_kind: Input should be 'LLM', 'CODE' or 'HUMAN'";
        if (annotation["result"] is not JsonObject { Count: > 0 } result) return "result: label, score or explanation";
        if (result["score"] is { } score && score.GetValueKind() != JsonValueKind.Number) return "result.score: Input should be a valid number";
        return annotation["identifier"] is { } identifier && identifier.GetValueKind() != JsonValueKind.String ? "identifier: Input should be a valid string" : null;
    }

    private static WireAnswer Invalid(string message) => new(422, JsonSerializer.Serialize(new { detail = new[] { new { type = "value_error", msg = message } } }), "application/json");
}
