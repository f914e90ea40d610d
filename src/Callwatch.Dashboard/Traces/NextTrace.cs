using Callwatch.Dashboard.Frame;
using Callwatch.Query;
using Callwatch.Spans;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Traces;

/// <summary>From one trace to the one before or after it, of those that the address selects. Looked for when somebody goes there, not on each page.</summary>
internal static class NextTrace
{
    private static readonly TimeSpan Far = TimeSpan.FromDays(30);

    public static Task<IResult> OlderAsync(Visit visit, string traceId, TraceQueries traces, CancellationToken cancel) => GoAsync(visit, traceId, older: true, traces, cancel);

    public static Task<IResult> NewerAsync(Visit visit, string traceId, TraceQueries traces, CancellationToken cancel) => GoAsync(visit, traceId, older: false, traces, cancel);

    private static async Task<IResult> GoAsync(Visit visit, string traceId, bool older, TraceQueries traces, CancellationToken cancel)
    {
        if (!TraceId.TryParse(traceId, null, out var id) || await traces.FindOutlineAsync(visit.Scope, id, 1, cancel) is not { Trace: var trace })
            return visit.Render<NoTrace>(StatusCodes.Status404NotFound, (nameof(NoTrace.Id), traceId));
        var selection = older
            ? visit.Selection with { From = trace.End.Plus(-Far), To = trace.End }
            : visit.Selection with { From = new Timestamp(trace.End.UnixNanoseconds + 1), To = trace.End.Plus(Far) };
        var next = await traces.ListAsync(selection, new SortOrder(SortField.End, older), 1, null, cancel) is Answer<Page<TraceSummary>>.Found { Value.Items: [var found, ..] } ? found.TraceId : (TraceId?)null;
        return TypedResults.Redirect(visit.Href(visit.Place.On($"{Place.Traces}/{next ?? id}").With("done", next is null ? older ? "oldest" : "newest" : null)));
    }
}
