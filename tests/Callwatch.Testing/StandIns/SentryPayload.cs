using System.Text.Json;
using System.Text.Json.Nodes;

namespace Callwatch.Testing.StandIns;

/// <summary>What is wrong with an event or a transaction; null when nothing is.</summary>
internal static class SentryPayload
{
    private static readonly string[] Levels = ["fatal", "error", "warning", "info", "debug"];

    private static readonly string[] Statuses =
    [
        "ok", "cancelled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists", "permission_denied", "resource_exhausted", "failed_precondition", "aborted",
        "out_of_range", "unimplemented", "internal_error", "unavailable", "data_loss", "unauthenticated",
    ];

    private static readonly string[] GenAi = ["invoke_agent", "chat", "generate_content", "embeddings", "execute_tool", "handoff", "rerank"];
    private static readonly string[] OfModels = ["chat", "generate_content", "embeddings", "rerank"];

    /// <param name="ours">Also what Sentry only recommends, which we promise: the platform of .NET, what a span is for and how it ended, the operation among its data.</param>
    public static string? ProblemOf(JsonObject payload, bool ours)
    {
        if (!SentryStandIn.IsTime(payload["timestamp"])) return "timestamp: expected seconds or RFC 3339";
        if (Text(payload, "platform") is not { } platform || (ours && platform != "csharp")) return "platform: missing";
        if (Text(payload, "environment") is not { } environment || environment.Length > 64 || environment.Any(letter => char.IsWhiteSpace(letter) || letter == '/') || environment == "None") return "environment: invalid";
        if (payload["release"] is not null && (Text(payload, "release") is not { } release || release.Length > 200 || release is "." or ".." || release.IndexOfAny(['/', '\\', '\n', '\t']) >= 0)) return "release: invalid";
        if (payload["sdk"] is not JsonObject sdk || Text(sdk, "name") is null || Text(sdk, "version") is null) return "sdk: name and version are required";
        foreach (var (key, value) in payload["tags"] as JsonObject ?? [])
            if (!SentryStandIn.TagForm().IsMatch(key) || value?.GetValueKind() != JsonValueKind.String || ((string)value!).Length is 0 or > 200 || ((string)value!).Contains('\n')) return $"tags: {key} is invalid";
        return payload["user"] is null || payload["user"] is JsonObject { Count: > 0 } ? null : "user: expected an object";
    }

    public static string? ProblemOfEvent(JsonObject payload, bool ours, bool needsTrace = true)
    {
        if (payload["type"] is not null && (string?)payload["type"] != "event") return "type: not an event";
        if (!Levels.Contains(Text(payload, "level"))) return "level: unknown";
        if (payload["fingerprint"] is { } fingerprint && (fingerprint is not JsonArray { Count: > 0 } parts || parts.Any(part => part?.GetValueKind() != JsonValueKind.String))) return "fingerprint: expected texts";
        if (payload["logentry"] is JsonObject entry && Text(entry, "message") is null) return "logentry: message is required";
        if (payload["logentry"] is not null && payload["exception"] is null) return null;
        if ((needsTrace || payload["contexts"]?["trace"] is not null) && Context(payload, "trace", ours) is { } wrong) return wrong;
        if (payload["exception"]?["values"] is not JsonArray { Count: > 0 } values) return "exception: values are required";
        for (var i = 0; i < values.Count; i++)
            if (ProblemOfException(values, i) is { } problem) return $"exception.values[{i}]: {problem}";
        return null;
    }

    public static string? ProblemOfTransaction(JsonObject payload, bool ours)
    {
        if (Text(payload, "type") != "transaction") return "type: transaction is required";
        if (Text(payload, "transaction") is null) return "transaction: name is required";
        if (Text(payload["transaction_info"] as JsonObject ?? [], "source") is not ("custom" or "route" or "task")) return "transaction_info: source is unknown";
        if (payload["exception"] is not null) return "exception: an error is an event of its own";
        if (Times(payload) is { } late) return late;
        if (Context(payload, "trace", needsOp: true) is { } wrong) return wrong;
        var root = payload["contexts"]!["trace"]!.AsObject();
        if (Data(root, ours) is { } data) return data;
        if (payload["spans"] is not JsonArray spans) return "spans: expected a list";
        if (spans.Count > 1_000) return "spans: more than 1000";
        var ids = new HashSet<string>(StringComparer.Ordinal) { (string)root["span_id"]! };
        foreach (var span in spans)
        {
            if (span is not JsonObject one || Ids(one).Length > 0) return "spans: trace_id and span_id are required";
            if ((string?)one["trace_id"] != (string?)root["trace_id"]) return "spans: of another trace";
            if (!ids.Add((string)one["span_id"]!)) return "spans: a span twice";
            if (Text(one, "parent_span_id") is null) return "spans: parent_span_id is required";
            if (Text(one, "description") is null) return "spans: description is required";
            if ((Times(one) ?? Op(one) ?? Data(one, ours)) is { } problem) return "spans: " + problem;
        }

        return null;
    }

