using Callwatch.Normalize.Reading;
using Callwatch.Spans;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Fields;

/// <summary>The cost that came with the call (genai-attributes, section 4.4).</summary>
internal static class CostFields
{
    // No call costs more; a figure beyond it is not dollars.
    private const decimal MostUsd = 100_000;

    private const string Langfuse = "langfuse.observation.cost_details";

    private static readonly FieldRules LangfuseDetails = [Attr(Langfuse)];

    private static readonly FieldRules Totals =
    [
        Attr("gen_ai.usage.cost"), Attr("llm.cost.total"), Attr("operation.cost"), Attr("gen_ai.cost.total_cost"), Json("mlflow.llm.cost", "total_cost"),
    ];

    private static readonly FieldRules Input =
    [
        Json(Langfuse, "input"), Attr("llm.cost.prompt"), Attr("gen_ai.cost.input_cost"), Json("mlflow.llm.cost", "input_cost"),
    ];

    private static readonly FieldRules Output =
    [
        Json(Langfuse, "output"), Attr("llm.cost.completion"), Attr("gen_ai.cost.output_cost"), Json("mlflow.llm.cost", "output_cost"),
    ];

    /// <summary>Null when none came. Exactly 0 is none where there are tokens or the call failed: libraries write it for what they cannot price.</summary>
    public static GivenCost? Given(SpanFacts facts, TokenUsage usage, bool failed)
    {
        if (!facts.Mentions(Any)) return null;
        var zeroCounts = usage.IsUnknown && !failed;
        if (OfLangfuse(facts) is <= MostUsd and var langfuse && (langfuse != 0 || zeroCounts)) return With(facts, langfuse);
        foreach (var value in facts.All(Totals))
            if (value.Money() is <= MostUsd and var total && (total != 0 || zeroCounts)) return With(facts, total);
        return null;
    }

    private static readonly FieldRules Any = [.. LangfuseDetails, .. Totals];

    // Twelve decimals are kept.
    private static GivenCost With(SpanFacts facts, decimal total) => new(Rounded(total)!.Value, Rounded(facts.Money(Input)), Rounded(facts.Money(Output)));

    private static decimal? Rounded(decimal? usd) => usd is { } value ? decimal.Round(value, 12, MidpointRounding.AwayFromZero) : null;

    private static decimal? OfLangfuse(SpanFacts facts)
    {
        var details = facts.Json(LangfuseDetails[0].Slot);
        if (new WireValue(details["total"u8]).Money() is { } total) return total;
        decimal? sum = null;
        foreach (var part in details.Properties)
            if (new WireValue(part.Value).Money() is <= MostUsd and var money) sum = (sum ?? 0) + money;
        return sum;
    }
}
