using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Callwatch.Testing.StandIns;

/// <summary>Langfuse's old batch ingestion: 207 with a verdict on each event.</summary>
internal sealed class LangfuseIngestion
{
    private const int MostBytes = 4_500_000;

    private static readonly string[] Types =
    [
        "trace-create", "span-create", "span-update", "generation-create", "generation-update", "event-create", "score-create", "agent-create", "tool-create", "chain-create",
        "retriever-create", "evaluator-create", "embedding-create", "guardrail-create",
    ];

    private static readonly string[] Levels = ["DEBUG", "DEFAULT", "WARNING", "ERROR"];
    private static readonly string[] Texts = ["id", "name", "userId", "sessionId", "release", "version", "environment", "traceId", "parentObservationId", "statusMessage", "model", "promptName"];
    private static readonly string[] Times = ["timestamp", "startTime", "endTime", "completionStartTime"];

    public Dictionary<string, JsonObject> Entities { get; } = new(StringComparer.Ordinal);

    public List<string> Problems { get; } = [];

    public StandInAnswer Answer(StandInRequest request, bool takesEvents)
    {
        if (request.Header("Content-Encoding") is not null) return LangfuseStandIn.Message(400, "Invalid request data");
        if (request.Sent.Length > MostBytes) return LangfuseStandIn.Message(413, "Body exceeded 4.5mb limit");
        if (request.Header("Content-Type")?.StartsWith("application/json", StringComparison.Ordinal) != true) return LangfuseStandIn.Message(400, "Invalid request data");
        if (request.Json() is not JsonObject body || body["batch"] is not JsonArray batch) return LangfuseStandIn.Message(400, "Invalid request data", "batch: Required");
        var (successes, errors) = (new JsonArray(), new JsonArray());
        foreach (var item in batch)
        {
            var id = item?["id"] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
            var wrong = Wrong(item as JsonObject) ?? (takesEvents || item!["type"]!.ToString() == "score-create" ? null : "Event type is not accepted by this server; use the OTLP endpoint");
            if (wrong is not null)
            {
                errors.Add(new JsonObject { ["id"] = id, ["status"] = 400, ["message"] = "Invalid request data", ["error"] = wrong });
                continue;
            }

            Take((string)item!["type"]!, (JsonObject)item["body"]!);
            successes.Add(new JsonObject { ["id"] = id, ["status"] = 201 });
        }

        return new StandInAnswer(207, new JsonObject { ["successes"] = successes, ["errors"] = errors }.ToJsonString());
    }

    private void Take(string type, JsonObject body)
    {
        if (body["id"] is not { } id)
        {
            Problems.Add(type + " without an id is thrown away");
            return;
        }

        if (type != "trace-create" && body["traceId"] is null) Problems.Add($"{id}: it makes a trace of its own");
        if (body["environment"] is { } environment && environment.ToString().StartsWith("langfuse", StringComparison.Ordinal)) Problems.Add($"{id}: its environment is stored as default");
        if (body["usageDetails"] is JsonObject usage && usage.Any(part => part.Value is not JsonValue count || !count.TryGetValue<long>(out var tokens) || tokens < 0)) Problems.Add($"{id}: a count is dropped");

        // Later events overwrite what they have.
        if (!Entities.TryGetValue(id.ToString(), out var entity)) Entities[id.ToString()] = entity = new JsonObject { ["_type"] = type };
        foreach (var (name, value) in body.Where(pair => pair.Value is not null)) entity[name] = value!.DeepClone();
    }