    private static string? ProblemOfException(JsonArray values, int index)
    {
        var count = values.Count;
        if (values[index] is not JsonObject exception || Text(exception, "type") is null || Text(exception, "value") is not { } value) return "type and value are required";
        if (value.Length > 8_192) return "value is too long";
        if (exception["mechanism"] is not JsonObject mechanism || Text(mechanism, "type") is null) return "mechanism without type";
        if (count > 1 && (int?)mechanism["exception_id"] != count - 1 - index) return "exception_id does not count inwards";
        if (count > 1 && index < count - 1 && ProblemOfParent(values, mechanism) is { } orphan) return orphan;
        if (count == 1 && (mechanism["exception_id"] is not null || mechanism["parent_id"] is not null)) return "ids of a single exception";
        if (exception["stacktrace"] is null) return null;
        return exception["stacktrace"]!["frames"] is JsonArray { Count: > 0 } frames && frames.All(frame => frame is JsonObject one && Text(one, "function") is not null) ? null : "stacktrace without frames";
    }

    // The next outer one, or the group that holds it.
    private static string? ProblemOfParent(JsonArray values, JsonObject mechanism)
    {
        var (own, parent) = ((int)mechanism["exception_id"]!, (int?)mechanism["parent_id"]);
        if (parent == own - 1) return null;
        if (parent is null or < 0 || parent >= own) return "parent_id is no outer one";
        return (bool?)values[values.Count - 1 - parent.Value]!["mechanism"]!["is_exception_group"] == true ? null : "parent_id is not the next outer one";
    }

    private static string? Context(JsonObject payload, string name, bool needsOp)
    {
        if (payload["contexts"]?[name] is not JsonObject context) return $"contexts.{name}: required";
        return Ids(context) is { Length: > 0 } wrong ? $"contexts.{name}: {wrong}" : needsOp ? Op(context) : null;
    }

    private static string Ids(JsonObject of) =>
        !SentryStandIn.TraceForm().IsMatch(Text(of, "trace_id") ?? "") ? "trace_id: expected 32 hex digits"
        : !SentryStandIn.SpanForm().IsMatch(Text(of, "span_id") ?? "") ? "span_id: expected 16 hex digits"
        : of["parent_span_id"] is not null && !SentryStandIn.SpanForm().IsMatch(Text(of, "parent_span_id") ?? "") ? "parent_span_id: expected 16 hex digits" : "";

    private static string? Op(JsonObject of) => Text(of, "op") is null ? "op: required" : Statuses.Contains(Text(of, "status")) ? null : "status: unknown";

    private static string? Times(JsonObject of) =>
        !SentryStandIn.IsTime(of["start_timestamp"]) || !SentryStandIn.IsTime(of["timestamp"]) ? "start_timestamp and timestamp are required"
        : (double)of["timestamp"]! < (double)of["start_timestamp"]! ? "timestamp lies before start_timestamp" : null;

    private static string? Data(JsonObject of, bool ours)
    {
        if (of["data"] is not JsonObject data) return "data: expected an object";
        var op = Text(of, "op")!;
        foreach (var (key, value) in data)
            if (value?.GetValueKind() is JsonValueKind.Object or JsonValueKind.Array) return $"data: {key} is no plain value";
        if (!op.StartsWith("gen_ai.", StringComparison.Ordinal)) return null;
        var operation = op["gen_ai.".Length..];
        if (!GenAi.Contains(operation)) return "op: unknown operation " + operation;
        if (ours && Text(data, "gen_ai.operation.name") != operation) return "data: gen_ai.operation.name is not the op's";
        if (OfModels.Contains(operation) && Text(data, "gen_ai.request.model") is null) return "data: gen_ai.request.model is required";
        foreach (var name in (string[])["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.total_tokens", "gen_ai.request.max_tokens"])
            if (data[name] is { } count && (count.GetValueKind() != JsonValueKind.Number || (double)count != Math.Floor((double)count))) return $"data: {name} is no integer";
        return null;
    }

    private static string? Text(JsonObject of, string name) => of[name]?.GetValueKind() == JsonValueKind.String && (string)of[name]! is { Length: > 0 } text ? text : null;
}
