using Callwatch.Normalize.Reading;
using Callwatch.Spans;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Fields;

/// <summary>Token counts, whichever convention wrote them (genai-attributes, section 5). Order is precedence.</summary>
internal static class TokenFields
{
    // A provider's own answer, in the shapes of OpenAI and of Anthropic.
    private const string Answer = "output.value";
    private const string LangSmith = "langsmith.usage_metadata";
    private const string Mlflow = "mlflow.chat.tokenUsage";
    private const string ProviderMetadata = "ai.response.providerMetadata";

    private static readonly FieldRules Input =
    [
        Attr("gen_ai.usage.input_tokens"), Attr("gen_ai.usage.prompt_tokens"), Attr("gen_ai.response.prompt_tokens"),
        Attr("ai.usage.inputTokens"), Attr("ai.usage.promptTokens"), Attr("ai.usage.tokens"), Attr("llm.token_count.prompt"), Attr("llm.usage.prompt_tokens"),
        Json(Mlflow, "input_tokens"), Json(LangSmith, "input_tokens"), Json(Answer, "usage", "prompt_tokens"), Json(Answer, "usage", "input_tokens"),
        Attr("gen_ai.aggregated_usage.input_tokens"),
    ];

    private static readonly FieldRules Output =
    [
        Attr("gen_ai.usage.output_tokens"), Attr("gen_ai.usage.completion_tokens"), Attr("gen_ai.response.completion_tokens"),
        Attr("ai.usage.outputTokens"), Attr("ai.usage.completionTokens"), Attr("llm.token_count.completion"), Attr("llm.usage.completion_tokens"),
        Json(Mlflow, "output_tokens"), Json(LangSmith, "output_tokens"), Json(Answer, "usage", "completion_tokens"), Json(Answer, "usage", "output_tokens"),
        Attr("gen_ai.aggregated_usage.output_tokens"),
    ];

    private static readonly FieldRules Total =
    [
        Attr("gen_ai.usage.total_tokens"), Attr("ai.usage.totalTokens"), Attr("llm.token_count.total"), Attr("llm.usage.total_tokens"),
        Json(Mlflow, "total_tokens"), Json(LangSmith, "total_tokens"), Json(Answer, "usage", "total_tokens"),
    ];

    private static readonly FieldRules CacheRead =
    [
        Attr("gen_ai.usage.cache_read.input_tokens"), Attr("gen_ai.usage.cache_read_input_tokens"), Attr("gen_ai.usage.details.cache_read_tokens"),
        Attr("gen_ai.usage.prompt_tokens_details.cache_read"), Attr("ai.usage.inputTokenDetails.cacheReadTokens"), Attr("ai.usage.cachedInputTokens"),
        Attr("llm.token_count.prompt_details.cache_read"), Json(LangSmith, "input_token_details", "cache_read"),
        Json("gen_ai.usage.input_token_details", "cache_read"), Json(Mlflow, "cache_read_input_tokens"),
        Json(ProviderMetadata, "openai", "cachedPromptTokens"), Json(ProviderMetadata, "anthropic", "usage", "cache_read_input_tokens"),
        Json(ProviderMetadata, "bedrock", "usage", "cacheReadInputTokens"),
        Json(Answer, "usage", "prompt_tokens_details", "cached_tokens"), Json(Answer, "usage", "input_tokens_details", "cached_tokens"),
        Json(Answer, "usage", "cache_read_input_tokens"),
        Attr("gen_ai.aggregated_usage.cache_read.input_tokens"), Attr("gen_ai.aggregated_usage.details.cache_read_tokens"),
    ];

    private static readonly FieldRules CacheWrite =
    [
        Attr("gen_ai.usage.cache_creation.input_tokens"), Attr("gen_ai.usage.cache_write.input_tokens"), Attr("gen_ai.usage.cache_creation_input_tokens"),
        Attr("gen_ai.usage.details.cache_write_tokens"), Attr("gen_ai.usage.prompt_tokens_details.cache_write"),
        Attr("ai.usage.inputTokenDetails.cacheWriteTokens"), Attr("llm.token_count.prompt_details.cache_write"),
        Json(LangSmith, "input_token_details", "cache_creation"), Json("gen_ai.usage.input_token_details", "cache_creation"),
        Json(Mlflow, "cache_creation_input_tokens"), Json(ProviderMetadata, "anthropic", "cacheCreationInputTokens"),
        Json(ProviderMetadata, "bedrock", "usage", "cacheWriteInputTokens"), Json(Answer, "usage", "cache_creation_input_tokens"),
        Attr("gen_ai.aggregated_usage.cache_creation.input_tokens"), Attr("gen_ai.aggregated_usage.details.cache_write_tokens"),
    ];

    private static readonly FieldRules CacheWrite5m =
    [
        Attr("anthropic.usage.cache_creation.ephemeral_5m_input_tokens"),
        Json(ProviderMetadata, "anthropic", "usage", "cache_creation", "ephemeral_5m_input_tokens"),
        Json(Answer, "usage", "cache_creation", "ephemeral_5m_input_tokens"),
    ];

    private static readonly FieldRules CacheWrite1h =
    [
        Attr("anthropic.usage.cache_creation.ephemeral_1h_input_tokens"),
        Json(ProviderMetadata, "anthropic", "usage", "cache_creation", "ephemeral_1h_input_tokens"),
        Json(Answer, "usage", "cache_creation", "ephemeral_1h_input_tokens"),
    ];

