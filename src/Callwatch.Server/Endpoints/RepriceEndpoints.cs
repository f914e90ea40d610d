using System.Text.Json;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Server.Access;
using Callwatch.Store.Repricing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>Pricing stored calls of the caller's tenant by the book in force: shown first, then done exactly so.</summary>
internal static class RepriceEndpoints
{
    private const int MostShown = 100;

    public static void MapReprice(this IEndpointRouteBuilder routes)
    {
        var reprice = routes.MapGroup("/api/v1/prices/reprice").WithTags("Prices").RequireScope(KeyScopes.Admin);
        reprice.MapGet("", List).WithName("ListRepricings").WithSummary("The changes of stored costs, latest first: who, when, what.").Produces<ApiList<ApiReprice>>();
        reprice.MapPost("", AskAsync).WithName("Reprice").WithSummary("Shows what the prices in force would change of stored costs; with dry_run false and the expect shown, changes it.")
            .Accepts<ApiRepriceWish>("application/json").Produces<ApiReprice>().Produces<ApiReprice>(StatusCodes.Status202Accepted).ProducesProblem(409).ProducesProblem(422);
    }

    private static JsonHttpResult<ApiList<ApiReprice>> List(HttpContext http, Repricer repricer) =>
        TypedResults.Json(new ApiList<ApiReprice> { Items = [.. repricer.History(http.Caller().TenantId, MostShown).Select(ToApi)] }, ApiJson.Default.ApiListApiReprice);

    private static async Task<IResult> AskAsync(HttpContext http, Repricer repricer, Keys keys)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, ApiJson.Default.ApiRepriceWish);
        if (body is null) return problem!;
        if (string.IsNullOrEmpty(body.From) || !SelectionParameters.TryTime(body.From, default, out var from)) return SelectionParameters.BadTime("from");
        if (string.IsNullOrEmpty(body.To) || !SelectionParameters.TryTime(body.To, default, out var to)) return SelectionParameters.BadTime("to");
        var isDryRun = body.DryRun ?? true;
        if (!isDryRun && string.IsNullOrEmpty(body.Expect)) return Problems.Unprocessable("expect", "Ask with dry_run first; what it answers as 'expect' names the change that is to be done.");
        var selection = new RepriceSelection(http.Caller().TenantId, from, to, body.App, body.Model, body.Q);
        return await repricer.AskAsync(selection, isDryRun ? null : body.Expect, http.Caller().ToName(keys), shown => Written(selection, shown), http.RequestAborted) switch
        {
            RepriceAnswer.Shown shown => TypedResults.Json(ToApi(selection, shown.Difference), ApiJson.Default.ApiReprice),
            RepriceAnswer.Begun begun => TypedResults.Json(ToApi(selection, begun.Difference) with { Id = begun.Id, State = "running" }, ApiJson.Default.ApiReprice, statusCode: StatusCodes.Status202Accepted),
            RepriceAnswer.Changed => Problems.Conflict("Calls or prices are no longer those that were shown: look at the difference again.", "changed"),
            RepriceAnswer.Busy busy => Problems.Conflict(busy.Why, "busy"),
            RepriceAnswer.Wrong wrong => Problems.Unprocessable(wrong.Field, wrong.Message, wrong.Offset, wrong.Field == "q" ? "bad_filter" : "invalid"),
            _ => throw new InvalidOperationException("There is no other answer."),
        };
    }

    /// <summary>A difference as it is kept with the change.</summary>
    public static string Written(RepriceSelection selection, RepriceDifference shown) => JsonSerializer.Serialize(ToApi(selection, shown), ApiJson.Default.ApiReprice);

    private static ApiReprice ToApi(RepricingRecord record) => JsonSerializer.Deserialize(record.Difference, ApiJson.Default.ApiReprice)! with
    {
        Id = record.Id,
        State = record.Ended is null ? "running" : record.Reason is null ? "done" : "failed",
        Expect = null,
        Who = record.Who,
        StartedAt = record.Started.ToString(),
        EndedAt = record.Ended?.ToString(),
        Reason = record.Reason,
    };

    private static ApiReprice ToApi(RepriceSelection selection, RepriceDifference shown) => new()
    {
        State = "shown",
        From = selection.From.ToString(),
        To = selection.To.ToString(),
        App = selection.App,
        Model = selection.Model,
        Q = selection.Q,
        PriceBook = shown.Book,
        Calls = shown.Calls,
        Given = shown.Given,
        Touched = shown.Touched,
        NewlyPriced = shown.NewlyPriced,
        NoLongerPriced = shown.NoLongerPriced,
        StillUnpriced = shown.Unpriced.Values.Sum(),
        UnpricedReasons = shown.Unpriced,
        BeforeUsd = shown.BeforeUsd,
        AfterUsd = shown.AfterUsd,
        DifferenceUsd = shown.AfterUsd - shown.BeforeUsd,
        Models = [.. shown.Models.Select(model => new ApiRepricedModel(model.Provider, model.Model, model.Calls, model.BeforeUsd, model.AfterUsd, model.AfterUsd - model.BeforeUsd))],
        RowsFrom = shown.RowsFrom?.ToString(),
        Expect = shown.Token,
    };
}
