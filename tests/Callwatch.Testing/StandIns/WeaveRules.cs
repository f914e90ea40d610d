using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Callwatch.Testing.StandIns;

/// <summary>What Weave's trace server checks of calls and feedback (providers/weave; request types of the trace server's interface).</summary>
internal static partial class WeaveRules
{
    private static readonly HashSet<string> OfStart = Names("project_id id trace_id parent_id op_name display_name thread_id turn_id started_at attributes inputs otel_dump wb_run_id wb_run_step");
    private static readonly HashSet<string> OfEnd = Names("project_id id ended_at output exception summary");
    private static readonly HashSet<string> OfComplete = [.. OfStart, .. OfEnd];

    /// <summary>One call in one piece.</summary>
    /// <exception cref="WireRefusal">The first thing that is wrong.</exception>
    public static void CheckComplete(JsonNode? node, string at)
    {
        var call = Object(node, at);
        foreach (var name in (string[])["project_id", "id", "trace_id", "op_name", "started_at", "ended_at", "attributes", "inputs", "summary"]) Wants(call, name, at);
        Check(call, OfComplete, at);
    }

    /// <exception cref="WireRefusal">The first thing that is wrong.</exception>
    public static void CheckStart(JsonNode? node, string at)
    {
        var call = Object(node, at);
        foreach (var name in (string[])["project_id", "op_name", "started_at", "attributes", "inputs"]) Wants(call, name, at);
        Check(call, OfStart, at);
    }

    /// <exception cref="WireRefusal">The first thing that is wrong.</exception>
    public static void CheckEnd(JsonNode? node, string at)
    {
        var call = Object(node, at);
        foreach (var name in (string[])["project_id", "id", "ended_at", "summary"]) Wants(call, name, at);
        Check(call, OfEnd, at);
    }

    /// <exception cref="WireRefusal">The first thing that is wrong.</exception>
    public static void CheckFeedback(JsonObject feedback)
    {
        foreach (var name in (string[])["project_id", "weave_ref", "feedback_type", "payload"]) Wants(feedback, name, "body");
        Only(feedback, "body", "id", "project_id", "weave_ref", "creator", "feedback_type", "payload", "annotation_ref", "runnable_ref", "call_ref", "trigger_ref");
        if (feedback["payload"] is not JsonObject payload) throw Shape("body", "payload", "Input should be a valid dictionary");
        var type = TextOf(feedback, "feedback_type", "body")!;
        if (type.StartsWith("wandb.annotation", StringComparison.Ordinal) && feedback["annotation_ref"] is null) throw new WireRefusal(400, "annotation_ref is required for annotation feedback");
        if (type.StartsWith("wandb.runnable", StringComparison.Ordinal) && feedback["runnable_ref"] is null) throw new WireRefusal(400, "runnable_ref is required for runnable feedback");
        if (payload.ToJsonString().Length > 1_048_576) throw new WireRefusal(400, "Feedback payload too large");
        if (CallRef().Match(TextOf(feedback, "weave_ref", "body")!) is not { Success: true } match) throw new WireRefusal(400, "Invalid ref");
        if (match.Groups[1].Value != TextOf(feedback, "project_id", "body")) throw new WireRefusal(403, "Forbidden");
    }

    /// <summary>Only these members: an envelope with another one is refused.</summary>
    public static void Only(JsonObject envelope, string at, params string[] members)
    {
        if (envelope.FirstOrDefault(pair => !members.Contains(pair.Key, StringComparer.Ordinal)) is { Key: { } other }) throw Shape(at, other, "Extra inputs are not permitted");
    }

    public static JsonObject Object(JsonNode? node, string at) => node as JsonObject ?? throw Shape(at, null, "Input should be a valid dictionary");

    public static void Wants(JsonObject of, string name, string at)
    {
        if (of[name] is null) throw Shape(at, name, "Field required");
    }

