using System.Text.Json.Nodes;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Shared;

/// <summary>What all mappings ask of a span.</summary>
internal static class SpanFacts
{
    // Attributes of records that stand in fields of their own, or are bodies.
    private static readonly HashSet<string> NoMetadata = new(StringComparer.Ordinal)
    {
        "kind", "app", "changed", "call_source", "inputs", "outputs", "workflow_run_inputs", "workflow_run_outputs", "node_inputs", "node_outputs", "query",
        "suggested_question", "preset_response", "documents", "process_data", "cost_usd",

        // Whole rows of the reference's database: what is in them stands in fields of its own.
        "message_data", "workflow_data", "message_file_data",
    };

    /// <summary>
    /// The span itself is a call to a model, whether or not its tokens count here. One that is the same call as another span is none: platforms
    /// make tokens and cost of every call with a model.
    /// </summary>
    public static bool IsCall(this Span span) => span.Kind.IsCall() && span.Call is not null && span.MergedInto is null;

    /// <summary>Calls and agents: the messages in OpenAI's form. All else: what went in, as it was captured; lists of messages in OpenAI's form.</summary>
    public static JsonNode? Input(this SpanToSend span) => Body(span, span.Content.InputMessages, span.Content.Input);

    /// <summary>The one message in OpenAI's form, or all of them; else whatever came out, else the documents found.</summary>
    public static JsonNode? Output(this SpanToSend span)
    {
        if (span.Span.Kind is SpanKind.Retrieval or SpanKind.Rerank && span.Content.Documents.Count > 0) return Documents(span);
        var body = Body(span, span.Content.OutputMessages, span.Content.Output);
        return body is JsonArray { Count: 1 } only && span.Content.OutputMessages.Count == 1 && only[0] is JsonObject message && message.ContainsKey("role")
            ? message.DeepClone() : body ?? (span.Content.Documents.Count > 0 ? Documents(span) : Judgement(span));
    }

    private static JsonNode? Body(SpanToSend span, IReadOnlyList<ChatMessage> messages, JsonNode? captured)
    {
        var asMessages = captured is null || span.Span.Kind.IsCall() || span.Span.Kind == SpanKind.Agent || captured is JsonArray list && list.Any(item => item is JsonObject one && one.ContainsKey("role"));
        return (asMessages ? MessageForms.OpenAi(messages) : null) ?? captured?.DeepClone();
    }

    // What a moderation record says it found.
    private static JsonObject? Judgement(SpanToSend span)
    {
        if (span.Span.Kind != SpanKind.Moderation) return null;
        var found = new JsonObject();
        foreach (var field in (string[])["flagged", "action", "preset_response"])
            if (span.Content.Attributes["callwatch." + field] is JsonValue value) found[field] = value.DeepClone();
        return found.Count > 0 ? found : null;
    }

    public static JsonArray Documents(this SpanToSend span) => [.. span.Content.Documents.Select(document => document.DeepClone())];

    /// <summary>The parameters of a call that are known, by the names most APIs have for them; empty when none is.</summary>
    public static JsonObject Parameters(this Span span)
    {
        var parameters = new JsonObject();
        if (span.Call is not { } call) return parameters;
        Put("temperature", call.Temperature);
        Put("top_p", call.TopP);
        Put("top_k", call.TopK);
        Put("max_tokens", call.MaxTokens);
        Put("frequency_penalty", call.FrequencyPenalty);
        Put("presence_penalty", call.PresencePenalty);
        Put("seed", call.Seed);
        Put("reasoning_effort", call.ReasoningEffort);
        Put("response_format", call.ResponseFormat);
        Put("service_tier", call.ServiceTier);
        Put("dimensions", call.EmbeddingDimensions);
        if (call.StopSequences.Count > 0) parameters["stop"] = new JsonArray([.. call.StopSequences.Select(stop => JsonValue.Create(stop))]);
        if (call.Streaming is { } streaming) parameters["stream"] = streaming;
        return parameters;

        void Put<T>(string name, T? value)
        {
            // JSON has no word for infinity.
            if (value is null || (value is double real && !double.IsFinite(real))) return;
            parameters[name] = JsonValue.Create(value);
        }
    }

    /// <summary>What platforms have no field of its own for.</summary>
    public static JsonObject Metadata(this SpanToSend span)
    {
        var metadata = new JsonObject();
        foreach (var (key, value) in span.Span.Metadata) metadata[key] = value;
        foreach (var (key, value) in span.Content.Attributes)
        {
            if (value is JsonValue plain && key.StartsWith("callwatch.", StringComparison.Ordinal) && key["callwatch.".Length..] is var field && !NoMetadata.Contains(field))
                metadata.TryAdd(field, plain.DeepClone());
        }

        metadata["app"] = span.App;
        metadata["kind"] = span.Span.Kind.Word();
        if (span.Span.Name != span.Span.DisplayName) metadata["span_name"] = span.Span.Name;
        if (span.Span.HttpStatus is { } status) metadata["http_status"] = status;
        if (span.Span.MergedInto is { } merged) metadata["merged_into"] = merged.ToString();
        if (span.Span.Call is not { } call) return metadata;
        if (span.Span.MergedInto is not null && call.Model is not null) metadata["model"] = call.Model;
        if (call.Source != CallSource.Recorded) metadata["call_source"] = call.Source.ToString().ToLowerInvariant();
        if (call.RequestModel is not null && call.RequestModel != call.Model) metadata["request_model"] = call.RequestModel;
        if (call.ResponseId is not null) metadata["response_id"] = call.ResponseId;
        return metadata;
    }

    /// <summary>Never blank: platforms refuse a span without a name, or show a hole.</summary>
    public static string ShownName(this Span span) => string.IsNullOrWhiteSpace(span.DisplayName) ? span.Kind.Word() : span.DisplayName;

    /// <summary>Never before its start, as the end of a sender is whose clock is far ahead.</summary>
    public static Timestamp ShownEnd(this Span span) => span.End < span.Start ? span.Start : span.End;

    /// <summary>When the first token came; null when that is unknown.</summary>
    public static Timestamp? FirstTokenAt(this Span span) =>
        span.Call?.TtftNanoseconds is { } ttft ? new Timestamp(span.Start.UnixNanoseconds + ttft) : null;

    /// <summary>One line for people; null when the span did not fail.</summary>
    public static string? ErrorText(this Span span) => span.Outcome == Outcome.Error ? span.Error?.Message ?? span.Error?.Type ?? "failed" : null;

    /// <summary>What failed, never an empty text, with its stack beneath; null when the span did not fail.</summary>
    public static string? Failure(this Span span)
    {
        if (span.ErrorText() is not { } error) return null;
        if (string.IsNullOrWhiteSpace(error)) error = "failed";
        return span.Error?.Stack is { Length: > 0 } stack ? error + "\n" + stack : error;
    }

    public static string Iso(this Timestamp time, int decimals = 6)
    {
        var text = time.ToDateTimeOffset().UtcDateTime;
        return text.ToString(decimals == 3 ? "yyyy-MM-dd'T'HH:mm:ss.fff'Z'" : "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture);
    }
}
