using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Callwatch.Testing.StandIns;

/// <summary>What the OTLP way of Langfuse takes and then drops, cuts, or stores as something else (attributes of its documentation and processor).</summary>
internal static partial class LangfuseRules
{
    private static readonly string[] OfTrace = ["langfuse.trace.name", "user.id", "session.id", "langfuse.trace.tags", "langfuse.release", "langfuse.version", "langfuse.environment"];

    private static readonly string[] Types = ["span", "generation", "event", "embedding", "agent", "tool", "chain", "retriever", "guardrail", "evaluator"];

    private static readonly string[] Known =
    [
        .. OfTrace, "langfuse.trace.public", "langfuse.observation.type", "langfuse.observation.input", "langfuse.observation.output", "langfuse.observation.level",
        "langfuse.observation.status_message", "langfuse.observation.model.name", "langfuse.observation.model.parameters", "langfuse.observation.usage_details",
        "langfuse.observation.cost_details", "langfuse.observation.completion_start_time", "langfuse.observation.prompt.name", "langfuse.observation.prompt.version",
    ];

    /// <param name="namedLate">A root that came after its children may say more of the trace than they could.</param>
    public static IEnumerable<string> Problems(StandInRequest request, IReadOnlyList<WireSpan> spans, bool namedLate)
    {
        if (request.Header("x-langfuse-ingestion-version") is null) yield return "without an ingestion version it may show ten minutes late";
        foreach (var span in spans)
        {
            if (span.ScopeName.Contains("langfuse", StringComparison.OrdinalIgnoreCase)) yield return "the scope passes for the platform's own client";
            foreach (var problem in Attributes(span)) yield return $"{span.Name}: {problem}";
        }

        // With version 4 nothing is merged from the root.
        foreach (var trace in namedLate ? [] : spans.GroupBy(span => span.TraceId))
        {
            foreach (var key in OfTrace.Where(key => trace.Select(span => Text(span.Attributes.Find(key))).Distinct().Count() > 1))
                yield return $"{key} is not on every span of the trace, or not the same";
        }
    }

    private static IEnumerable<string> Attributes(WireSpan span)
    {
        foreach (var (key, _) in span.Attributes.All)
        {
            if (!Known.Contains(key) && !key.StartsWith("langfuse.trace.metadata.", StringComparison.Ordinal) && !key.StartsWith("langfuse.observation.metadata.", StringComparison.Ordinal))
                yield return key + " is no attribute of the platform";
        }

        if (string.IsNullOrEmpty(span.Text("langfuse.trace.name"))) yield return "it has no trace name";
        if (!Types.Contains(span.Text("langfuse.observation.type"))) yield return "its type is stored as a plain span";
        if (span.Attributes.Find("langfuse.observation.level") is { } level && level is not ("DEBUG" or "DEFAULT" or "WARNING" or "ERROR")) yield return "its level is unknown";
        if ((span.StatusCode == 2) != (span.Text("langfuse.observation.level") == "ERROR")) yield return "its status and its level say different things";
        if (span.StatusCode == 2 && string.IsNullOrEmpty(span.StatusMessage)) yield return "its error has no message";
        if (span.Text("user.id")?.Length > 200) yield return "its user is too long";
        if (span.Text("session.id")?.Length > 200) yield return "its session is too long";
        if (span.Attributes.Find("langfuse.trace.tags") is { } tags && (tags is not List<object> list || list.Any(tag => tag is not string))) yield return "its tags are no list of strings";
        if (span.Text("langfuse.environment") is { } environment && (!Environment().IsMatch(environment) || environment.StartsWith("langfuse", StringComparison.Ordinal))) yield return "its environment is stored as default";
        foreach (var problem in Call(span)) yield return problem;
    }

    private static IEnumerable<string> Call(WireSpan span)
    {
        foreach (var name in (string[])["usage_details", "cost_details", "model.parameters"])
        {
            var key = "langfuse.observation." + name;
            if (!span.Attributes.Has(key)) continue;
            if (Json(span.Text(key)) is not JsonObject json) yield return key + " is no JSON object";
            else if (name == "usage_details" && Usage(json) is { } problem) yield return problem;
            else if (name == "cost_details" && json.Any(part => part.Value?.GetValueKind() != JsonValueKind.Number || (decimal)part.Value < 0)) yield return "a cost is no amount";
        }

        if (span.Text("langfuse.observation.type") == "generation" && !span.Attributes.Has("langfuse.observation.usage_details") && span.Attributes.Has("langfuse.observation.model.name") && span.StatusCode != 2)
            yield return "its usage will be made up";
        if (span.Attributes.Find("langfuse.observation.completion_start_time") is { } first && (first is not string text || !DateTimeOffset.TryParse(text.Trim('"'), CultureInfo.InvariantCulture, out _) || !text.Trim('"').EndsWith('Z')))
            yield return "its first token has no time";
        if (span.Attributes.Has("langfuse.observation.prompt.name") != span.Attributes.Has("langfuse.observation.prompt.version")) yield return "its prompt has no name or no version";
        if (span.Attributes.Find("langfuse.observation.prompt.version") is { } version && version is not long) yield return "its prompt's version is no integer";
    }

    private static string? Usage(JsonObject usage)
    {
        long sum = 0;
        foreach (var (key, value) in usage)
        {
            if (value is not JsonValue number || !number.TryGetValue<long>(out var tokens) || tokens < 0) return $"{key} is dropped: it is no count";
            if (key != "total") sum += tokens;
        }

        return usage["total"] is { } total && (long)total != sum && usage.Count > 1 ? "its parts do not add up to its total" : null;
    }

    private static JsonNode? Json(string? text)
    {
        try
        {
            return text is null ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Text(object? value) => value is List<object> list ? string.Join('\n', list) : value?.ToString() ?? "";

    [GeneratedRegex("^[a-z0-9_-]{1,40}$", RegexOptions.NonBacktracking)]
    private static partial Regex Environment();
}
