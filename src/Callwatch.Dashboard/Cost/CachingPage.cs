using Callwatch.Costs.LostCaching;
using Callwatch.Dashboard.Frame;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Cost;

/// <summary>Where the prompt cache stopped helping, as a page of its own and as a part of the page of costs.</summary>
internal static class CachingPage
{
    private const int MostOfPart = 3;

    public static async Task<IResult> GetAsync(Visit visit, LostCachingQueries queries, CancellationToken cancel)
    {
        var answer = await queries.FindAsync(visit.Selection, cancel);
        return visit.Part == "caching" ? visit.Render<LostCachingSection>((nameof(LostCachingSection.Answer), answer), (nameof(LostCachingSection.Most), MostOfPart)) : visit.Render<CachingScreen>((nameof(CachingScreen.Answer), answer));
    }
}
