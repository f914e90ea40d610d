using Callwatch.Costs;
using Callwatch.Dashboard.Frame;
using Callwatch.Normalize.Pricing;
using Callwatch.Query;
using Callwatch.Query.Filters;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Cost;

/// <summary>The page that prices what was used at another model's prices.</summary>
/// <param name="Answer">Null while no model was named.</param>
/// <param name="Models">To choose from, as provider/model.</param>
public sealed record WhatIfModel(string Typed, Answer<WhatIfAnswer>? Answer, IReadOnlyList<string> Models);

internal static class WhatIfPage
{
    private const int MostSuggested = 300;

    public static async Task<IResult> GetAsync(Visit visit, WhatIf whatIf, FacetQueries facets, PriceBooks prices, CancellationToken cancel)
    {
        var typed = visit.Place.Find("model")?.Trim() ?? "";
        var slash = typed.IndexOf('/', StringComparison.Ordinal);
        var answer = typed.Length == 0 ? null : await whatIf.AskAsync(visit.Selection, slash > 0 ? typed[..slash] : null, typed[(slash + 1)..], cancel);
        var used = await facets.ValuesAsync(FilterFields.Provider.Name, null, visit.Selection with { Filter = null }, 20, cancel) is Answer<Page<FacetValue>>.Found { Value.Items: var values } ? values.Select(value => value.Value) : [];
        var models = used.Concat(["openai", "anthropic", "google"]).Distinct(StringComparer.Ordinal)
            .SelectMany(provider => prices.ModelsOf(provider).Select(model => provider + "/" + model)).Take(MostSuggested);
        return visit.Render<WhatIfScreen>((nameof(WhatIfScreen.Model), new WhatIfModel(typed, answer, [.. models])));
    }
}
