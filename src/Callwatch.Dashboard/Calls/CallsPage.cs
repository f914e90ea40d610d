using Callwatch.Dashboard.Frame;
using Callwatch.Dashboard.SpanView;
using Callwatch.Query;
using Callwatch.Spans;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Calls;

/// <summary>The LLM calls, one row each, with one of them beside the list.</summary>
internal static class CallsPage
{
    private const int Rows = 100;

    // The number of calls is worth a moment, not a wait.
    private static readonly TimeSpan CountingTime = TimeSpan.FromMilliseconds(150);

    public static async Task<IResult> GetAsync(Visit visit, CallQueries calls, StatsQueries stats, TraceQueries traces, TimeProvider time, CancellationToken cancel)
    {
        if (visit.Part == "side") return visit.Render<SpanPanel>((nameof(SpanPanel.Open), await OpenAsync(visit, traces, cancel)));

        var sort = Sorts.Of(visit.Place);
        var answer = await calls.ListAsync(visit.Selection, sort, Rows, visit.Place.Find("cursor"), cancel);
        if (visit.Part == "more") return visit.Render<CallRows>((nameof(CallRows.Model), new CallsModel(answer, sort, null, null)));

        var total = answer is Answer<Page<Span>>.Found ? await CountAsync(visit.Selection, stats, time, cancel) : null;
        var model = new CallsModel(answer, sort, total, visit.Part is null ? await OpenAsync(visit, traces, cancel) : null);
        return visit.Part == "fresh" ? visit.Render<CallList>((nameof(CallList.Model), model)) : visit.Render<CallsScreen>((nameof(CallsScreen.Model), model));
    }

    private static async Task<OpenSpan?> OpenAsync(Visit visit, TraceQueries traces, CancellationToken cancel) =>
        OpenSpan.TryParse(visit.Place.Find("call"), out var traceId, out var spanId)
            ? new OpenSpan(traceId, spanId, await traces.FindSpanAsync(visit.Scope, traceId, spanId, cancel))
            : null;

    private static async Task<long?> CountAsync(Selection selection, StatsQueries stats, TimeProvider time, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(CountingTime, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            var answer = await stats.FiguresAsync(new StatsQuestion { Selection = selection, CountPeople = false, TimesOfPoints = false }, both.Token);
            return answer is Answer<StatsAnswer>.Found found ? found.Value.Groups.Sum(group => group.Total.Calls) : null;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
    }
}
