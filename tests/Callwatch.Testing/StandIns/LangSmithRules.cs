using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Callwatch.Testing.StandIns;

/// <summary>What LangSmith's ingestion checks of a run and of a judgement (providers/langsmith, sections 5 to 7).</summary>
internal static partial class LangSmithRules
{
    private static readonly HashSet<string> RunTypes = new(StringComparer.Ordinal) { "llm", "chain", "tool", "retriever", "embedding", "prompt", "parser" };

    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "id", "trace_id", "dotted_order", "parent_run_id", "name", "run_type", "start_time", "end_time", "inputs", "outputs", "error", "extra", "events", "tags", "serialized",
        "session_name", "session_id", "reference_example_id", "child_runs", "attachments",
    };

    /// <exception cref="WireRefusal">The first thing that is wrong.</exception>
    public static void Check(LangSmithOperation operation)
    {
        var run = operation.Run;
        foreach (var (name, value) in run)
        {
            if (!Known.Contains(name)) throw Bad($"run has no field '{name}'");
            if (value is null && name is not ("parent_run_id" or "reference_example_id")) throw Bad($"'{name}' is null");
        }

        if (Uuid(run, "id") != operation.Id) throw Bad("'id' is not that of the part");
        _ = Uuid(run, "trace_id");
        if (operation.Operation == "post") CheckNew(run);
        foreach (var name in (string[])["inputs", "outputs", "extra"])
            if (run[name] is { } value and not JsonObject) throw Bad($"'{name}' must be an object, not {value.GetValueKind()}");
        if (run["error"] is { } error && (error.GetValueKind() != JsonValueKind.String || ((string)error!).Length == 0)) throw Bad("'error' must be a text");
        if (run["tags"] is { } tags && !(tags is JsonArray list && list.All(tag => tag?.GetValueKind() == JsonValueKind.String))) throw Bad("'tags' must be texts");
        if (run["end_time"] is { } end) _ = TimeOf(end, "end_time");
        CheckEvents(run);
        CheckOrder(run);
        CheckUsage(run["outputs"]?["usage_metadata"]);
        CheckUsage((run["extra"] as JsonObject)?["metadata"]?["usage_metadata"]);
    }

    /// <exception cref="WireRefusal">The first thing that is wrong.</exception>
    public static void CheckFeedback(JsonObject feedback)
    {
        foreach (var name in (string[])["id", "run_id"]) _ = Uuid(feedback, name);
        if (feedback["trace_id"] is not null) _ = Uuid(feedback, "trace_id");
        if (Text(feedback, "key") is not { Length: > 0 }) throw Bad("'key' is missing");
        if (feedback["score"] is { } score && score.GetValueKind() is not (JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False)) throw Bad("'score' must be a number or boolean");
        if (feedback["comment"] is { } comment && comment.GetValueKind() != JsonValueKind.String) throw Bad("'comment' must be a text");
        if (Text(feedback["feedback_source"] as JsonObject, "type") is null) throw Bad("'feedback_source' has no type");
        if (feedback["extend_trace_retention"] is { } extend && extend.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False)) throw Bad("'extend_trace_retention' must be a boolean");
    }

    /// <summary>A number is milliseconds since 1970; a text without zone is UTC.</summary>
    public static DateTime TimeOf(JsonNode time, string name)
    {
        if (time.GetValueKind() == JsonValueKind.Number) return DateTime.UnixEpoch.AddMilliseconds((double)time);
        return time.GetValueKind() == JsonValueKind.String
            && DateTime.TryParse((string)time!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var parsed)
            ? parsed : throw Bad($"'{name}' is no time");
    }

    private static void CheckNew(JsonObject run)
    {
        if (Text(run, "name") is not { Length: > 0 }) throw Bad("'name' is missing");
        if (Text(run, "run_type") is not { } type) throw Bad("'run_type' is missing");
        if (!RunTypes.Contains(type)) throw Bad($"'run_type' cannot be '{type}'");
        if (run["start_time"] is not { } start) throw Bad("'start_time' is missing");
        _ = TimeOf(start, "start_time");
    }

    private static void CheckEvents(JsonObject run)
    {
        if (run["events"] is not { } events) return;
        if (events is not JsonArray list) throw Bad("'events' must be a list");
        foreach (var item in list)
        {
            if (Text(item as JsonObject, "name") is null || item!["time"] is not { } time) throw Bad("an event has name and time");
            _ = TimeOf(time, "events.time");
        }
    }

    private static void CheckOrder(JsonObject run)
    {
        if (Text(run, "dotted_order") is not { } order) throw new WireRefusal(400, "Bad request: invalid 'dotted_order': it is missing");
        var segments = order.Split('.');
        var parsed = segments.Select(segment => Segment().Match(segment)).ToList();
        foreach (var (match, i) in parsed.Select((match, i) => (match, i)))
            if (!match.Success) throw new WireRefusal(400, $"Bad request: invalid 'dotted_order': cannot parse '{segments[i]}', six digits are wanted");
        var ids = parsed.ConvertAll(match => match.Groups["id"].Value);
        if (ids[^1] != (string)run["id"]!) throw new WireRefusal(400, "Bad request: invalid 'dotted_order': run id does not match last part of dotted_order");
        if (ids[0] != (string)run["trace_id"]!) throw new WireRefusal(400, "Bad request: trace_id does not match first part of dotted_order");
        var parent = run["parent_run_id"] is null ? null : Uuid(run, "parent_run_id");
        if (parent is null && ids.Count != 1) throw new WireRefusal(400, "Bad request: dotted_order has parents, and there is no parent_run_id");
        if (parent is not null && (ids.Count < 2 || ids[^2] != parent)) throw new WireRefusal(400, "Bad request: parent_run_id does not match dotted_order");
        var times = parsed.ConvertAll(match => match.Groups["time"].Value);
        for (var i = 1; i < times.Count; i++)
            if (string.CompareOrdinal(times[i], times[i - 1]) < 0) throw new WireRefusal(400, $"Bad request: dotted_order has timestamp {times[i]} earlier than parent timestamp {times[i - 1]}");
        if (run["start_time"] is { } start && TimeOf(start, "start_time").ToString("yyyyMMdd'T'HHmmssffffff", CultureInfo.InvariantCulture) != times[^1])
            throw new WireRefusal(400, "Bad request: start_time is not the time of the last part of dotted_order");
    }

    private static void CheckUsage(JsonNode? usage)
    {
        if (usage is null) return;
        var (input, output, total) = (Count(usage, "input_tokens"), Count(usage, "output_tokens"), Count(usage, "total_tokens"));
        if (total < input + output) throw Bad("'total_tokens' is less than its parts");
        if (Details(usage["input_token_details"]) > (input ?? long.MaxValue)) throw Bad("'input_tokens' is less than its details");
        if (Details(usage["output_token_details"]) > (output ?? long.MaxValue)) throw Bad("'output_tokens' is less than its details");
        foreach (var name in (string[])["input_cost", "output_cost", "total_cost"])
            if (usage[name] is { } cost && cost.GetValueKind() != JsonValueKind.Number) throw Bad($"'{name}' must be a number");
    }

    private static long Details(JsonNode? details) => details is JsonObject map ? map.Where(pair => pair.Key != "audio").Sum(pair => Count(map, pair.Key) ?? 0) : 0;

    private static long? Count(JsonNode of, string name)
    {
        if (of[name] is not { } value) return null;
        return value.GetValueKind() == JsonValueKind.Number && long.TryParse(value.ToJsonString(), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : throw Bad($"'{name}' must be an integer");
    }

    private static string Uuid(JsonObject of, string name) =>
        Text(of, name) is not { } text ? throw Bad($"'{name}' is missing")
        : Guid.TryParseExact(text, "D", out _) && !text.Any(char.IsAsciiLetterUpper) ? text : throw Bad($"'{name}' is no UUID");

    private static string? Text(JsonObject? of, string name) => of?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static WireRefusal Bad(string why) => new(422, "Bad request: " + why);

    [GeneratedRegex("^(?<time>[0-9]{8}T[0-9]{12})Z(?<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$", RegexOptions.NonBacktracking)]
    private static partial Regex Segment();
}
