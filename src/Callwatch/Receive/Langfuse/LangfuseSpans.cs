using System.Globalization;
using System.Text.Json;
using Callwatch.Receive.Records;
using Callwatch.Spans;

namespace Callwatch.Receive.Langfuse;

/// <summary>
/// The spans of traces and observations, with the attributes that Langfuse's own OpenTelemetry clients write, so that one set of rules reads both.
/// Ids are made of theirs: a UUID or a W3C id is the trace's id as it is, as with trace records. Pure.
/// </summary>
internal static class LangfuseSpans
{
    private const string Observation = "langfuse.observation.";

    /// <summary>The id of the trace it belongs to; an observation without one is a trace of its own.</summary>
    public static string TraceOf(LangfuseEntity observation) => observation.Text("traceId") ?? observation.Id;

    /// <summary>The id of a span of OpenTelemetry as it is: judgements of newer clients name it.</summary>
    public static SpanId SpanOf(TraceId trace, string observationId) =>
        SpanId.TryParse(observationId, null, out var id) && !id.IsNone ? id : RecordIds.SpanOf(trace, "observation", observationId);

    public static SpanId RootOf(TraceId trace) => RecordIds.SpanOf(trace, "trace", "root");

    /// <summary>What has not ended, ends where it began until it is told.</summary>
    public static (Timestamp Start, Timestamp End) TimesOf(LangfuseEntity observation)
    {
        var start = observation.Time("startTime") ?? observation.Time("timestamp") ?? observation.Told;
        return (start, observation.Time("endTime") is { } end && end > start ? end : start);
    }

    /// <summary>The trace itself: from its first to its last observation, for a trace has but one time.</summary>
    public static RecordSpan Root(int tenantId, LangfuseEntity trace)
    {
        var id = RecordIds.TraceOf(tenantId, trace.Id);
        var told = trace.Time("timestamp") ?? trace.Told;
        var (start, end) = trace.Extent is { } extent ? (told < extent.Start ? told : extent.Start, extent.End) : (told, told);
        var name = trace.Text("name") ?? "trace";
        var span = new RecordSpan { TraceId = id, SpanId = RootOf(id), Name = name, Start = start, End = end };
        span.Add("callwatch.kind", DifyNames.KindOfTrace(name));
        if (DifyNames.KindOfTrace(name) is not null) span.Add(name == "workflow" ? "callwatch.workflow_run_id" : "callwatch.message_id", trace.Id);
        span.Add(Observation + "type", "span");
        AddContent(span, trace);
        AddTrace(span, trace);
        AddMetadata(span, "langfuse.trace.metadata", trace);
        if (DifyNames.Failed(trace.Metadata("status"))) span.Failed = true;
        return span;
    }

    public static RecordSpan Of(int tenantId, LangfuseEntity observation, LangfuseEntity trace)
    {
        var id = RecordIds.TraceOf(tenantId, trace.Id);
        var (start, end) = TimesOf(observation);
        var parent = observation.Text("parentObservationId") is { } above && above != observation.Id ? SpanOf(id, above) : RootOf(id);
        var span = new RecordSpan { TraceId = id, SpanId = SpanOf(id, observation.Id), Parent = parent, Name = observation.Text("name") ?? observation.Type, Start = start, End = end };
        span.Add("callwatch.kind", DifyNames.KindOf(observation));
        if (observation.Metadata("node_type") is not null) span.Add("callwatch.node_execution_id", observation.Id);
        else if (DifyNames.KindOf(observation) == "workflow") span.Add("callwatch.workflow_run_id", observation.Id);
        span.Add(Observation + "type", observation.Type);
        AddContent(span, observation);
        AddTrace(span, trace);
        AddMetadata(span, Observation + "metadata", observation);
        AddModel(span, observation);
        AddOutcome(span, observation);
        return span;
    }

    private static void AddContent(RecordSpan span, LangfuseEntity entity)
    {
        span.AddContent(Observation + "input", entity.Get("input"));
        span.AddContent(Observation + "output", entity.Get("output"));
    }

    // On every span, as on the OpenTelemetry path: each stands for itself.
    private static void AddTrace(RecordSpan span, LangfuseEntity trace)
    {
        span.Add("langfuse.trace.name", trace.Text("name"));
        span.Add("user.id", trace.Text("userId"));
        span.Add("session.id", trace.Text("sessionId"));
        span.Add("langfuse.environment", trace.Text("environment"));
        span.Add("langfuse.release", trace.Text("release"));
        span.Add("langfuse.version", trace.Text("version"));
        if (trace.Get("tags") is { ValueKind: JsonValueKind.Array } tags) span.Add("langfuse.trace.tags", tags.EnumerateArray().Select(LangfuseJson.Text).OfType<string>().ToArray());
    }

    private static void AddMetadata(RecordSpan span, string under, LangfuseEntity entity)
    {
        if (entity.Get("metadata") is not { } metadata) return;
        if (metadata.ValueKind != JsonValueKind.Object)
        {
            span.AddContent(under, metadata);
            return;
        }

        foreach (var property in metadata.EnumerateObject())
            if (property.Value.ValueKind != JsonValueKind.Null) span.AddContent(under + "." + property.Name, property.Value);
    }

