using System.ComponentModel;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Dashboard.Diagnose;
using Callwatch.Dashboard.Language;
using Callwatch.Diagnose.Comparing;
using Callwatch.Query;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>What moved between two windows, and what explains it.</summary>
internal static class CompareEndpoint
{
    public static void MapCompare(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/compare", CompareAsync).RequireScope(KeyScopes.Read).WithTags("Figures").WithName("Compare")
            .WithSummary("What moved between two windows, and what explains it, ranked.").Produces<ApiComparison>().ProducesProblem(422);

    private static async Task<IResult> CompareAsync(
        [AsParameters] SelectionParameters parameters, HttpContext http, CompareQueries queries, Apps apps, TimeProvider time,
        [FromQuery(Name = "baseline_from"), Description("First moment of the earlier window; with `baseline_to`. Default: the same time a week ago, or the time just before where nothing was sent then.")] string? baselineFrom,
        [FromQuery(Name = "baseline_to"), Description("End of the earlier window.")] string? baselineTo,
        [FromQuery(Name = "figure"), Description("`latency`, `ttft`, `errors`, `cost` or `calls`. Default: the one that moved most.")] string? figure,
        [FromQuery(Name = "lang"), Description("Language of the sentences: `en` or `zh`. Default: `en`.")] string? language,
        [FromQuery(Name = "tz"), Description("IANA time zone of the times in the sentences. Default: UTC.")] string? tz,
        CancellationToken cancel)
    {
        var (selection, problem) = parameters.Read(http, time);
        if (selection is null) return problem!;
        if (!string.IsNullOrEmpty(figure) && Measures.Find(figure) is null) return Problems.Unprocessable("figure", "'figure' is latency, ttft, errors, cost or calls.");
        if (language is not (null or "" or "en" or "zh")) return Problems.Unprocessable("lang", "'lang' is en or zh.");
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(string.IsNullOrEmpty(tz) ? "UTC" : tz, out var zone)) return Problems.Unprocessable("tz", "'tz' is the name of a time zone, such as Europe/Berlin.");
        (Spans.Timestamp From, Spans.Timestamp To)? baseline = null;
        if (!string.IsNullOrEmpty(baselineFrom) || !string.IsNullOrEmpty(baselineTo))
        {
            if (!SelectionParameters.TryTime(baselineFrom, default, out var from)) return SelectionParameters.BadTime("baseline_from");
            if (!SelectionParameters.TryTime(baselineTo, default, out var to)) return SelectionParameters.BadTime("baseline_to");
            if (string.IsNullOrEmpty(baselineFrom)) return Problems.Unprocessable("baseline_from", "'baseline_to' needs 'baseline_from' beside it.");
            if (string.IsNullOrEmpty(baselineTo)) return Problems.Unprocessable("baseline_to", "'baseline_from' needs 'baseline_to' beside it.");
            baseline = (from, to);
        }

        var answer = await queries.CompareAsync(new CompareQuestion { Selection = selection, Baseline = baseline, Measure = Measures.Find(figure) }, cancel);
        if (answer is not Answer<WindowComparison>.Found { Value: var found }) return answer.Problem();
        var sentences = new Sentences(found, language == "zh" ? Words.Chinese : Words.English, zone).All();
        return TypedResults.Json(found.ToApi(sentences, apps), ApiJson.Default.ApiComparison);
    }
}