    public static string? TextOf(JsonObject of, string name, string at) =>
        of[name] is null ? null : of[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : throw Shape(at, name, "Input should be a valid string");

    public static WireRefusal Shape(string at, string? name, string message) => new(422, (name is null ? at : at + "." + name) + ": " + message);

    private static void Check(JsonObject call, HashSet<string> known, string at)
    {
        // The server drops silently what it does not know: for us that is a thing lost.
        if (call.FirstOrDefault(pair => !known.Contains(pair.Key)) is { Key: { } other }) throw Shape(at, other, "is dropped silently");
        if (TextOf(call, "project_id", at)!.Split('/') is not [{ Length: > 0 }, { Length: > 0 }]) throw new WireRefusal(400, "Invalid project_id");
        foreach (var name in (string[])["id", "parent_id", "turn_id"])
            if (TextOf(call, name, at) is { } id && !IsUuid(id) && !Hex16().IsMatch(id)) throw new WireRefusal(400, $"Invalid {name}: {id}");
        if (TextOf(call, "trace_id", at) is { } trace && !IsUuid(trace) && !Hex32().IsMatch(trace)) throw new WireRefusal(400, $"Invalid trace_id: {trace}");
        if (call["parent_id"] is not null && (string)call["parent_id"]! == (string?)call["id"]) throw new WireRefusal(400, "A call cannot be its own parent");
        CheckName(call, at);
        foreach (var name in (string[])["started_at", "ended_at"])
            if (TextOf(call, name, at) is { } time && !(Time().IsMatch(time) && DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, out _))) throw Shape(at, name, "Input should be a valid datetime");
        foreach (var name in (string[])["attributes", "inputs", "summary"])
            if (call[name] is { } value and not JsonObject) throw Shape(at, name, "Input should be a valid dictionary");
        if ((call["attributes"] as JsonObject)?.ContainsKey("weave") == true && call["attributes"]!["weave"] is not JsonObject) throw new WireRefusal(400, "attributes.weave is reserved");
        _ = TextOf(call, "exception", at);
        CheckUsage(call["summary"]?["usage"], at);
    }

    private static void CheckName(JsonObject call, string at)
    {
        if (TextOf(call, "op_name", at) is { } op)
        {
            if (op.Contains("://", StringComparison.Ordinal) && !OpRef().IsMatch(op)) throw new WireRefusal(400, $"Invalid op ref: {op}");
            if (!op.Contains("://", StringComparison.Ordinal) && op.Length is 0 or > 128) throw new WireRefusal(400, "op_name: String too long");
        }

        if (TextOf(call, "display_name", at) is { Length: > 1_024 }) throw new WireRefusal(400, "display_name: String too long");
    }

    private static void CheckUsage(JsonNode? usage, string at)
    {
        if (usage is null) return;
        foreach (var (model, counts) in Object(usage, at + ".summary.usage"))
        {
            var of = Object(counts, at + ".summary.usage." + model);
            foreach (var (name, count) in of)
            {
                if (name is not ("requests" or "prompt_tokens" or "input_tokens" or "completion_tokens" or "output_tokens" or "total_tokens")) continue;
                if (count is null || count.GetValueKind() != JsonValueKind.Number || !long.TryParse(count.ToJsonString(), NumberStyles.None, CultureInfo.InvariantCulture, out _)) throw Shape(at, "summary.usage." + name, "Input should be a valid integer");
            }

            if ((of.ContainsKey("prompt_tokens") && of.ContainsKey("input_tokens")) || (of.ContainsKey("completion_tokens") && of.ContainsKey("output_tokens")))
                throw Shape(at, "summary.usage", "a count has two names");
        }
    }

    private static bool IsUuid(string text) => Guid.TryParseExact(text, "D", out _) && !text.Any(char.IsAsciiLetterUpper);

    private static HashSet<string> Names(string names) => new(names.Split(' '), StringComparer.Ordinal);

    [GeneratedRegex("^[0-9a-f]{16}$", RegexOptions.NonBacktracking)]
    private static partial Regex Hex16();

    [GeneratedRegex("^[0-9a-f]{32}$", RegexOptions.NonBacktracking)]
    private static partial Regex Hex32();

    [GeneratedRegex("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?Z$", RegexOptions.NonBacktracking)]
    private static partial Regex Time();

    [GeneratedRegex("^weave:///[^/]+/[^/]+/op/[^/:]+:[^/:]+$", RegexOptions.NonBacktracking)]
    private static partial Regex OpRef();

    [GeneratedRegex("^weave:///([^/]+/[^/]+)/call/[0-9a-f-]+$", RegexOptions.NonBacktracking)]
    private static partial Regex CallRef();
}