    private static string? Wrong(JsonObject? item)
    {
        if (item is null) return "event: Expected object";
        if (Text(item, "id") is not { Length: > 0 and <= 800 }) return "id: 1 to 800 characters";
        if (Text(item, "type") is not { } type || !Types.Contains(type)) return "type: Invalid discriminator value";
        if (!IsTime(item["timestamp"])) return "timestamp: Invalid datetime";
        if (item["body"] is not JsonObject body) return "body: Required";
        if (type != "trace-create" && type != "score-create" && Text(body, "id") is not { Length: > 0 }) return "body.id: Required";
        foreach (var name in Texts)
            if (body[name] is { } value && value.GetValueKind() != JsonValueKind.String) return $"body.{name}: Expected string";
        foreach (var name in Times)
            if (body[name] is { } time && !IsTime(time)) return $"body.{name}: Invalid datetime";
        if (body["name"]?.ToString().Length > 1_000) return "body.name: at most 1000 characters";
        if (body["level"] is { } level && !Levels.Contains(level.ToString())) return "body.level: Invalid enum value";
        if (body["tags"] is { } tags && (tags is not JsonArray list || list.Any(tag => tag?.GetValueKind() != JsonValueKind.String))) return "body.tags: Expected array of strings";
        if (body["promptName"] is null != body["promptVersion"] is null) return "body.promptName and body.promptVersion: both or none";
        if (body["promptVersion"] is { } version && (version is not JsonValue number || !number.TryGetValue<int>(out _))) return "body.promptVersion: Expected integer";
        if (body["modelParameters"] is { } parameters && !AreParameters(parameters)) return "body.modelParameters: Expected string, number, boolean or string[]";
        if (body["usageDetails"] is { } usage && usage is not JsonObject) return "body.usageDetails: Expected object";
        return body["costDetails"] is JsonObject costs && costs.Any(cost => cost.Value?.GetValueKind() != JsonValueKind.Number) ? "body.costDetails: Expected numbers" : null;
    }

    private static bool AreParameters(JsonNode parameters) => parameters is JsonObject map && map.All(pair =>
        pair.Value?.GetValueKind() is JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False
        || (pair.Value is JsonArray list && list.All(item => item?.GetValueKind() == JsonValueKind.String)));

    private static string? Text(JsonObject json, string name) => json[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    // A time without a zone names no moment.
    private static bool IsTime(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _)
        && (text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':'));
}

/// <summary>Langfuse's scores: one a request, the same id again replaces it.</summary>
internal sealed class LangfuseScores
{
    public Dictionary<string, JsonObject> ById { get; } = new(StringComparer.Ordinal);

    public StandInAnswer Answer(StandInRequest request)
    {
        if (request.Json() is not JsonObject score) return LangfuseStandIn.Message(400, "Invalid request data", "body: Expected object");
        if (Wrong(score) is { } wrong) return LangfuseStandIn.Message(400, "Invalid request data", wrong);
        var id = score["id"]?.ToString() ?? Guid.NewGuid().ToString();
        ById[id] = score;
        return new StandInAnswer(200, new JsonObject { ["id"] = id }.ToJsonString());
    }

    private static string? Wrong(JsonObject score)
    {
        if (score["name"] is not JsonValue name || !name.TryGetValue<string>(out var text) || text.Length == 0) return "name: Required";
        if (score["traceId"] is null && score["sessionId"] is null) return "traceId or sessionId: Required";
        if (score.ContainsKey("dataType") && score["dataType"] is null) return "dataType: Invalid";
        var value = score["value"];
        return score["dataType"]?.ToString() switch
        {
            "NUMERIC" => value?.GetValueKind() == JsonValueKind.Number ? null : "value: Expected number",
            "BOOLEAN" => value is JsonValue flag && flag.TryGetValue<double>(out var number) && number is 0 or 1 ? null : "value: Expected 0 or 1",
            "CATEGORICAL" => value?.GetValueKind() == JsonValueKind.String ? null : "value: Expected string",
            "TEXT" => value?.GetValueKind() == JsonValueKind.String && value.ToString().Length is >= 1 and <= 500 ? null : "value: 1 to 500 characters",
            null => value?.GetValueKind() is JsonValueKind.Number or JsonValueKind.String ? null : "value: Required",
            _ => "dataType: Invalid enum value",
        };
    }
}
