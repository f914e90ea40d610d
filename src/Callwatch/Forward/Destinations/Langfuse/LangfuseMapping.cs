using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Langfuse;

/// <summary>
/// Spans in the names of Langfuse (server 4.16). Every span carries the facts of its trace: with ingestion version 4 they are not merged from the root. Pure.
/// </summary>
internal static class LangfuseMapping
{
    public static IReadOnlyList<OutboundItem> Items(TraceToSend trace, Anchor anchor, LangfuseOptions options)
    {
        // A scope that names langfuse would pass for the platform's own client.
        var head = OtlpBatch.Head(
            new OutboundAttributes().Add("service.name", "callwatch").Add("service.version", options.Version), "callwatch", options.Version);
        return
        [
            .. trace.Spans.Select(span => Item(span, anchor, options, head)),
            .. trace.Spans.SelectMany(span => Scores.Of(span, options)),
        ];
    }

    /// <summary>The type of observation that fits the span best.</summary>
    public static string TypeOf(Span span) => span.Kind switch
    {
        SpanKind.Chat or SpanKind.Completion or SpanKind.Image or SpanKind.Speech or SpanKind.Transcription => "generation",
        SpanKind.SuggestedQuestion or SpanKind.GenerateConversationName => "generation",
        SpanKind.Embedding => "embedding",
        SpanKind.Rerank or SpanKind.Retrieval => "retriever",
        SpanKind.Tool => "tool",
        SpanKind.Agent => "agent",
        SpanKind.Guardrail or SpanKind.Moderation => "guardrail",
        SpanKind.Evaluator => "evaluator",
        SpanKind.Message or SpanKind.Workflow or SpanKind.Chain => "chain",
        _ => "span",
    };

    public static string LevelOf(SpanToSend span) => span.Span.Outcome switch
    {
        Outcome.Error => "ERROR",
        Outcome.Cancelled => "WARNING",
        _ => IsFlagged(span) ? "WARNING" : "DEFAULT",
    };

    /// <summary>Keys of the platform are added up, so each token stands in one of them only.</summary>
    public static JsonObject? Usage(TokenUsage usage)
    {
        if (usage.IsUnknown) return null;
        var json = new JsonObject();
        var (read, write, reasoning) = (usage.CacheRead ?? 0, usage.CacheWrite ?? 0, usage.Reasoning ?? 0);
        if (usage.Input is { } input) json["input"] = Math.Max(0, input - read - write);
        if (usage.CacheRead is not null) json["input_cached_tokens"] = read;
        if (usage.CacheWrite is not null) json["input_cache_creation"] = write;
        if (usage.Output is { } output) json["output"] = Math.Max(0, output - reasoning);
        if (usage.Reasoning is not null) json["output_reasoning_tokens"] = reasoning;
        if (usage.Total is { } total) json["total"] = total;
        return json;
    }

    public static JsonObject? Cost(CallCost cost)
    {
        if (cost.TotalUsd is not { } total) return null;
        var json = new JsonObject();
        if (cost.InputUsd is { } input) json["input"] = input;
        if (cost.CacheReadUsd is { } read) json["input_cached_tokens"] = read;
        if (cost.CacheWriteUsd is { } write) json["input_cache_creation"] = write;
        if (cost.OutputUsd is { } output) json["output"] = output;
        if (cost.ReasoningUsd is { } reasoning) json["output_reasoning_tokens"] = reasoning;
        json["total"] = total;
        return json;
    }

    /// <summary>The environment that is sent: the destination's, else the trace's where Langfuse would keep it.</summary>
    public static string? EnvironmentOf(Anchor anchor, LangfuseOptions options) =>
        options.Environment ?? (anchor.Environment?.ToLowerInvariant() is { } own && LangfuseKind.IsEnvironment(own) ? own : null);

    private static OutboundItem Item(SpanToSend span, Anchor anchor, LangfuseOptions options, byte[] head)
    {
        var failed = span.Span.Outcome == Outcome.Error;
        var outbound = new OutboundSpan
        {
            TraceId = span.Span.TraceId,
            SpanId = span.Span.SpanId,
            ParentSpanId = span.Span.ParentSpanId,
            Name = span.Span.DisplayName,
            Start = span.Span.Start,
            End = span.Span.End,
            Attributes = Attributes(span, anchor, options),
            StatusCode = failed ? 2 : 1,
            StatusMessage = failed ? span.Span.ErrorText() : null,
        };
        return new OutboundItem
        {
            Route = OtlpBatch.Route,
            TraceId = span.Span.TraceId,
            SpanIds = [span.Span.SpanId],
            Id = span.Span.SpanId.ToString(),
            Head = head,
            Payload = outbound.ToBytes(),
        };
    }

    private static OutboundAttributes Attributes(SpanToSend span, Anchor anchor, LangfuseOptions options)
    {
        var attributes = new OutboundAttributes()
            .Add("langfuse.trace.name", anchor.Name)
            .Add("user.id", Short(span.Span.UserId ?? anchor.UserId))
            .Add("session.id", Short(span.Span.SessionId ?? anchor.SessionId))
            .Add("langfuse.trace.tags", anchor.Tags)
            .Add("langfuse.release", options.Release ?? anchor.Release)
            .Add("langfuse.environment", EnvironmentOf(anchor, options));
        attributes.Add("langfuse.trace.metadata.app", anchor.App);
        foreach (var (key, value) in anchor.Metadata) attributes.Add("langfuse.trace.metadata." + key, value);
        attributes
            .Add("langfuse.observation.type", TypeOf(span.Span))
            .AddJson("langfuse.observation.input", span.Input())
            .AddJson("langfuse.observation.output", span.Output())
            .Add("langfuse.observation.level", LevelOf(span))
            .Add("langfuse.observation.status_message", span.Span.ErrorText());
        foreach (var (key, value) in span.Metadata()) attributes.AddJson("langfuse.observation.metadata." + key, value);
        if (span.Span.Call is { } call) AddCall(attributes, span.Span, call);
        return attributes;
    }

    private static void AddCall(OutboundAttributes attributes, Span span, LlmCall call)
    {
        attributes.Add("langfuse.observation.model.name", call.Model);
        if (span.Parameters() is { Count: > 0 } parameters) attributes.AddJson("langfuse.observation.model.parameters", parameters);
        attributes.AddJson("langfuse.observation.usage_details", Usage(call.Usage));
        attributes.AddJson("langfuse.observation.cost_details", Cost(call.Cost));
        attributes.Add("langfuse.observation.completion_start_time", span.FirstTokenAt()?.Iso(3));

        // A link needs a number: versions that are none cannot be linked.
        if (call.PromptName is null || !long.TryParse(call.PromptVersion, out var version)) return;
        attributes.Add("langfuse.observation.prompt.name", call.PromptName);
        attributes.Add("langfuse.observation.prompt.version", version);
    }

    private static bool IsFlagged(SpanToSend span) =>
        span.Span.Kind is SpanKind.Moderation or SpanKind.Guardrail && span.Content.Attributes["callwatch.flagged"]?.ToString() is "true" or "True";

    private static string? Short(string? text) => text is { Length: > 200 } ? text[..200] : text;
}
