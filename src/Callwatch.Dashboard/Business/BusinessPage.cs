using Callwatch.Dashboard.Frame;
using Callwatch.Query;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Business;

/// <summary>What applications were used for, by the day: messages, conversations, people, satisfaction, and runs of workflows.</summary>
internal static class BusinessPage
{
    // An hour, which other pages show first, is no day.
    private static readonly TimeRange Week = TimeRange.Last(7 * 1440);

    public static async Task<IResult> GetAsync(Visit visit, ReferenceQueries queries, CancellationToken cancel)
    {
        if (visit.Place.Range == TimeRange.Default) visit = visit with { Place = visit.Place with { Range = Week } };
        var answer = await queries.FiguresAsync(visit.Selection, timeZone: visit.Place.Zone, cancel);
        return visit.Part == "fresh" ? visit.Render<BusinessBody>((nameof(BusinessBody.Answer), answer)) : visit.Render<BusinessScreen>((nameof(BusinessScreen.Answer), answer));
    }
}
