using System.Globalization;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>The saved views of the caller's tenant.</summary>
internal static class ViewEndpoints
{
    public static void MapViews(this IEndpointRouteBuilder routes)
    {
        var views = routes.MapGroup("/api/v1/views").WithTags("Views").RequireScope(KeyScopes.Read);
        views.MapGet("", List).WithName("ListViews").WithSummary("Saved lists; a key of one app sees those about that app alone.").Produces<ApiList<ApiView>>().ProducesProblem(422);
        views.MapPost("", CreateAsync).WithName("CreateView").WithSummary("Saves a list by name.")
            .Accepts<ApiViewWish>("application/json").Produces<ApiView>(StatusCodes.Status201Created).ProducesProblem(409).ProducesProblem(422);
        views.MapGet("/{id:long}", Get).WithName("GetView").Produces<ApiView>().ProducesProblem(404);
        views.MapPut("/{id:long}", PutAsync).WithName("PutView").WithSummary("Changes a saved list; what is left out stays.")
            .Accepts<ApiViewWish>("application/json").Produces<ApiView>().ProducesProblem(404).ProducesProblem(409).ProducesProblem(422);
        views.MapDelete("/{id:long}", Delete).WithName("DeleteView").ProducesProblem(404);
    }

    private static IResult List(HttpContext http, Views views, Apps apps, string? page = null) =>
        page is not null && !ViewQuery.Pages.Contains(page, StringComparer.Ordinal)
            ? Problems.Unprocessable("page", $"The page is one of {string.Join(", ", ViewQuery.Pages)}.")
            : TypedResults.Json(new ApiList<ApiView> { Items = [.. views.List(http.Caller().TenantId, OnlyApp(http, apps), page).Select(ToApi)] }, ApiJson.Default.ApiListApiView);

    private static IResult Get(HttpContext http, long id, Views views, Apps apps) =>
        views.Find(http.Caller().TenantId, OnlyApp(http, apps), id) is { } view ? TypedResults.Json(ToApi(view), ApiJson.Default.ApiView) : Missing();

    private static async Task<IResult> CreateAsync(HttpContext http, Views views, Keys keys)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, ApiJson.Default.ApiViewWish);
        if (body is null) return problem!;
        var answer = views.Create(http.Caller().TenantId, new ViewWish(body.Name, body.Page, body.Query), http.Caller().ToName(keys));
        if (answer is not ViewAnswer.Done done) return ProblemOf(answer);
        http.Response.Headers.Location = $"{http.Request.PathBase}/api/v1/views/{done.View.Id.ToString(CultureInfo.InvariantCulture)}";
        return TypedResults.Json(ToApi(done.View), ApiJson.Default.ApiView, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> PutAsync(HttpContext http, long id, Views views, Keys keys)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, ApiJson.Default.ApiViewWish);
        if (body is null) return problem!;
        var answer = views.Change(http.Caller().TenantId, id, new ViewWish(body.Name, body.Page, body.Query), http.Caller().ToName(keys));
        return answer is ViewAnswer.Done done ? TypedResults.Json(ToApi(done.View), ApiJson.Default.ApiView) : ProblemOf(answer);
    }

    private static IResult Delete(HttpContext http, long id, Views views, Keys keys) =>
        views.Delete(http.Caller().TenantId, id, http.Caller().ToName(keys)) ? TypedResults.NoContent() : Missing();

    private static string? OnlyApp(HttpContext http, Apps apps) => http.Caller().AppId is { } only ? apps.NameOf(only) : null;

    private static ProblemHttpResult ProblemOf(ViewAnswer answer) => answer switch
    {
        ViewAnswer.Refused refused => Problems.Unprocessable(refused.Field, refused.Message),
        ViewAnswer.Taken => Problems.Conflict("The page has a view of that name.", "name_taken"),
        ViewAnswer.Full full => Problems.Conflict($"There are {full.Most} views already, and no more are allowed: delete one.", "too_many_views"),
        _ => Missing(),
    };

    private static ProblemHttpResult Missing() => Problems.NotFound("No view has this number.", "view_not_found");

    private static ApiView ToApi(SavedView view) => new(view.Id, view.Page, view.Name, view.Query, view.Who, view.Created.ToString(), view.Updated.ToString());
}