    private static void AddModel(RecordSpan span, LangfuseEntity observation)
    {
        span.Add(Observation + "model.name", observation.Text("model"));
        if (observation.Text("model") is not null) span.Add("gen_ai.provider.name", DifyNames.Provider(observation.Metadata("ls_provider") ?? observation.Metadata("model_provider")));
        if (observation.Get("modelParameters") is { ValueKind: JsonValueKind.Object } parameters) span.Add(Observation + "model.parameters", parameters.GetRawText());
        span.Add(Observation + "completion_start_time", observation.Text("completionStartTime"));
        span.Add(Observation + "prompt.name", observation.Text("promptName"));
        if (observation.Get("promptVersion") is { ValueKind: JsonValueKind.Number } version) span.AddValue(Observation + "prompt.version", version);
        var usage = LangfuseUsage.Of(observation);
        span.Add(Observation + "usage_details", usage.Tokens);
        span.Add(Observation + "cost_details", usage.Cost);
    }

    private static void AddOutcome(RecordSpan span, LangfuseEntity observation)
    {
        var (level, message) = (observation.Text("level"), observation.Text("statusMessage"));
        if (level is null or "DEFAULT" or "DEBUG") return;
        // Dify calls a run without an error failed where its error is null; its status knows better.
        if (level == "ERROR" && message is null && DifyNames.Succeeded(observation.Metadata("status"))) return;
        span.Add(Observation + "level", level);
        span.Add(Observation + "status_message", message);
        if (level != "ERROR") return;
        span.Failed = true;
        span.ErrorMessage = message;
    }
}

/// <summary>Tokens and cost as JSON, in the newer names: <c>{"input", "output", "total"}</c>. What is not counted in tokens is left out.</summary>
internal static class LangfuseUsage
{
    public static (string? Tokens, string? Cost) Of(LangfuseEntity observation)
    {
        var given = observation.Get("usage") is { ValueKind: JsonValueKind.Object } usage ? usage : (JsonElement?)null;
        var details = observation.Get("usageDetails") is { ValueKind: JsonValueKind.Object } newer ? newer.GetRawText() : null;
        var costs = observation.Get("costDetails") is { ValueKind: JsonValueKind.Object } newerCosts ? newerCosts.GetRawText() : null;
        if (given is not { } old) return (details, costs);
        var inTokens = LangfuseJson.Text(old, "unit") is null or "TOKENS";
        return (
            details ?? (inTokens ? Written(old, ("input", ["input", "promptTokens", "prompt_tokens"]), ("output", ["output", "completionTokens", "completion_tokens"]), ("total", ["total", "totalTokens", "total_tokens"])) : null),
            costs ?? Written(old, ("input", ["inputCost"]), ("output", ["outputCost"]), ("total", ["totalCost"])));
    }

    private static string? Written(JsonElement from, params (string Name, string[] Of)[] fields)
    {
        var parts = new List<string>(fields.Length);
        foreach (var (name, of) in fields)
        {
            foreach (var candidate in of)
            {
                if (!from.TryGetProperty(candidate, out var value) || value.ValueKind != JsonValueKind.Number) continue;
                parts.Add(string.Create(CultureInfo.InvariantCulture, $"\"{name}\":{value.GetRawText()}"));
                break;
            }
        }

        return parts.Count == 0 ? null : "{" + string.Join(',', parts) + "}";
    }
}

/// <summary>What Dify's names say beyond Langfuse's types: its trace types, the nodes of its workflows, the providers of its plugins.</summary>
internal static class DifyNames
{
    public static string? KindOfTrace(string name) => name is "message" or "workflow" or "generate_conversation_name" ? name : null;

    public static string? KindOf(LangfuseEntity observation)
    {
        if (observation.Metadata("node_type") is { } node && observation.Type == "span")
        {
            return node switch
            {
                "tool" => "tool",
                "knowledge-retrieval" => "retrieval",
                _ => "node",
            };
        }

        return (observation.Type, observation.Text("name")) switch
        {
            ("span", "moderation") => "moderation",
            ("span", "workflow") => "workflow",
            ("span", "dataset_retrieval") => "retrieval",
            ("span", "generate_conversation_name") => "generate_conversation_name",
            // Counted in characters, with the model of another call: no call of its own.
            ("generation", "suggested_question") when observation.Text("model") is null => "suggested_question",
            ("span", _) when observation.Metadata("tool_name") is not null => "tool",
            _ => null,
        };
    }

    /// <summary><c>langgenius/openai/openai</c> is the plugin's place; the last part is the provider.</summary>
    public static string? Provider(string? provider) => provider?[(provider.LastIndexOf('/') + 1)..] is { Length: > 0 } name ? name : null;

    public static bool Succeeded(string? status) => status is "succeeded" or "partial-succeeded" or "normal";

    public static bool Failed(string? status) => status is "failed" or "error" or "exception";
}
