using System.ComponentModel;
using System.Globalization;
using System.Text;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Costs;
using Callwatch.Costs.LostCaching;
using Callwatch.Query;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>What things cost, for whoever pays.</summary>
internal static class CostEndpoints
{
    public static void MapCosts(this IEndpointRouteBuilder routes)
    {
        var costs = routes.MapGroup("/api/v1/costs").WithTags("Costs").RequireScope(KeyScopes.Read);
        costs.MapGet("/month", MonthAsync).WithName("GetMonthCost").WithSummary("The month under way: spent so far, the month before, and a forecast with its range.").Produces<ApiMonthCost>().ProducesProblem(422);
        costs.MapGet("/ledger", LedgerAsync).WithName("GetLedger").WithSummary("Costs by day, app, model and class as CSV, exact; a stream.").Produces(200, contentType: "text/csv").ProducesProblem(422);
        costs.MapGet("/what-if", WhatIfAsync).WithName("GetWhatIf").WithSummary("The calls of a selection at the prices of another model.").Produces<ApiWhatIf>().ProducesProblem(422);
        costs.MapGet("/lost-caching", LostCachingAsync).WithName("GetLostCaching").WithSummary("Sessions in which the provider's prompt cache stopped helping, and the first message that differs.").Produces<ApiLostCaching>().ProducesProblem(422);
        routes.MapGet("/api/v1/coverage", CoverageAsync).RequireScope(KeyScopes.Read).WithTags("Figures").WithName("GetCoverage").WithSummary("HTTP requests to models that have no call in their trace.").Produces<ApiCoverage>().ProducesProblem(422);
    }

    private static async Task<IResult> MonthAsync(
        HttpContext http, CostQueries costs, TimeProvider time, [FromQuery(Name = "app"), Description("Name of an app; may repeat. Default: all.")] string[]? app,
        [FromQuery(Name = "q"), Description("A filter.")] string? q, [FromQuery(Name = "tz"), Description("IANA time zone in which days and months begin. Default: UTC.")] string? tz, CancellationToken cancel)
    {
        var (selection, problem) = new SelectionParameters { App = app, Q = q }.Read(http, time);
        if (selection is null) return problem!;
        var zone = string.IsNullOrEmpty(tz) ? "UTC" : tz;
        var answer = await costs.MonthAsync(selection, zone, cancel);
        return answer is Answer<MonthCost>.Found { Value: var month } ? TypedResults.Json(month.ToApi(zone), ApiJson.Default.ApiMonthCost) : answer.Problem();
    }

    private static async Task<IResult> WhatIfAsync(
        [AsParameters] SelectionParameters parameters, HttpContext http, WhatIf whatIf, TimeProvider time,
        [FromQuery(Name = "model"), Description("The other model, with its provider before it: `anthropic/claude-haiku-4-5`.")] string? model, CancellationToken cancel)
    {
        var (selection, problem) = parameters.Read(http, time);
        if (selection is null) return problem!;
        if (string.IsNullOrWhiteSpace(model)) return Problems.Unprocessable("model", "It is missing: the other model, with its provider before it, as anthropic/claude-haiku-4-5.");
        var slash = model.IndexOf('/', StringComparison.Ordinal);
        var answer = await whatIf.AskAsync(selection, slash > 0 ? model[..slash].Trim() : null, model[(slash + 1)..].Trim(), cancel);
        return answer is Answer<WhatIfAnswer>.Found { Value: var found } ? TypedResults.Json(found.ToApi(), ApiJson.Default.ApiWhatIf) : answer.Problem();
    }

    private static async Task<IResult> LostCachingAsync([AsParameters] SelectionParameters parameters, HttpContext http, LostCachingQueries queries, TimeProvider time, CancellationToken cancel)
    {
        var (selection, problem) = parameters.Read(http, time);
        if (selection is null) return problem!;
        var answer = await queries.FindAsync(selection, cancel);
        return answer is Answer<LostCachingAnswer>.Found { Value: var found } ? TypedResults.Json(found.ToApi(), ApiJson.Default.ApiLostCaching) : answer.Problem();
    }

    private static async Task<IResult> CoverageAsync([AsParameters] SelectionParameters parameters, HttpContext http, CoverageQueries coverage, TimeProvider time, CancellationToken cancel)
    {
        var (selection, problem) = parameters.Read(http, time);
        if (selection is null) return problem!;
        var answer = await coverage.ReadAsync(selection, cancel);
        return answer is Answer<CoverageAnswer>.Found { Value: var found } ? TypedResults.Json(found.ToApi(), ApiJson.Default.ApiCoverage) : answer.Problem();
    }

    private static async Task<IResult> LedgerAsync(
        [AsParameters] SelectionParameters parameters, HttpContext http, Ledger ledger, TimeProvider time,
        [FromQuery(Name = "tz"), Description("IANA time zone in which days begin. Default: UTC.")] string? tz, CancellationToken cancel)
    {
        var (selection, problem) = parameters.Read(http, time);
        if (selection is null) return problem!;
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(string.IsNullOrEmpty(tz) ? "UTC" : tz, out var zone)) return Problems.Unprocessable("tz", "'tz' is the name of a time zone, such as Europe/Berlin.");
        var begun = false;
        foreach (var day in Ledger.Days(selection.From, selection.To, zone))
        {
            var answer = await ledger.LinesAsync(selection, day, cancel);
            if (answer is not Answer<IReadOnlyList<LedgerLine>>.Found { Value: var lines })
            {
                if (!begun) return answer.Problem();
                // Half a table must not look like a whole one.
                http.Abort();
                return Results.Empty;
            }

            if (!begun) await BeginAsync(http, cancel);
            if (http.IsHead()) return Results.Empty;
            begun = true;
            var text = new StringBuilder();
            foreach (var line in lines) Write(text, line);
            await http.Response.WriteAsync(text.ToString(), cancel);
        }

        // A range that ends before it begins has no day, and the first question would have said so.
        if (!begun) return Problems.Unprocessable("to", "'to' must lie after 'from'.");
        return Results.Empty;
    }

    private static Task BeginAsync(HttpContext http, CancellationToken cancel)
    {
        http.Response.ContentType = "text/csv; charset=utf-8";
        http.Response.Headers.ContentDisposition = "attachment; filename=\"costs.csv\"";
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsync("day,app,provider,model,class,tokens,usd,calls\r\n", cancel);
    }

    private static void Write(StringBuilder text, LedgerLine line) => text
        .Append(line.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)).Append(',').Append(CallCsv.Field(line.App)).Append(',').Append(CallCsv.Field(line.Provider)).Append(',')
        .Append(CallCsv.Field(line.Model)).Append(',').Append(line.Class).Append(',').Append(CallCsv.Field(line.Tokens)).Append(',').Append(CallCsv.Field(line.Usd)).Append(',')
        .Append(CallCsv.Field(line.Calls)).Append("\r\n");
}
