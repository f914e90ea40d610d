using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Forward.Desk;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints.Destinations;

/// <summary>The switch of one app: whether its traces are sent on, and where to.</summary>
internal static class TracingEndpoints
{
    public static void MapTracing(this IEndpointRouteBuilder routes)
    {
        var tracing = routes.MapGroup("/api/v1/apps/{app}/tracing").WithTags("Destinations");
        tracing.MapGet("", Get).RequireScope(KeyScopes.Read).WithName("GetTracing").WithSummary("Whether an app's traces are sent on, and where to.").Produces<ApiTracing>().ProducesProblem(404);
        tracing.MapPut("", PutAsync).RequireScope(KeyScopes.Admin).WithName("PutTracing").WithSummary("Sends an app's traces to these destinations, or nowhere. What is left out stays.")
            .Accepts<ApiTracingWish>("application/json").Produces<ApiTracing>().ProducesProblem(404).ProducesProblem(422);
    }

    private static IResult Get(HttpContext http, string app, IDestinationDesk desk, Apps apps) =>
        Find(http, app, apps) is { } found ? Answer(desk.TracingOf(found.TenantId, found.Id)) : Missing();

    private static async Task<IResult> PutAsync(HttpContext http, string app, IDestinationDesk desk, Apps apps)
    {
        if (Find(http, app, apps) is not { } found) return Missing();
        var (wish, problem) = await JsonBody.ReadAsync(http, ApiJson.Default.ApiTracingWish);
        if (wish is null) return problem!;
        return desk.PutTracing(found.TenantId, found.Id, new TracingWish(wish.Enabled, wish.Destinations), http.Caller().Who) switch
        {
            TracingAnswer.Done done => Answer(done.Tracing),
            TracingAnswer.Refused refused => Problems.Unprocessable(refused.Field, refused.Message),
            _ => throw new InvalidOperationException("The switch of an app has no other answer."),
        };
    }

    // Names with a namespace have a slash, which stays escaped in a path.
    private static App? Find(HttpContext http, string name, Apps apps)
    {
        var caller = http.Caller();
        var app = apps.Find(caller.TenantId, name) ?? apps.Find(caller.TenantId, name.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase));
        return app is not null && (caller.AppId is not { } only || only == app.Id) ? app : null;
    }

    private static JsonHttpResult<ApiTracing> Answer(AppTracing tracing) => TypedResults.Json(new ApiTracing(tracing.Enabled, tracing.Destinations), ApiJson.Default.ApiTracing);

    private static ProblemHttpResult Missing() => Problems.NotFound("No app has this name.", "app_not_found");
}
