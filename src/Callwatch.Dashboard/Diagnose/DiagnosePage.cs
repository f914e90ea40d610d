using Callwatch.Dashboard.Frame;
using Callwatch.Diagnose.Comparing;
using Callwatch.Query;
using Callwatch.Spans;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Diagnose;

/// <summary>What moved, and why.</summary>
internal static class DiagnosePage
{
    public static async Task<IResult> GetAsync(Visit visit, CompareQueries queries, StatsQueries stats, CancellationToken cancel)
    {
        // An id to find has a page of its own.
        if (visit.Place.Find("id") is { } id) return Results.LocalRedirect(visit.Href(visit.Place.On(Place.FindTrace).With("id", id)));
        var selection = visit.Selection;
        var answer = await queries.CompareAsync(new CompareQuestion { Selection = selection, Baseline = BaselineOf(visit), Measure = Measures.Find(visit.Place.Find("figure")) }, cancel);
        var model = new DiagnoseModel(answer, null, null);
        if (answer is Answer<WindowComparison>.Found { Value: { Enough: true } found })
        {
            var length = TimeSpan.FromTicks((found.To.UnixNanoseconds - found.From.UnixNanoseconds) / 100);
            var seen = selection with { From = found.From.Plus(-length), To = found.To };
            model = model with
            {
                Series = await AskAsync(stats, seen, cancel),
                Then = found.Baseline == BaselineChoice.WeekAgo ? await AskAsync(stats, seen with { From = seen.From.Plus(Back(found)), To = seen.To.Plus(Back(found)) }, cancel) : null,
            };
        }

        return visit.Part == "fresh" ? visit.Render<DiagnoseBody>((nameof(DiagnoseBody.Model), model)) : visit.Render<DiagnoseScreen>((nameof(DiagnoseScreen.Model), model));
    }

    private static TimeSpan Back(WindowComparison found) => TimeSpan.FromTicks((found.BaselineFrom.UnixNanoseconds - found.From.UnixNanoseconds) / 100);

    private static (Timestamp From, Timestamp To)? BaselineOf(Visit visit)
    {
        if (Timestamp.TryParse(visit.Place.Find("baseline_from"), out var from) && Timestamp.TryParse(visit.Place.Find("baseline_to"), out var to)) return (from, to);
        // A window that has not ended is compared up to now, on both sides.
        var end = visit.To > visit.Now && visit.From < visit.Now ? visit.Now : visit.To;
        var length = TimeSpan.FromTicks((end.UnixNanoseconds - visit.From.UnixNanoseconds) / 100);
        TimeSpan? back = visit.Place.Find("against") switch
        {
            "before" => length,
            "week" => TimeSpan.FromDays(7 * Math.Max(1, Math.Ceiling(length / TimeSpan.FromDays(7)))),
            _ => null,
        };
        return back is { } span && visit.From.UnixNanoseconds > span.Ticks * 100 ? (visit.From.Plus(-span), end.Plus(-span)) : null;
    }

    private static async Task<StatsAnswer?> AskAsync(StatsQueries stats, Selection selection, CancellationToken cancel) =>
        selection.From.UnixNanoseconds > 0 && await stats.FiguresAsync(new StatsQuestion { Selection = selection, CountPeople = false }, cancel) is Answer<StatsAnswer>.Found found ? found.Value : null;
}
