using Callwatch.Normalize.Pricing;
using Callwatch.Query;
using Callwatch.Query.Filters;
using Callwatch.Spans;

namespace Callwatch.Costs;

/// <summary>What the calls of one model would have cost at another's prices.</summary>
/// <param name="ThenUsd">Null for calls of a kind that the other model does not answer.</param>
public sealed record WhatIfLine(string? Provider, string? Model, string Kind, long Calls, long InputTokens, long CachedTokens, long OutputTokens, decimal NowUsd, decimal? ThenUsd);

/// <summary>The calls of a selection at the prices of another model.</summary>
/// <param name="NowUsd">Of the calls that can be compared.</param>
/// <param name="Caveats">What the comparison cannot know: words of <see cref="WhatIf"/>.</param>
public sealed record WhatIfAnswer(PriceQuote Quote, IReadOnlyList<WhatIfLine> Lines, decimal NowUsd, decimal ThenUsd, long Calls, long LeftOut, IReadOnlyList<string> Caveats);

/// <summary>
/// Prices what was used, class by class, by another model's prices (docs/cost.md, "What if"). The counts are those of the models that
/// answered: another one would count, think and write differently, and that is said with the answer.
/// </summary>
public sealed class WhatIf(StatsQueries stats, PriceBooks prices, TimeProvider time)
{
    /// <summary>Another model cuts text into other tokens, and answers at another length.</summary>
    public const string OtherTokens = "other_tokens";

    /// <summary>The other model has no price for reading from a cache: what was read is priced in full.</summary>
    public const string NoCachePrice = "no_cache_price";

    /// <summary>Whether as much would be read from its cache is the other provider's to say.</summary>
    public const string OtherCache = "other_cache";

    /// <summary>Thinking is priced as it was used; another model thinks more, less or not at all.</summary>
    public const string Reasoning = "reasoning";

    /// <summary>Long prompts have other prices there; these are those of short ones.</summary>
    public const string Tiers = "tiers";

    /// <summary>Calls of other kinds, as embeddings, are left out.</summary>
    public const string OtherKinds = "other_kinds";

    /// <summary>Some of the calls have no cost now; models of which none has one are left out.</summary>
    public const string UnpricedNow = "unpriced_now";

    /// <summary>Searches, images and the like cost extra now and are not in the other sum.</summary>
    public const string Extras = "extras";

    /// <summary>There is a price by the request, too; it is in the sum.</summary>
    public const string Requests = "requests";

    /// <summary>There are more models than are compared: the others' calls are among those left out.</summary>
    public const string MoreModels = "more_models";

    /// <summary>Models that are compared, those with most calls.</summary>
    public const int MostModels = 500;

    private static readonly string[] By = [FilterFields.Kind.Name, FilterFields.Provider.Name, FilterFields.AskedModel.Name];

    public async Task<Answer<WhatIfAnswer>> AskAsync(Selection selection, string? provider, string model, CancellationToken cancel)
    {
        if (prices.Quote(provider, model, Timestamp.From(time.GetUtcNow())) is not { Output: not null, Input: not null } quote)
            return new Answer<WhatIfAnswer>.Invalid("model", "No price for prompts and answers is known of this model. Write provider and model as the list of prices does, as openai/gpt-4o-mini, or give it a price of your own.");
        var question = new StatsQuestion { Selection = selection, Step = Step.Day, By = By, MaxGroups = MostModels, CountPeople = false, TimesOfPoints = false };
        var answer = await stats.FiguresAsync(question, cancel);
        if (answer is not Answer<StatsAnswer>.Found { Value: var found }) return answer.Turned<StatsAnswer, WhatIfAnswer>();
        if (!found.Truncated) return new Answer<WhatIfAnswer>.Found(Priced(found, 0, quote, model));
        var whole = await stats.FiguresAsync(question with { By = [] }, cancel);
        if (whole is not Answer<StatsAnswer>.Found { Value: var all }) return whole.Turned<StatsAnswer, WhatIfAnswer>();
        var others = all.Groups.Sum(group => group.Total.Calls) - found.Groups.Sum(group => group.Total.Calls);
        return new Answer<WhatIfAnswer>.Found(Priced(found, Math.Max(0, others), quote, model));
    }

    /// <param name="others">Calls of models that are in no group.</param>
    private static WhatIfAnswer Priced(StatsAnswer found, long others, PriceQuote quote, string model)
    {
        var lines = found.Groups.Select(group => Line(group, quote)).OrderByDescending(line => line.NowUsd).ThenBy(line => line.Model, StringComparer.Ordinal).ToList();
        var compared = found.Groups.Where(IsComparable).Select(group => group.Total).ToList();
        return new WhatIfAnswer(
            quote, lines, lines.Where(line => line.ThenUsd is not null).Sum(line => line.NowUsd), lines.Sum(line => line.ThenUsd ?? 0), compared.Sum(figures => figures.Calls),
            lines.Where(line => line.ThenUsd is null).Sum(line => line.Calls) + others, [.. others > 0 ? [MoreModels] : Array.Empty<string>(), .. Caveats(found, compared, quote, model)]);
    }

    private static bool IsOfKind(StatsGroup group) => group.Key[By[0]] is "chat" or "completion";

    // What has no cost now has nothing to be compared with; a call that failed costs nothing, and makes no price of what has none.
    private static bool IsComparable(StatsGroup group) => IsOfKind(group) && (group.Total.UnpricedCalls == 0 || group.Total.CostUsd > 0);

    private static WhatIfLine Line(StatsGroup group, PriceQuote quote)
    {
        var figures = group.Total;
        return new WhatIfLine(
            group.Key[By[1]], group.Key[By[2]], group.Key[By[0]] ?? "", figures.Calls, figures.InputTokens, figures.CacheReadTokens, figures.OutputTokens, figures.CostUsd,
            IsComparable(group) ? Then(figures, quote) : null);
    }

    /// <summary>Each class at its own price; what has none, at the price of what it is part of.</summary>
    internal static decimal Then(Figures figures, PriceQuote quote)
    {
        var uncached = Math.Max(0, figures.InputTokens - figures.CacheReadTokens - figures.CacheWriteTokens);
        var said = Math.Max(0, figures.OutputTokens - figures.ReasoningTokens);
        var million = (uncached * (quote.Input ?? 0)) + (figures.CacheReadTokens * (quote.CacheRead ?? 0)) + (figures.CacheWriteTokens * (quote.CacheWrite ?? 0))
            + (said * (quote.Output ?? 0)) + (figures.ReasoningTokens * (quote.Reasoning ?? 0));
        return CostOf.Rounded((million / 1_000_000) + (quote.PerRequest * figures.Calls));
    }

    private static IEnumerable<string> Caveats(StatsAnswer found, List<Figures> compared, PriceQuote quote, string model)
    {
        if (found.Groups.Any(group => IsComparable(group) && group.Key[By[2]] != model)) yield return OtherTokens;
        if (compared.Sum(figures => figures.CacheReadTokens + figures.CacheWriteTokens) > 0) yield return quote.HasCachePrice ? OtherCache : NoCachePrice;
        if (compared.Sum(figures => figures.ReasoningTokens) > 0) yield return Reasoning;
        if (quote.HasTiers) yield return Tiers;
        if (quote.PerRequest > 0) yield return Requests;
        if (compared.Sum(figures => figures.Cost.OtherUsd) > 0) yield return Extras;
        if (found.Groups.Any(group => IsOfKind(group) && group.Total.UnpricedCalls > 0)) yield return UnpricedNow;
        if (found.Groups.Any(group => !IsOfKind(group))) yield return OtherKinds;
    }
}
