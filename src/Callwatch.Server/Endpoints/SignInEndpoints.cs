using System.Text.Json;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>Who is signed in with a browser, and who has changed what.</summary>
internal static class SignInEndpoints
{
    private const int MostRows = 1_000;

    public static void MapSignIns(this IEndpointRouteBuilder routes)
    {
        var signIns = routes.MapGroup("/api/v1/sign-ins").WithTags("Settings").RequireScope(KeyScopes.Admin);
        signIns.MapGet("", List).WithName("ListSignIns").WithSummary("Browsers that are signed in; those that came by the link of a start are the operator's to see.").Produces<ApiList<ApiSignIn>>();
        signIns.MapDelete("/{id}", End).WithName("EndSignIn").WithSummary("Ends a sign-in at once.").ProducesProblem(404);
        routes.MapGet("/api/v1/audit", Audit).RequireScope(KeyScopes.Admin).WithTags("Settings").WithName("ListAudit")
            .WithSummary("Who changed what, latest first; operators see what concerned the instance too.").Produces<ApiList<ApiAuditRow>>().ProducesProblem(422);
    }

    private static JsonHttpResult<ApiList<ApiSignIn>> List(HttpContext http, SignIns signIns) =>
        TypedResults.Json(
            new ApiList<ApiSignIn>
            {
                Items = [.. signIns.List(http.Caller().TenantId, IsOperator(http)).Select(one => new ApiSignIn(one.Id, one.KeyId, one.Agent, one.Created.ToString(), one.Expires.ToString()))],
            },
            ApiJson.Default.ApiListApiSignIn);

    private static IResult End(HttpContext http, string id, SignIns signIns, Keys keys) =>
        signIns.End(http.Caller().TenantId, IsOperator(http), id, http.Caller().ToName(keys)) ? TypedResults.NoContent() : Problems.NotFound("No sign-in has this id; it may have ended.", "sign_in_not_found");

    private static IResult Audit(HttpContext http, AuditLog audit, string? limit = null)
    {
        var (most, wrong) = ReadingParameters.ReadLimit(limit, 100, MostRows);
        if (wrong is not null) return wrong;
        return TypedResults.Json(
            new ApiList<ApiAuditRow> { Items = [.. audit.List(http.Caller().TenantId, IsOperator(http), most).Select(row => new ApiAuditRow(row.Id, row.Time.ToString(), row.Who, row.What, Json(row.Detail)))] },
            ApiJson.Default.ApiListApiAuditRow);
    }

    private static bool IsOperator(HttpContext http) => http.Caller().MayAnyOf(KeyScopes.Operator);

    private static JsonElement Json(string detail)
    {
        using var document = JsonDocument.Parse(detail);
        return document.RootElement.Clone();
    }
}
