using Callwatch.Normalize;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rows;

namespace Callwatch.Store.Writing;

/// <summary>
/// A span as a row can hold it. Everything is judged and counted in this form, so that it makes no difference whether a trace is judged
/// from memory or from its rows.
/// </summary>
internal static class StoredForm
{
    /// <summary>No context window has so many tokens; a larger count is cut here, so that sums stay within 64 bits.</summary>
    private const long MostTokens = 1_000_000_000_000;

    public static Span Of(Span span)
    {
        if (span.Environment is null) span = span with { Environment = Environments.Default };
        if (span.Error is { } error && (error.Stack is not null || error.Message?.Length > ThinFacts.LongestMessage))
            span = span with { Error = error with { Stack = null, Message = ThinFacts.Cut(error.Message) } };
        return span.Call is null ? span : span with { Call = Of(span.Call) };
    }

    private static LlmCall Of(LlmCall call) => call with
    {
        ResponseId = call.ResponseId is { } id ? PartitionWords.Cut(id) : null,
        ProviderRaw = call.ProviderRaw ?? call.Provider,
        FinishReasonsRaw = call.FinishReasonsRaw.Count == 0 ? call.FinishReasons : call.FinishReasonsRaw,
        Usage = Of(call.Usage),
        Cost = call.Cost with
        {
            InputUsd = Exact(call.Cost.InputUsd),
            CacheReadUsd = Exact(call.Cost.CacheReadUsd),
            CacheWriteUsd = Exact(call.Cost.CacheWriteUsd),
            OutputUsd = Exact(call.Cost.OutputUsd),
            ReasoningUsd = Exact(call.Cost.ReasoningUsd),
            OtherUsd = Exact(call.Cost.OtherUsd),
            TotalUsd = Exact(call.Cost.TotalUsd),
        },
    };

    private static TokenUsage Of(TokenUsage usage) => usage with
    {
        Input = Bounded(usage.Input),
        Output = Bounded(usage.Output),
        Total = Bounded(usage.Total ?? (usage is { Input: null, Output: null } ? null : (usage.Input ?? 0) + (usage.Output ?? 0))),
        CacheRead = Bounded(usage.CacheRead),
        CacheWrite = Bounded(usage.CacheWrite),
        Reasoning = Bounded(usage.Reasoning),
        AudioInput = Bounded(usage.AudioInput),
        AudioOutput = Bounded(usage.AudioOutput),
    };

    private static long? Bounded(long? tokens) => tokens is { } count ? Math.Clamp(count, 0, MostTokens) : null;

    private static decimal? Exact(decimal? usd) => usd is { } value ? Money.ToUsd(Money.ToPico(value)) : null;
}
