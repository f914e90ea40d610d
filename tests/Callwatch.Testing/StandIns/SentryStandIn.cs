using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Callwatch.Testing.StandIns;

/// <summary>
/// Sentry's envelope endpoint by the written protocol (develop.sentry.dev: envelopes, event payloads, transaction payloads): what it would refuse or
/// silently drop is refused here, and an event id that it has seen is taken and discarded.
/// </summary>
public sealed partial class SentryStandIn : StandIn
{
    public const string Key = "0123456789abcdef0123456789abcdef";
    public const string Project = "42";

    private readonly List<JsonObject> events = [];
    private readonly List<JsonObject> transactions = [];
    private readonly List<JsonObject> reports = [];
    private readonly List<JsonObject> profiles = [];
    private readonly HashSet<string> ids = new(StringComparer.Ordinal);

    /// <summary>What a person enters.</summary>
    public string Dsn => $"{Address.Scheme}://{Key}@{Address.Authority}/{Project}";

    /// <summary>Hold what comes to what we promise beyond what Sentry needs.</summary>
    public bool OnlyOurs { get; set; } = true;

    /// <summary>What comes is from the client library: reports and profiles ride along, and an error may have happened outside of any trace.</summary>
    public bool FromLibrary { get; set; }

    public IReadOnlyList<JsonObject> Events => Copies(events);

    public IReadOnlyList<JsonObject> Transactions => Copies(transactions);

    public IReadOnlyList<JsonObject> Reports => Copies(reports);

    public IReadOnlyList<JsonObject> Profiles => Copies(profiles);

    /// <summary>Envelopes that were taken and held nothing new.</summary>
    public int Discarded { get; private set; }

    public static async Task<SentryStandIn> StartedAsync()
    {
        var sentry = new SentryStandIn();
        await sentry.StartAsync();
        return sentry;
    }

    protected override StandInAnswer Answer(StandInRequest request)
    {
        if (EndpointForm().Match(request.Path) is not { Success: true } endpoint) return new StandInAnswer(404, "<h1>Not Found</h1>", "text/html");
        if (request.Method != "POST") return Refused(405, "method not allowed");
        if (endpoint.Groups["project"].Value != Project) return Refused(404, "project not found");
        if (KeyOf(request) is not { } key) return Refused(403, "missing authorization information");
        if (key != Key) return Refused(401, "with_reason: ProjectId");
        if (request.Body is not { } body) return Refused(400, "failed to decode gzip");
        if (body.Length > 200 << 20) return Refused(413, "envelope exceeds size limits");
        var (envelope, wrong) = SentryEnvelopeReader.Read(body);
        if (envelope is null) return Refused(400, "invalid envelope: " + wrong);
        if (envelope.Items.Find(item => item.Payload.Length > 1 << 20) is not null) return Refused(413, "envelope exceeds size limits for type 'event'");
        if (FromLibrary && SentryLibraryItems.TakeOut(envelope, reports, profiles) is { } harm) return Refused(400, harm);
        if (FromLibrary && envelope.Items.Count == 0) return Json(200, new JsonObject());
        if (ProblemOf(envelope) is { } problem) return Refused(400, problem);
        var id = (string)envelope.Header["event_id"]!;
        var (kind, payload) = (envelope.Items[0].Kind, JsonNode.Parse(envelope.Items[0].Payload)!.AsObject());
        if (!ids.Add(id)) Discarded++;
        else (kind == "event" ? events : transactions).Add(payload);
        return Json(200, new JsonObject { ["id"] = id });
    }

    private static StandInAnswer Refused(int status, string why) => Json(status, new JsonObject { ["detail"] = why }).With("X-Sentry-Error", why);

    // The header, or the query string; the key they name.
    private static string? KeyOf(StandInRequest request)
    {
        var auth = request.Header("X-Sentry-Auth");
        if (auth is null ? request.Query.Length == 0 : !auth.StartsWith("Sentry ", StringComparison.Ordinal)) return null;
        var all = auth is null ? request.Query.TrimStart('?').Split('&') : auth["Sentry ".Length..].Split(',');
        var pairs = all.Select(pair => pair.Trim().Split('=', 2)).Where(pair => pair.Length == 2).ToLookup(pair => pair[0], pair => pair[1], StringComparer.Ordinal)
            .ToDictionary(pair => pair.Key, pair => pair.First(), StringComparer.Ordinal);
        return pairs.GetValueOrDefault("sentry_version") == "7" && pairs.ContainsKey("sentry_client") ? pairs.GetValueOrDefault("sentry_key") : null;
    }

    private string? ProblemOf(SentryEnvelopeReader.Envelope envelope)
    {
        if (envelope.Items is not [{ Kind: "event" or "transaction" } item]) return envelope.Items.Count == 0 ? "envelope without items" : "one event or one transaction per envelope";
        JsonObject payload;
        try
        {
            if (JsonNode.Parse(item.Payload) is not JsonObject read) return "payload: expected an object";
            payload = read;
        }
        catch (System.Text.Json.JsonException)
        {
            return "payload: invalid JSON";
        }

        if (!IsId(payload["event_id"])) return "event_id: expected 32 hex digits of a UUID v4";
        if ((string?)envelope.Header["event_id"] != (string?)payload["event_id"]) return "event_id: envelope and payload disagree";
        if (!IsTime(envelope.Header["sent_at"], text: true)) return "sent_at: expected RFC 3339";
        if (envelope.Header["trace"] is JsonObject trace && (!TraceForm().IsMatch((string?)trace["trace_id"] ?? "") || (string?)trace["public_key"] != Key)) return "trace: trace_id and public_key are required";
        if (SentryPayload.ProblemOf(payload, OnlyOurs) is { } problem) return problem;
        return item.Kind == "event" ? SentryPayload.ProblemOfEvent(payload, OnlyOurs, needsTrace: !FromLibrary) : SentryPayload.ProblemOfTransaction(payload, OnlyOurs);
    }

    internal static bool IsId(JsonNode? node) => node?.GetValueKind() == System.Text.Json.JsonValueKind.String && IdForm().IsMatch((string)node!);

    internal static bool IsTime(JsonNode? node, bool text = false) => node?.GetValueKind() switch
    {
        // Milliseconds would lie in the far future.
        System.Text.Json.JsonValueKind.Number => !text && (double)node is > 1e9 and < 1e11,
        System.Text.Json.JsonValueKind.String => DateTimeOffset.TryParse((string?)node, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _),
        _ => false,
    };

    [GeneratedRegex("^(/prefix)?/api/(?<project>[^/]+)/envelope/$", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex EndpointForm();

    [GeneratedRegex("^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$", RegexOptions.NonBacktracking)]
    private static partial Regex IdForm();

    [GeneratedRegex("^[0-9a-f]{32}$", RegexOptions.NonBacktracking)]
    internal static partial Regex TraceForm();

    [GeneratedRegex("^[0-9a-f]{16}$", RegexOptions.NonBacktracking)]
    internal static partial Regex SpanForm();

    [GeneratedRegex("^[a-zA-Z0-9_.:-]{1,32}$", RegexOptions.NonBacktracking)]
    internal static partial Regex TagForm();
}
