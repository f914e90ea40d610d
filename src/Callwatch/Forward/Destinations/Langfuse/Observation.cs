using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Langfuse;

/// <summary>A span as an observation of Langfuse; the same words over both ways of ingestion.</summary>
internal static class Observation
{
    /// <summary>The type of observation that fits the span best.</summary>
    public static string TypeOf(Span span) => span.Kind switch
    {
        // The same call as another span: as a generation it would be counted, and priced, once more.
        _ when span.MergedInto is not null => "span",
        SpanKind.Embedding => "embedding",
        SpanKind.Rerank or SpanKind.Retrieval => "retriever",
        _ when span.Kind.IsCall() => "generation",
        SpanKind.Tool => "tool",
        SpanKind.Agent => "agent",
        SpanKind.Guardrail or SpanKind.Moderation => "guardrail",
        SpanKind.Evaluator => "evaluator",
        SpanKind.Message or SpanKind.Workflow or SpanKind.Chain or SpanKind.Conversation => "chain",

        // Made by a model, whether or not its usage is known.
        SpanKind.SuggestedQuestion or SpanKind.GenerateConversationName => "generation",
        _ => "span",
    };

    public static string LevelOf(SpanToSend span) => span.Span.Outcome switch
    {
        Outcome.Error => "ERROR",
        Outcome.Cancelled => "WARNING",
        _ => span.IsFlagged() ? "WARNING" : "DEFAULT",
    };

    public static string? MessageOf(SpanToSend span) => span.Span.Outcome switch
    {
        Outcome.Error => span.Span.ErrorText(),
        Outcome.Cancelled => span.Span.Error?.Message ?? "cancelled",
        _ => span.IsFlagged() ? "flagged: " + (span.Field("action") ?? "moderation") : null,
    };

    /// <summary>As the platform's clients write it: the messages, beside the tools where there are any.</summary>
    public static JsonNode? InputOf(SpanToSend span) => span.Span.IsCall() && span.Content.Tools.Count > 0 && span.Content.InputMessages.Count > 0
        ? new JsonObject { ["messages"] = span.Input(), ["tools"] = new JsonArray([.. span.Content.Tools.Select(tool => tool.DeepClone())]) }
        : span.Input();

    /// <summary>The call whose model, usage and cost go with the span: its own, or what an agent sums up. Langfuse makes both up for a model without them.</summary>
    public static LlmCall? CallOf(Span span) => span.Call is { } call && (span.IsCall() || (span.MergedInto is null && !call.Usage.IsUnknown)) ? call : null;

    /// <summary>Keys of the platform are added up, so each token stands in one of them only.</summary>
    public static JsonObject? Usage(TokenUsage usage)
    {
        var json = new JsonObject();
        var (read, write, reasoning) = (usage.CacheRead ?? 0, usage.CacheWrite ?? 0, usage.Reasoning ?? 0);
        if (usage.Input is { } input) json["input"] = Math.Max(0, input - read - write);
        if (usage.CacheRead is not null) json["input_cached_tokens"] = read;
        if (usage.CacheWrite is not null) json["input_cache_creation"] = write;
        if (usage.Output is { } output) json["output"] = Math.Max(0, output - reasoning);
        if (usage.Reasoning is not null) json["output_reasoning_tokens"] = reasoning;

        // The sum of all above where they are known; what the sender calls the total may count other things.
        if (usage is { Input: not null, Output: not null }) json["total"] = json.Sum(part => (long)part.Value!);
        else if ((usage.Total ?? usage.Input ?? usage.Output) is { } total) json["total"] = total;
        return json.Count == 0 ? null : json;
    }

    public static JsonObject? Cost(CallCost cost)
    {
        if (cost.TotalUsd is not { } total) return null;
        var json = new JsonObject();
        Put("input", cost.InputUsd);
        Put("input_cached_tokens", cost.CacheReadUsd);
        Put("input_cache_creation", cost.CacheWriteUsd);
        Put("output", cost.OutputUsd);
        Put("output_reasoning_tokens", cost.ReasoningUsd);
        Put("other", cost.OtherUsd is 0 ? null : cost.OtherUsd);
        json["total"] = total;
        return json;

        void Put(string name, decimal? usd)
        {
            if (usd is { } known) json[name] = known;
        }
    }

    /// <summary>A link needs a number: versions that are none cannot be linked.</summary>
    public static (string Name, int Version)? PromptOf(LlmCall call) =>
        call.PromptName is { Length: > 0 } name && int.TryParse(call.PromptVersion, out var version) ? (name, version) : null;
}
