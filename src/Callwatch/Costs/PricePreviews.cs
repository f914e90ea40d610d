using Callwatch.Normalize.Pricing;
using Callwatch.Query;
using Callwatch.Query.Filters;

namespace Callwatch.Costs;

/// <summary>What a price would make of the calls of a range.</summary>
/// <param name="Calls">Calls of the model.</param>
/// <param name="Unpriced">Of them those without a cost now.</param>
public sealed record PricePreview(long Calls, long Unpriced, decimal NowUsd, decimal ThenUsd);

/// <summary>Shows what a price would come to before it is put in force: of sums of tokens, as <see cref="WhatIf"/> does.</summary>
public sealed class PricePreviews(StatsQueries stats)
{
    /// <summary>Null when it would take too long.</summary>
    public async Task<PricePreview?> OfAsync(Selection selection, OwnPriceEntry entry, CancellationToken cancel)
    {
        var terms = new[] { FilterPrinter.Term(FilterFields.AskedModel, null, entry.Model), FilterPrinter.Term(FilterFields.Provider, null, entry.Provider) };
        var of = selection with { Filter = string.Join(' ', new[] { selection.Filter }.Concat(terms).Where(term => !string.IsNullOrWhiteSpace(term))) };
        var answer = await stats.FiguresAsync(new StatsQuestion { Selection = of, Step = Step.Day, CountPeople = false, TimesOfPoints = false }, cancel);
        if (answer is not Answer<StatsAnswer>.Found { Value.Groups: [var all, ..] }) return null;
        var quote = new PriceQuote
        {
            Provider = entry.Provider ?? "",
            PriceId = entry.Model,
            Book = "",
            Input = entry.Input,
            CacheRead = entry.CacheRead ?? entry.Input,
            CacheWrite = entry.CacheWrite ?? entry.Input,
            Output = entry.Output,
            Reasoning = entry.Output,
            HasCachePrice = entry.CacheRead is not null,
            PerRequest = (entry.PerThousandRequests ?? 0) / 1_000,
        };
        return new PricePreview(all.Total.Calls, all.Total.UnpricedCalls, all.Total.CostUsd, WhatIf.Then(all.Total, quote));
    }
}
