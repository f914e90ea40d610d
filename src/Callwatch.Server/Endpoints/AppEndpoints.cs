using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

internal static class AppEndpoints
{
    public static void MapApps(this IEndpointRouteBuilder routes)
    {
        var apps = routes.MapGroup("/api/v1/apps").WithTags("Apps");
        apps.MapGet("", List).RequireScope(KeyScopes.Read).WithName("ListApps").Produces<ApiList<ApiApp>>();
        apps.MapPost("", CreateAsync).RequireScope(KeyScopes.Admin).WithName("CreateApp")
            .Accepts<ApiNewName>("application/json").Produces<ApiApp>(StatusCodes.Status201Created).ProducesProblem(409).ProducesProblem(422);
    }

    private static JsonHttpResult<ApiList<ApiApp>> List(HttpContext context, Apps apps)
    {
        var caller = context.Caller();
        var items = apps.List(caller.TenantId).Where(app => caller.AppId is not { } only || app.Id == only);
        return TypedResults.Json(new ApiList<ApiApp> { Items = [.. items.Select(ToApi)] }, ApiJson.Default.ApiListApiApp);
    }

    private static async Task<IResult> CreateAsync(HttpContext context, Apps apps, Keys keys)
    {
        var (body, problem) = await JsonBody.ReadAsync(context, ApiJson.Default.ApiNewName);
        if (body is null) return problem!;
        if (body.Name is null || !Apps.IsLegalName(body.Name)) return Problems.Unprocessable("name", Apps.LegalNames);
        var tenant = context.Caller().TenantId;
        if (apps.Find(tenant, body.Name) is not null) return Problems.Conflict("There is an app of that name.", "name_taken");
        return apps.IsFull(tenant)
            ? Problems.Conflict(Apps.TooMany, "too_many_apps")
            : TypedResults.Json(ToApi(apps.Create(tenant, body.Name, context.Caller().ToName(keys))), ApiJson.Default.ApiApp, statusCode: StatusCodes.Status201Created);
    }

    private static ApiApp ToApi(App app) => new(app.Id, app.Name);
}