    private static readonly FieldRules Reasoning =
    [
        Attr("gen_ai.usage.reasoning.output_tokens"), Attr("gen_ai.usage.reasoning_tokens"), Attr("gen_ai.usage.details.reasoning_tokens"),
        Attr("gen_ai.usage.completion_tokens_details.reasoning"), Attr("llm.usage.reasoning_tokens"),
        Attr("ai.usage.outputTokenDetails.reasoningTokens"), Attr("ai.usage.reasoningTokens"), Attr("llm.token_count.completion_details.reasoning"),
        Json(LangSmith, "output_token_details", "reasoning"), Json("gen_ai.usage.output_token_details", "reasoning"),
        Json(Answer, "usage", "completion_tokens_details", "reasoning_tokens"), Json(Answer, "usage", "output_tokens_details", "reasoning_tokens"),
        Attr("gen_ai.aggregated_usage.details.reasoning_tokens"),
    ];

    private static readonly FieldRules AudioInput =
    [
        Attr("gen_ai.usage.audio.input_tokens"), Attr("gen_ai.usage.input_audio_tokens"), Attr("llm.token_count.prompt_details.audio"),
        Attr("gen_ai.usage.details.input_audio_tokens"), Json(LangSmith, "input_token_details", "audio"),
    ];

    private static readonly FieldRules AudioOutput =
    [
        Attr("gen_ai.usage.audio.output_tokens"), Attr("gen_ai.usage.output_audio_tokens"), Attr("llm.token_count.completion_details.audio"),
        Attr("gen_ai.usage.details.output_audio_tokens"), Json(LangSmith, "output_token_details", "audio"),
    ];

    private static readonly FieldRules ImageInput = [Attr("gen_ai.usage.image.input_tokens")];
    private static readonly FieldRules VideoInput = [Attr("gen_ai.usage.video.input_tokens")];
    private static readonly FieldRules LangfuseUsage = [Attr("langfuse.observation.usage_details")];

    // Cheap tests before the long lists: most spans have no count at all, most calls only some of them.
    private static readonly FieldRules Any = [.. LangfuseUsage, .. Input, .. Output, .. Total];

    /// <summary>True when any count of the call as a whole is there.</summary>
    public static bool AnyCount(SpanFacts facts) =>
        facts.Mentions(Any) && (facts.Count(Input) is not null || facts.Count(Output) is not null || facts.Count(Total) is not null || facts.Has(LangfuseUsage));

    /// <summary>The counts with inclusive totals; what contradicts them is left out and noted.</summary>
    public static TokenUsage Usage(SpanFacts facts, SpanKind kind)
    {
        if (!facts.Mentions(Any)) return TokenExtras.Into(TokenUsage.Unknown, facts);
        var counts = LangfuseTokens.Read(facts.Json(LangfuseUsage[0].Slot)) ?? FromAttributes(facts);
        counts.Input ??= facts.Count(Input);
        counts.Output ??= facts.Count(Output);
        return TokenExtras.Into(counts.ToUsage(facts.Space.Notes, inputOnly: kind == SpanKind.Embedding), facts);
    }

    private static TokenCounts FromAttributes(SpanFacts facts)
    {
        var counts = new TokenCounts
        {
            Input = facts.Count(Input),
            Output = facts.Count(Output),
            Total = facts.Count(Total),
            CacheRead = facts.Count(CacheRead),
            CacheWrite = facts.Count(CacheWrite),
            CacheWrite5m = facts.Count(CacheWrite5m),
            CacheWrite1h = facts.Count(CacheWrite1h),
            Reasoning = facts.Count(Reasoning),
            AudioInput = facts.Count(AudioInput),
            AudioOutput = facts.Count(AudioOutput),
            ImageInput = facts.Count(ImageInput),
            VideoInput = facts.Count(VideoInput),
        };
        counts.CacheWrite ??= counts.CacheWrite5m is null && counts.CacheWrite1h is null ? null : (counts.CacheWrite5m ?? 0) + (counts.CacheWrite1h ?? 0);
        if (IsSeparate(facts, counts)) counts.Input += (counts.CacheRead ?? 0) + (counts.CacheWrite ?? 0);
        return counts;
    }

    // Section 5.1: whether the input leaves out what was read from or written to the cache.
    private static bool IsSeparate(SpanFacts facts, TokenCounts counts)
    {
        var cached = (counts.CacheRead ?? 0) + (counts.CacheWrite ?? 0);
        if (counts.Input is not { } input || cached == 0) return false;
        if (cached > input) return true;
        if (counts.Total is { } total && total == input + (counts.Output ?? 0) + cached) return true;
        return SeparateScopes.Contains(facts.Space.Scope.Name) || IsAnthropicAnswer(facts, input);
    }

    private static readonly HashSet<string> SeparateScopes = new(StringComparer.Ordinal)
    {
        "@traceloop/instrumentation-anthropic", "logfire.claude_agent_sdk",
    };

    // Anthropic's own counts are always separate; they are read only where the span has no other.
    private static bool IsAnthropicAnswer(SpanFacts facts, long input)
    {
        if (!facts.Mentions(AnswerOnly) || facts.Count(WithoutAnswer) is not null) return false;
        var usage = facts.Json(AnswerOnly[0].Slot)["usage"u8];
        return !usage["cache_read_input_tokens"u8].IsAbsent && usage["input_tokens"u8].ToInteger() == input;
    }

    private static readonly FieldRules AnswerOnly = [Attr(Answer)];
    private static readonly FieldRules WithoutAnswer = [.. Input.Where(rule => rule.Slot != AnswerOnly[0].Slot)];
}
