using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Callwatch.Testing.StandIns;

/// <summary>What Opik asks of a row: refusals in its words, and what it takes without showing it well.</summary>
internal sealed class OpikRules(DateTimeOffset now, TimeSpan window, bool isSpan)
{
    private static readonly string[] Types = ["general", "llm", "tool", "guardrail"];
    private static readonly string[] Sources = ["sdk", "experiment", "playground", "optimization"];

    private string What => isSpan ? "Span" : "Trace";

    public StandInAnswer? Refusal(JsonObject? row)
    {
        if (row is null) return OpikStandIn.Error(400, "Unable to process JSON");
        if (row["id"] is { } id && NewId(id) is { } wrongId) return wrongId;
        if (isSpan && row["trace_id"] is null) return Invalid("trace_id must not be null");
        foreach (var reference in (string[])["trace_id", "parent_span_id"])
            if (isSpan && row[reference] is { } other && Reference(reference, other) is { } wrongReference) return wrongReference;
        foreach (var name in (string[])["start_time", "end_time", "last_updated_at"])
            if (row[name] is { } time && !IsTime(time)) return OpikStandIn.Error(400, $"Unable to process JSON: cannot deserialize {name} from {time.ToJsonString()}");
        if (row["start_time"] is null) return Invalid("start_time must not be null");
        if (row["project_name"] is { } project && string.IsNullOrWhiteSpace(project.ToString())) return Invalid("project_name must not be blank");
        foreach (var name in (string[])["input", "output", "metadata"])
            if (row[name] is { } body && !IsBody(body)) return OpikStandIn.Error(400, $"Unable to process JSON: {name} must be an object, an array of objects or a string");
        if (row["tags"] is { } tags && (tags is not JsonArray list || list.Any(tag => tag?.GetValueKind() != JsonValueKind.String))) return OpikStandIn.Error(400, "Unable to process JSON: tags");
        if (row["error_info"] is { } error && Error(error) is { } wrongError) return wrongError;
        if (row["source"] is { } source && !Sources.Contains(source.ToString())) return OpikStandIn.Error(400, "Unable to process JSON: source");
        if (row["ttft"] is { } ttft && ttft.GetValueKind() != JsonValueKind.Number) return OpikStandIn.Error(400, "Unable to process JSON: ttft");
        return isSpan ? OfSpan(row) : null;
    }

    public IEnumerable<string> Problems(JsonObject row)
    {
        var name = row["name"]?.ToString();
        if (string.IsNullOrEmpty(name)) yield return What + " without a name";
        if (row["id"] is null) yield return $"{name}: without an id a repeat is a second row";
        if (row["project_name"] is null) yield return $"{name}: it goes to the default project";
        if (row["end_time"] is null) yield return $"{name}: it never ends";
        if (row["input"] is null) yield return $"{name}: it has no input";
        if (row["output"] is null) yield return $"{name}: it has no output";
        if (row["source"] is null) yield return $"{name}: nobody knows its source";
        if (isSpan && row["type"] is null) yield return $"{name}: older servers refuse a span without a type";
        if (!isSpan && row["tags"] is JsonArray tags && tags.Select(tag => tag!.ToString()).Distinct().Count() != tags.Count) yield return $"{name}: its tags repeat";
        foreach (var time in (string[])["input", "output", "metadata"])
            if (row[time] is { } body && body is not JsonObject) yield return $"{name}: {time} is no object";
        if (IsLlm(row) && row["error_info"] is null && row["usage"] is null) yield return $"{name}: a call without usage has no cost";
        if (isSpan && row["usage"] is not null && row["model"] is null) yield return $"{name}: usage without a model";
    }

    public static StandInAnswer? ScoreRefusal(JsonObject? score, DateTimeOffset now)
    {
        if (score?["id"] is null) return Invalid("id must not be null");
        if (new OpikRules(now, TimeSpan.MaxValue, false).Reference("id", score["id"]!) is { } wrongId) return wrongId;
        if (string.IsNullOrWhiteSpace(score["name"]?.ToString())) return Invalid("name must not be blank");
        if (score["value"] is null) return Invalid("value must not be null");
        if (score["value"]!.GetValueKind() != JsonValueKind.Number) return OpikStandIn.Error(400, "Unable to process JSON: value");
        return score["source"]?.ToString() is "sdk" or "ui" or "online_scoring" ? null : Invalid("source must not be null");
    }

    private static StandInAnswer? OfSpan(JsonObject span)
    {
        if (span["type"] is { } type && !Types.Contains(type.ToString())) return OpikStandIn.Error(400, "Unable to process JSON: type");
        if (span["total_estimated_cost"] is { } cost && (cost.GetValueKind() != JsonValueKind.Number || (decimal)cost < 0)) return Invalid("total_estimated_cost must be greater than or equal to 0");
        if (span["usage"] is { } usage && (usage is not JsonObject counts || counts.Any(count => count.Value is not JsonValue number || !number.TryGetValue<int>(out _))))
            return OpikStandIn.Error(400, "Unable to process JSON: usage");
        return null;
    }

    private StandInAnswer? NewId(JsonNode id)
    {
        if (Version7(id) is not { } made) return OpikStandIn.Error(400, What + " id must be a version 7 UUID");
        if (made < now - window) return OpikStandIn.Error(400, $"{What} id timestamp is not within the accepted window: too_old");
        return made > now + window ? OpikStandIn.Error(400, $"{What} id timestamp is not within the accepted window: too_far_future") : null;
    }

    private StandInAnswer? Reference(string name, JsonNode id) =>
        Version7(id) is not { } made ? OpikStandIn.Error(400, name + " must be a version 7 UUID")
        : made > now + (window == TimeSpan.MaxValue ? TimeSpan.FromHours(24) : window) ? OpikStandIn.Error(400, name + " timestamp is in the future: too_far_future") : null;

    private static StandInAnswer? Error(JsonNode error)
    {
        if (error is not JsonObject info) return OpikStandIn.Error(400, "Unable to process JSON: error_info");
        if (string.IsNullOrWhiteSpace(info["exception_type"]?.ToString())) return Invalid("error_info.exception_type must not be blank");
        return string.IsNullOrWhiteSpace(info["traceback"]?.ToString()) ? Invalid("error_info.traceback must not be blank") : null;
    }

    private static StandInAnswer Invalid(string message) => new(422, new JsonObject { ["errors"] = new JsonArray(message) }.ToJsonString());

    private static bool IsLlm(JsonObject row) => row["type"]?.ToString() == "llm" && row["model"] is not null;

    private static bool IsBody(JsonNode body) => body switch
    {
        JsonObject => true,
        JsonArray list => list.All(item => item is JsonObject),
        _ => body.GetValueKind() == JsonValueKind.String,
    };

    private static bool IsTime(JsonNode node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _) && text.Length > 10 && (text.EndsWith('Z') || text[10..].Contains('+', StringComparison.Ordinal));

    private static DateTimeOffset? Version7(JsonNode id)
    {
        if (!Guid.TryParseExact(id.ToString(), "D", out var uuid) || uuid.Version != 7 || (uuid.Variant & 0xC) != 0x8) return null;
        var bytes = uuid.ToByteArray(bigEndian: true);
        long milliseconds = 0;
        for (var i = 0; i < 6; i++) milliseconds = (milliseconds << 8) | bytes[i];
        return milliseconds <= 253_402_300_799_999 ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : DateTimeOffset.MaxValue;
    }
}
