using Callwatch.Spans;

namespace Callwatch.Normalize;

/// <summary>One model call that two libraries wrote down: when it is one, and what it is then (genai-attributes, section 9 B).</summary>
internal static class SameCall
{
    // Some libraries keep whole milliseconds.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(1);

    /// <summary>True when <paramref name="inner"/>, somewhere beneath <paramref name="outer"/>, began while it ran.</summary>
    public static bool BeganInside(JudgedSpan inner, JudgedSpan outer) =>
        inner.Start.Plus(Slack) >= outer.Start && (outer.End <= outer.Start || inner.Start <= outer.End.Plus(Slack));

    public static bool IdsAgree(LlmCall a, LlmCall b) => a.ResponseId is { } id && id == b.ResponseId;

    /// <summary>One of them has no response id, and a model of the one is a model of the other.</summary>
    public static bool ModelsAgree(LlmCall a, LlmCall b) =>
        (a.ResponseId is null || b.ResponseId is null)
        && (Same(a.ResponseModel, b.ResponseModel) || Same(a.RequestModel, b.RequestModel)
            || Same(a.ResponseModel, b.RequestModel) || Same(a.RequestModel, b.ResponseModel));

    /// <summary>The outer record with what stood nearer the wire, gaps filled from the inner one.</summary>
    public static LlmCall Merge(LlmCall outer, LlmCall inner)
    {
        var innerCounted = !inner.Usage.IsUnknown;
        return outer with
        {
            Provider = outer.Provider ?? inner.Provider,
            ProviderRaw = outer.ProviderRaw ?? inner.ProviderRaw,
            ServerAddress = outer.ServerAddress ?? inner.ServerAddress,
            RequestModel = outer.RequestModel ?? inner.RequestModel,
            ResponseModel = outer.ResponseModel ?? inner.ResponseModel,
            ResponseId = outer.ResponseId ?? inner.ResponseId,
            Streaming = outer.Streaming ?? inner.Streaming,
            TtftNanoseconds = inner.TtftNanoseconds ?? outer.TtftNanoseconds,
            TtftIsWeak = inner.TtftNanoseconds is null ? outer.TtftIsWeak : inner.TtftIsWeak,
            Usage = innerCounted ? Merge(outer.Usage, inner.Usage) : outer.Usage,
            Cost = CostOf(outer, inner, innerCounted),
            Given = outer.Given ?? inner.Given,
            FinishReasons = outer.FinishReasons is [] ? inner.FinishReasons : outer.FinishReasons,
            FinishReasonsRaw = outer.FinishReasonsRaw is [] ? inner.FinishReasonsRaw : outer.FinishReasonsRaw,
            ToolCalls = outer.ToolCalls is [] ? inner.ToolCalls : outer.ToolCalls,
            Temperature = outer.Temperature ?? inner.Temperature,
            TopP = outer.TopP ?? inner.TopP,
            TopK = outer.TopK ?? inner.TopK,
            FrequencyPenalty = outer.FrequencyPenalty ?? inner.FrequencyPenalty,
            PresencePenalty = outer.PresencePenalty ?? inner.PresencePenalty,
            Seed = outer.Seed ?? inner.Seed,
            MaxTokens = outer.MaxTokens ?? inner.MaxTokens,
            StopSequences = outer.StopSequences is [] ? inner.StopSequences : outer.StopSequences,
            ReasoningEffort = outer.ReasoningEffort ?? inner.ReasoningEffort,
            ResponseFormat = outer.ResponseFormat ?? inner.ResponseFormat,
            ServiceTier = outer.ServiceTier ?? inner.ServiceTier,
            EmbeddingDimensions = outer.EmbeddingDimensions ?? inner.EmbeddingDimensions,
            PromptName = outer.PromptName ?? inner.PromptName,
            PromptVersion = outer.PromptVersion ?? inner.PromptVersion,
        };
    }

    // Parts come along only where they fit into the totals they are then part of.
    private static TokenUsage Merge(TokenUsage outer, TokenUsage inner)
    {
        var input = inner.Input ?? outer.Input;
        var output = inner.Output ?? outer.Output;
        return inner with
        {
            Input = input,
            Output = output,
            Total = inner.Total ?? outer.Total,
            CacheRead = inner.CacheRead ?? Within(outer.CacheRead, input - (inner.CacheWrite ?? 0)),
            CacheWrite = inner.CacheWrite ?? Within(outer.CacheWrite, input - (inner.CacheRead ?? outer.CacheRead ?? 0)),
            CacheWrite1h = inner.CacheWrite1h ?? Within(outer.CacheWrite1h, inner.CacheWrite ?? outer.CacheWrite),
            Reasoning = inner.Reasoning ?? Within(outer.Reasoning, output),
            AudioInput = inner.AudioInput ?? Within(outer.AudioInput, input),
            AudioOutput = inner.AudioOutput ?? Within(outer.AudioOutput, output),
            ImageInput = inner.ImageInput ?? Within(outer.ImageInput, input),
            VideoInput = inner.VideoInput ?? Within(outer.VideoInput, input),
            Others = inner.Others.Count > 0 ? inner.Others : outer.Others,
        };
    }

    private static long? Within(long? part, long? whole) => part <= whole ? part : null;

    // A given cost wins; otherwise the price belongs to the usage it was computed from.
    private static CallCost CostOf(LlmCall outer, LlmCall inner, bool innerCounted)
    {
        if (outer.Cost.Source == "given") return outer.Cost;
        if (inner.Cost.Source == "given") return inner.Cost;
        return innerCounted && inner.Cost.TotalUsd is not null ? inner.Cost : outer.Cost;
    }

    private static bool Same(string? a, string? b) => a is not null && string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
