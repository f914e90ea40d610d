using System.Runtime.CompilerServices;
using Callwatch.Spans;

namespace Callwatch.Normalize.Pricing;

/// <summary>What a usage costs at a model's price: decimal throughout, rounded once, to twelve places.</summary>
internal static class CostOf
{
    // What is stored are 64-bit counts of 10⁻¹² dollars.
    public const decimal MostUsd = 9_000_000;

    public static CallCost Usage(LlmCall call, SpanKind kind, Outcome outcome, ModelPrice price, PricedModel model, decimal factor)
    {
        var room = default(UsageParts.Room);
        var usage = UsageParts.Of(call.Usage, ref room);
        if (!usage.IsSound) return CallCost.Unknown(CostReasons.ContradictoryUsage);
        if (Missing(usage, call, kind, outcome, price) is { } missing) return CallCost.Unknown(missing);

        var sums = default(PartSums);
        var inputTokens = (decimal)(call.Usage.Input ?? 0);
        var leastSeconds = LeastSeconds(usage, model);
        foreach (var part in usage.All)
        {
            if (part.Count == 0 && price.Of(part.Unit) is null) continue;
            if (price.Of(part.Unit) is { } perUnit) sums.Add(part.Unit.Part, perUnit.At(inputTokens) * part.Count * (IsSeconds(part.Unit) ? leastSeconds : 1) / part.Unit.Per);
            else if (!IsAnotherMeasure(part.Unit, usage, price)) return CallCost.Unknown(CostReasons.NoUnitPrice);
        }

        if (price.PerRequest is { } perRequest) sums.Add(CostPart.Other, perRequest.At(inputTokens) / PriceUnits.Requests.Per);
        return Total(sums, factor);
    }

    /// <summary>The half of the usage without which there is no cost, as a reason; null when all is there.</summary>
    private static string? Missing(UsageParts usage, LlmCall call, SpanKind kind, Outcome outcome, ModelPrice price)
    {
        if (price.CostsInput && !IsKnown(usage, PriceUnits.Input, kind)) return CostReasons.NoInputCount;
        if (!price.CostsOutput || IsKnown(usage, PriceUnits.Output, kind)) return null;

        // These put out numbers, not tokens; and what failed before its first token put out nothing.
        return kind is SpanKind.Embedding or SpanKind.Rerank || (outcome == Outcome.Error && call.TtftNanoseconds is null) ? null : CostReasons.NoOutputCount;
    }

    // Text models count tokens; others may count seconds, pages or characters instead, and then only those.
    private static bool IsKnown(UsageParts usage, PriceUnit total, SpanKind kind)
    {
        if (usage.Has(total)) return true;
        foreach (var part in usage.All)
            if (part.Unit.IsMeasure && part.Unit.IsOutput == total.IsOutput && (kind is not (SpanKind.Chat or SpanKind.Completion) || !IsPartOf(part.Unit, total))) return true;
        return false;
    }

    /// <summary>Speech that is priced by the second may also have been counted in tokens: then the tokens need no price.</summary>
    private static bool IsAnotherMeasure(PriceUnit unpriced, UsageParts usage, ModelPrice price)
    {
        if (!unpriced.IsMeasure) return false;
        foreach (var part in usage.All)
            if (part.Unit.IsMeasure && part.Unit.IsOutput == unpriced.IsOutput && part.Count > 0 && price.Of(part.Unit) is not null) return true;
        return false;
    }

    private static bool IsPartOf(PriceUnit part, PriceUnit whole) => (part.Wholes & (1UL << whole.Index)) != 0;

    /// <summary>Groq bills every transcription as ten seconds at least, for which the price data has no field: what its seconds count for.</summary>
    private static decimal LeastSeconds(UsageParts usage, PricedModel model)
    {
        if (model is not { ProviderId: "groq", Id: "whisper-large-v3" or "whisper-large-v3-turbo" }) return 1;
        decimal seconds = 0;
        foreach (var part in usage.All)
            if (IsSeconds(part.Unit)) seconds += part.Count;
        return seconds is > 0 and < 10 ? 10 / seconds : 1;
    }

    private static bool IsSeconds(PriceUnit unit) => unit == PriceUnits.AudioSeconds || unit == PriceUnits.InputAudioSeconds;

    private static CallCost Total(PartSums sums, decimal factor)
    {
        var cost = new CallCost
        {
            InputUsd = sums.Of(CostPart.Input, factor),
            CacheReadUsd = sums.Of(CostPart.CacheRead, factor),
            CacheWriteUsd = sums.Of(CostPart.CacheWrite, factor),
            OutputUsd = sums.Of(CostPart.Output, factor),
            ReasoningUsd = sums.Of(CostPart.Reasoning, factor),
            OtherUsd = sums.Of(CostPart.Other, factor),
            Source = "computed",
        };

        // The sum of the parts as stored, so that they add up whoever adds them.
        var total = (cost.InputUsd ?? 0) + (cost.CacheReadUsd ?? 0) + (cost.CacheWriteUsd ?? 0) + (cost.OutputUsd ?? 0) + (cost.ReasoningUsd ?? 0) + (cost.OtherUsd ?? 0);
        return total > MostUsd ? CallCost.Unknown(CostReasons.ContradictoryUsage) : cost with { TotalUsd = total };
    }

    public static decimal Rounded(decimal usd) => Math.Round(usd, 12, MidpointRounding.AwayFromZero);

    /// <summary>A sum for each part; a part that nothing was used of stays null.</summary>
    private struct PartSums
    {
        private Values values;
        private int used;

        public void Add(CostPart part, decimal usd)
        {
            values[(int)part] += usd;
            used |= 1 << (int)part;
        }

        public readonly decimal? Of(CostPart part, decimal factor) => (used & (1 << (int)part)) == 0 ? null : Rounded(values[(int)part] * factor);

        [InlineArray(6)]
        private struct Values
        {
            private decimal first;
        }
    }
}
