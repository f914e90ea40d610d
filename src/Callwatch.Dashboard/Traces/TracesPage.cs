using Callwatch.Dashboard.Frame;
using Callwatch.Query;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Traces;

/// <summary>The list of traces and its order.</summary>
public sealed record TracesModel(Answer<Page<TraceSummary>> Answer, SortOrder Sort);

internal static class TracesPage
{
    private const int Rows = 100;

    public static async Task<IResult> GetAsync(Visit visit, TraceQueries traces, CancellationToken cancel)
    {
        var sort = Sorts.Of(visit.Place);
        var model = new TracesModel(await traces.ListAsync(visit.Selection, sort, Rows, visit.Place.Find("cursor"), cancel), sort);
        return visit.Part switch
        {
            "more" => visit.Render<TraceRows>((nameof(TraceRows.Model), model)),
            "fresh" => visit.Render<TraceList>((nameof(TraceList.Model), model)),
            _ => visit.Render<TracesScreen>((nameof(TracesScreen.Model), model)),
        };
    }
}
