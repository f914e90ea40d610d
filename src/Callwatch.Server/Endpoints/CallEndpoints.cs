using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Query;
using Callwatch.Server.Access;
using Callwatch.Spans;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

internal static class CallEndpoints
{
    public static void MapCalls(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/calls", ListAsync).RequireScope(KeyScopes.Read).WithTags("Calls").WithName("ListCalls")
            .WithSummary("The LLM calls, newest first.").Produces<ApiPage<ApiSpan>>().ProducesProblem(422);

    private static async Task<IResult> ListAsync([AsParameters] ListParameters parameters, HttpContext http, CallQueries calls, Apps apps, TimeProvider time, CancellationToken cancel)
    {
        var (selection, problem) = parameters.Read(http, time);
        if (selection is null) return problem!;
        var (sort, badSort) = parameters.ReadSort();
        if (sort is null) return badSort!;
        var (limit, badLimit) = ReadingParameters.ReadLimit(parameters.Limit, ListParameters.DefaultLimit, CallQueries.MaxLimit);
        if (badLimit is not null) return badLimit;
        var answer = await calls.ListAsync(selection, sort, limit, parameters.Cursor, cancel);
        return answer is Answer<Page<Span>>.Found { Value: var page }
            ? TypedResults.Json(page.ToApi(span => span.ToApi(apps)), ApiJson.Default.ApiPageApiSpan)
            : answer.Problem();
    }
}
