using System.ComponentModel;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Query;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>Figures, known values of fields, and groups of failed calls.</summary>
internal static class StatsEndpoints
{
    private const int MostGroups = 1_000;

    public static void MapStats(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1").WithTags("Figures").RequireScope(KeyScopes.Read);
        api.MapGet("/stats", StatsAsync).WithName("GetStats").WithSummary("Figures over time and by group; empty buckets are there.").Produces<ApiStats>().ProducesProblem(422);
        api.MapGet("/facets/{field}", FacetAsync).WithName("ListFacetValues").WithSummary("Known values of a field, most used first.").Produces<ApiPage<ApiFacetValue>>().ProducesProblem(422);
        api.MapGet("/errors", ErrorsAsync).WithName("ListErrors").WithSummary("Groups of failed calls, most frequent first.").Produces<ApiPage<ApiErrorGroup>>().ProducesProblem(422);
    }

    private static async Task<IResult> StatsAsync(
        [AsParameters] SelectionParameters parameters, HttpContext http, StatsQueries stats, CoverageQueries coverage, TimeProvider time,
        [FromQuery(Name = "step"), Description("Width of the buckets: `auto`, `1m`, `15m`, `1h` or `1d`. Default: `auto`.")] string? step,
        [FromQuery(Name = "by"), Description("A field to group by; may repeat, up to four.")] string[]? by,
        [FromQuery(Name = "tz"), Description("IANA time zone in which days and hours begin. Default: UTC.")] string? tz,
        [FromQuery(Name = "limit"), Description("Most groups, from 1 to 1000; those with most calls. Default: 100.")] string? limit,
        CancellationToken cancel)
    {
        var (selection, problem) = parameters.Read(http, time);
        if (selection is null) return problem!;
        var (most, badLimit) = ReadingParameters.ReadLimit(limit, ListParameters.DefaultLimit, MostGroups);
        if (badLimit is not null) return badLimit;
        if (StepOf(step) is not { } width) return Problems.Unprocessable("step", "'step' is auto, 1m, 15m, 1h or 1d.");
        var question = new StatsQuestion { Selection = selection, Step = width, By = by ?? [], TimeZone = string.IsNullOrEmpty(tz) ? null : tz, MaxGroups = most };
        var answer = await stats.FiguresAsync(question, cancel);
        if (answer is not Answer<StatsAnswer>.Found { Value: var figures }) return answer.Problem();
        // Beside the figures of a group it would be those of all.
        var requests = question.By.Count == 0 && await coverage.ReadAsync(selection, cancel) is Answer<CoverageAnswer>.Found { Value: var counted } ? counted : null;
        return TypedResults.Json(
            figures.ToApi() with { Coverage = requests is null ? null : new ApiCoverageTotal(requests.Requests, requests.WithoutCall, requests.NotCounted.Count) }, ApiJson.Default.ApiStats);
    }

    private static Step? StepOf(string? text) => text switch
    {
        null or "" or "auto" => Step.Auto,
        "1m" => Step.Minute,
        "15m" => Step.QuarterHour,
        "1h" => Step.Hour,
        "1d" => Step.Day,
        _ => null,
    };

    private static async Task<IResult> FacetAsync(
        [FromRoute(Name = "field"), Description("A field of the filter language.")] string field, [AsParameters] SelectionParameters parameters, HttpContext http,
        FacetQueries facets, TimeProvider time,
        [FromQuery(Name = "prefix"), Description("Beginning of the values, in any case.")] string? prefix,
        [FromQuery(Name = "limit"), Description("Most values, from 1 to 1000. Default: 100.")] string? limit,
        CancellationToken cancel)
    {
        var (selection, problem) = parameters.Read(http, time);
        if (selection is null) return problem!;
        var (most, badLimit) = ReadingParameters.ReadLimit(limit, ListParameters.DefaultLimit, CallQueries.MaxLimit);
        if (badLimit is not null) return badLimit;
        var answer = await facets.ValuesAsync(field, prefix, selection, most, cancel);
        return answer is Answer<Page<FacetValue>>.Found { Value: var values }
            ? TypedResults.Json(values.ToApi(value => new ApiFacetValue(value.Value, value.Calls)), ApiJson.Default.ApiPageApiFacetValue)
            : answer.Problem();
    }

    private static async Task<IResult> ErrorsAsync(
        [AsParameters] SelectionParameters parameters, HttpContext http, ErrorQueries errors, TimeProvider time,
        [FromQuery(Name = "since"), Description("Only failures that came with `release:NAME` or a later release, or with `prompt:NAME@VERSION` or a higher version.")] string? since,
        [FromQuery(Name = "limit"), Description("Most groups, from 1 to 1000. Default: 100.")] string? limit, CancellationToken cancel)
    {
        var (selection, problem) = parameters.Read(http, time);
        if (selection is null) return problem!;
        var (most, badLimit) = ReadingParameters.ReadLimit(limit, ListParameters.DefaultLimit, CallQueries.MaxLimit);
        if (badLimit is not null) return badLimit;
        var from = NewSince.Read(since);
        if (from is null && !string.IsNullOrWhiteSpace(since)) return Problems.Unprocessable("since", "'since' is release:NAME, such as release:1.4.2, or prompt:NAME@VERSION.");
        var answer = await errors.GroupsAsync(selection, from, most, cancel);
        return answer is Answer<Page<ErrorGroup>>.Found { Value: var groups }
            ? TypedResults.Json(groups.ToApi(ReadRecords.ToApi), ApiJson.Default.ApiPageApiErrorGroup)
            : answer.Problem();
    }
}
