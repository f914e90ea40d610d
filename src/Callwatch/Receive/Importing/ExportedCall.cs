using System.Text.Json;
using Callwatch.Receive.Otlp;
using Callwatch.Receive.Records;
using Callwatch.Spans;

namespace Callwatch.Receive.Importing;

/// <summary>
/// A call as the API writes it (api, "Span") made into the span it came from, as far as the call tells of it: prompts and answers were never
/// in it. A cost that was given stays as it was; a computed one is computed again.
/// </summary>
internal static class ExportedCall
{
    public readonly record struct Fault(string Field, string Message);

    private static readonly (string Field, string Attribute)[] Texts =
    [
        ("kind", "callwatch.kind"), ("user_id", "user.id"), ("session_id", "session.id"), ("operation", "gen_ai.workflow.name"), ("provider", "gen_ai.provider.name"),
        ("request_model", "gen_ai.request.model"), ("response_model", "gen_ai.response.model"), ("response_id", "gen_ai.response.id"),
        ("prompt_name", "gen_ai.prompt.name"), ("prompt_version", "gen_ai.prompt.version"),
    ];

    private static readonly (string Field, string Attribute)[] Usage =
    [
        ("input_tokens", "gen_ai.usage.input_tokens"), ("output_tokens", "gen_ai.usage.output_tokens"), ("total_tokens", "gen_ai.usage.total_tokens"),
        ("cache_read_tokens", "gen_ai.usage.cache_read.input_tokens"), ("cache_write_tokens", "gen_ai.usage.cache_creation.input_tokens"),
        ("reasoning_tokens", "gen_ai.usage.reasoning.output_tokens"), ("audio_input_tokens", "gen_ai.usage.audio.input_tokens"), ("audio_output_tokens", "gen_ai.usage.audio.output_tokens"),
    ];

    /// <summary>Writes a ResourceSpans with the one span; what is wrong with the call, else null.</summary>
    public static Fault? Write(JsonElement call, ProtobufWriter to)
    {
        if (Text(call, "trace_id") is not { } trace || !TraceId.TryParse(trace, null, out var traceId)) return new Fault("trace_id", "'trace_id' is 32 hexadecimal digits.");
        if (Text(call, "span_id") is not { } id || !SpanId.TryParse(id, null, out var spanId)) return new Fault("span_id", "'span_id' is 16 hexadecimal digits.");
        if (!Timestamp.TryParse(Text(call, "start"), out var start)) return new Fault("start", "'start' is a time with a zone.");
        if (!Timestamp.TryParse(Text(call, "end"), out var end)) return new Fault("end", "'end' is a time with a zone.");
        SpanId parent = default;
        if (Text(call, "parent_span_id") is { } above && !SpanId.TryParse(above, null, out parent)) return new Fault("parent_span_id", "'parent_span_id' is 16 hexadecimal digits, or null.");
        var span = new RecordSpan { TraceId = traceId, SpanId = spanId, Parent = parent, Name = Text(call, "name") ?? Text(call, "kind") ?? "call", Start = start, End = end };
        AddFacts(span, call);
        AddOutcome(span, call);
        var resource = to.Begin(1, 2048);
        var owner = to.Begin(1, 256);
        if (Text(call, "app") is { } app) RecordSpan.WriteAttribute(to, 1, "callwatch.app", app);
        if (Text(call, "environment") is { } environment) RecordSpan.WriteAttribute(to, 1, "deployment.environment.name", environment);
        if (Text(call, "release") is { } release) RecordSpan.WriteAttribute(to, 1, "service.version", release);
        to.End(owner);
        var scoped = to.Begin(2, 2048);
        span.Write(to);
        to.End(scoped);
        to.End(resource);
        return null;
    }

    private static void AddFacts(RecordSpan span, JsonElement call)
    {
        foreach (var (field, attribute) in Texts) span.Add(attribute, Text(call, field));
        if (call.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object)
            foreach (var (field, attribute) in Usage) span.Add(attribute, Whole(usage, field));
        if (Text(call, "call_source") == "synthetic") span.Add("callwatch.call_source", "synthetic");
        if (call.TryGetProperty("streaming", out var streaming) && streaming.ValueKind is JsonValueKind.True or JsonValueKind.False) span.Add("gen_ai.request.stream", streaming.GetBoolean());
        span.Add("gen_ai.response.time_to_first_chunk", Number(call, "ttft_ms") / 1000);
        span.Add("gen_ai.request.temperature", Number(call, "temperature"));
        span.Add("gen_ai.request.top_p", Number(call, "top_p"));
        span.Add("gen_ai.request.max_tokens", Whole(call, "max_tokens"));
        span.Add("http.response.status_code", Whole(call, "http_status"));
        span.Add("callwatch.tags", Words(call, "tags"));
        if (call.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object && metadata.EnumerateObject().Any()) span.Add("metadata", metadata.GetRawText());
        if (!call.TryGetProperty("cost", out var cost) || cost.ValueKind != JsonValueKind.Object || Text(cost, "source") != "given") return;
        // As text: a double would change its last digits.
        if (cost.TryGetProperty("total_usd", out var total) && total.ValueKind == JsonValueKind.Number) span.Add("gen_ai.usage.cost", total.GetRawText());
        if (cost.TryGetProperty("input_usd", out var input) && input.ValueKind == JsonValueKind.Number) span.Add("gen_ai.cost.input_cost", input.GetRawText());
        if (cost.TryGetProperty("output_usd", out var output) && output.ValueKind == JsonValueKind.Number) span.Add("gen_ai.cost.output_cost", output.GetRawText());
    }

    private static void AddOutcome(RecordSpan span, JsonElement call)
    {
        var outcome = Text(call, "outcome");
        if (call.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object)
        {
            span.Failed = true;
            span.ErrorMessage = Text(error, "message");
            span.Add("error.type", Text(error, "type"));
            span.Add("exception.stacktrace", Text(error, "stack"));
        }
        else
        {
            span.Failed = outcome == "error";
        }

        // The folded word for a caller that went away would not tell so any more.
        span.Add("gen_ai.response.finish_reasons", outcome == "cancelled" && !span.Failed ? ["cancelled"] : Words(call, "finish_reasons"));
    }

    private static string? Text(JsonElement of, string field) =>
        of.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    private static long? Whole(JsonElement of, string field) =>
        of.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;

    private static double? Number(JsonElement of, string field) =>
        of.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) ? number : null;

    private static string[]? Words(JsonElement of, string field) =>
        of.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Array && value.EnumerateArray().Where(word => word.ValueKind == JsonValueKind.String).Select(word => word.GetString()!).ToArray() is { Length: > 0 } words ? words : null;
}
