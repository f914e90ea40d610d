using System.ComponentModel;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Query;
using Callwatch.Server.Access;
using Callwatch.Spans;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>Traces, one trace with its spans, one span with its bodies.</summary>
internal static class TraceEndpoints
{
    public static void MapTraces(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1").WithTags("Traces").RequireScope(KeyScopes.Read).AddEndpointFilter(InTimeAsync);
        api.MapGet("/traces", ListAsync).WithName("ListTraces").WithSummary("The traces, newest first.").Produces<ApiPage<ApiTraceSummary>>().ProducesProblem(422);
        api.MapGet("/traces/{trace_id}", GetAsync).WithName("GetTrace").WithSummary("A trace with its spans in order of start.")
            .Produces<ApiTrace>().ProducesProblem(404).ProducesProblem(422);
        api.MapGet("/spans/{trace_id}/{span_id}", GetSpanAsync).WithName("GetSpan").WithSummary("A span with its bodies.").Produces<ApiSpanDetails>().ProducesProblem(404);
    }

    // One trace is found by its index; when even that takes too long the disk is overloaded, and asking again later helps.
    private static async ValueTask<object?> InTimeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (TimeoutException)
        {
            return Problems.TryLater(StatusCodes.Status503ServiceUnavailable, "too_slow", "The store could not be read in time; try again in a moment.", TimeSpan.FromSeconds(2));
        }
    }

    private static async Task<IResult> ListAsync([AsParameters] ListParameters parameters, HttpContext http, TraceQueries traces, TimeProvider time, CancellationToken cancel)
    {
        var (selection, problem) = parameters.Read(http, time);
        if (selection is null) return problem!;
        var (sort, badSort) = parameters.ReadSort();
        if (sort is null) return badSort!;
        var (limit, badLimit) = ReadingParameters.ReadLimit(parameters.Limit, ListParameters.DefaultLimit, CallQueries.MaxLimit);
        if (badLimit is not null) return badLimit;
        var answer = await traces.ListAsync(selection, sort, limit, parameters.Cursor, cancel);
        return answer is Answer<Page<TraceSummary>>.Found { Value: var page }
            ? TypedResults.Json(page.ToApi(ReadRecords.ToApi), ApiJson.Default.ApiPageApiTraceSummary)
            : answer.Problem();
    }

    private static async Task<IResult> GetAsync(
        [FromRoute(Name = "trace_id")] string id, HttpContext http, TraceQueries traces, Apps apps,
        [FromQuery(Name = "limit"), Description("Most spans, from 1 to 10000. Default: 10000.")] string? limit,
        [FromQuery(Name = "cursor"), Description("`next` of the page before.")] string? cursor,
        CancellationToken cancel)
    {
        var (most, badLimit) = ReadingParameters.ReadLimit(limit, TraceQueries.MaxSpans, TraceQueries.MaxSpans);
        if (badLimit is not null) return badLimit;
        if (!string.IsNullOrEmpty(cursor) && !TraceQueries.IsCursor(cursor)) return Problems.Unprocessable("cursor", "'cursor' is not the 'next' of a page.");
        return TraceId.TryParse(id, null, out var traceId) && await traces.FindAsync(http.Caller().ReadScope, traceId, most, string.IsNullOrEmpty(cursor) ? null : cursor, cancel) is { } view
            ? TypedResults.Json(view.ToApi(apps), ApiJson.Default.ApiTrace)
            : Problems.NotFound("No trace has this id; it may be on its way, or past its retention. /api/v1/lookup tells more, and knows other ids too.");
    }

    private static async Task<IResult> GetSpanAsync(
        [FromRoute(Name = "trace_id")] string traceId, [FromRoute(Name = "span_id")] string spanId, HttpContext http, TraceQueries traces, Apps apps, CancellationToken cancel) =>
        TraceId.TryParse(traceId, null, out var trace) && SpanId.TryParse(spanId, null, out var span)
            && await traces.FindSpanAsync(http.Caller().ReadScope, trace, span, cancel) is { } details
            ? TypedResults.Json(details.ToApi(apps, http.Request.PathBase), ApiJson.Default.ApiSpanDetails)
            : Problems.NotFound("No span has these ids; it may be on its way, or past its retention.");
}
