using System.Globalization;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Forward.Desk;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints.Destinations;

/// <summary>The platforms a tenant's traces are sent on to. Secrets come in and never go out; only the checks ask a platform anything.</summary>
internal static class DestinationEndpoints
{
    private const string Root = "/api/v1/destinations";

    public static void MapDestinations(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/destination-kinds", Kinds).RequireScope(KeyScopes.Read).WithTags("Destinations").WithName("ListDestinationKinds")
            .WithSummary("The kinds of platforms, each with the fields of its config.").Produces<ApiList<ApiDestinationKind>>();
        var destinations = routes.MapGroup(Root).WithTags("Destinations");
        destinations.MapGet("", List).RequireScope(KeyScopes.Read).WithName("ListDestinations")
            .WithSummary("The destinations in order of making, each with how its lane is.").Produces<ApiList<ApiDestination>>().ProducesProblem(422);
        destinations.MapPost("", CreateAsync).RequireScope(KeyScopes.Admin).WithName("CreateDestination")
            .WithSummary("Makes a destination. No platform is asked anything; the check does that.")
            .Accepts<ApiDestinationWish>("application/json").Produces<ApiDestination>(StatusCodes.Status201Created).ProducesProblem(409).ProducesProblem(422).ProducesProblem(503);
        destinations.MapGet("/{id:int}", Get).RequireScope(KeyScopes.Read).WithName("GetDestination").WithSummary("One destination.").Produces<ApiDestination>().ProducesProblem(404);
        destinations.MapPut("/{id:int}", UpdateAsync).RequireScope(KeyScopes.Admin).WithName("UpdateDestination")
            .WithSummary("Changes a destination; a field left out keeps its value. With If-Match only while it has that ETag.")
            .Accepts<ApiDestinationWish>("application/json").Produces<ApiDestination>().ProducesProblem(404).ProducesProblem(412).ProducesProblem(422).ProducesProblem(503);
        destinations.MapDelete("/{id:int}", Delete).RequireScope(KeyScopes.Admin).WithName("DeleteDestination")
            .WithSummary("Removes a destination with its secrets, place, replays and dead letters.").Produces(StatusCodes.Status204NoContent).ProducesProblem(404);
        destinations.MapPost("/check", CheckNewAsync).RequireScope(KeyScopes.Admin).WithName("CheckNewDestination")
            .WithSummary("Asks the platform whether address, key and project are good, before anything is saved.")
            .Accepts<ApiDestinationWish>("application/json").Produces<ApiDestinationCheck>().ProducesProblem(422);
        destinations.MapPost("/{id:int}/check", CheckAsync).RequireScope(KeyScopes.Admin).WithName("CheckDestination")
            .WithSummary("Asks the platform whether address, key and project are good; a body brings changes that are not saved yet.")
            .Accepts<ApiDestinationWish>(isOptional: true, "application/json").Produces<ApiDestinationCheck>().ProducesProblem(404).ProducesProblem(422);
        destinations.MapLanes();
        destinations.MapReplays();
        destinations.MapDeadLetters();
    }

    private static JsonHttpResult<ApiList<ApiDestinationKind>> Kinds(IDestinationDesk desk) =>
        TypedResults.Json(new ApiList<ApiDestinationKind> { Items = [.. desk.Kinds.Select(kind => kind.ToApi())] }, ApiJson.Default.ApiListApiDestinationKind);

    private static IResult List(HttpContext http, [AsParameters] PageParameters page, DestinationSight sight)
    {
        var (limit, after, problem) = page.Read();
        if (problem is not null) return problem;
        var all = sight.List(http.Caller()).Where(view => view.Id > (after ?? 0)).Take(limit + 1).ToList();
        return TypedResults.Json(
            new ApiList<ApiDestination>
            {
                Items = [.. all.Take(limit).Select(view => sight.Show(view, http.Caller(), []))],
                Next = all.Count > limit ? all[limit - 1].Id.ToString(CultureInfo.InvariantCulture) : null,
            },
            ApiJson.Default.ApiListApiDestination);
    }

    private static IResult Get(HttpContext http, int id, DestinationSight sight) =>
        sight.Find(http.Caller(), id) is { } view ? Answer(http, view, [], sight) : Missing();

    private static async Task<IResult> CreateAsync(HttpContext http, IDestinationDesk desk, DestinationSight sight)
    {
        var (wish, problem) = await DestinationBody.ReadAsync(http);
        if (wish is null) return problem!;
        var caller = http.Caller();
        var answer = await desk.CreateAsync(caller.TenantId, wish, caller.Who, http.RequestAborted);
        return answer is DestinationAnswer.Done done ? Created(http, done, sight) : Refusal(answer);
    }

    private static async Task<IResult> UpdateAsync(HttpContext http, int id, IDestinationDesk desk, DestinationSight sight)
    {
        var (wish, problem) = await DestinationBody.ReadAsync(http);
        if (wish is null) return problem!;
        var caller = http.Caller();
        if (http.Request.Headers.IfMatch.ToString() is { Length: > 0 } match && match != "*")
        {
            // What is no tag of ours matches nothing that ever was.
            wish = wish with { Revision = long.TryParse(match.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : -1 };
        }

        var answer = await desk.UpdateAsync(caller.TenantId, id, wish, caller.Who, http.RequestAborted);
        return answer is DestinationAnswer.Done done ? Answer(http, done.Destination, done.Warnings, sight) : Refusal(answer);
    }

    private static IResult Delete(HttpContext http, int id, IDestinationDesk desk) =>
        desk.Delete(http.Caller().TenantId, id, http.Caller().Who) ? TypedResults.NoContent() : Missing();

    private static async Task<IResult> CheckNewAsync(HttpContext http, IDestinationDesk desk, TimeProvider time)
    {
        var (wish, problem) = await DestinationBody.ReadAsync(http);
        if (wish is null) return problem!;

        // Only what the platform sees has to be there to ask it.
        wish = wish with { Name = wish.Name ?? wish.Kind };
        var started = time.GetTimestamp();
        return Checked(await desk.CheckAsync(http.Caller().TenantId, wish, http.RequestAborted), time.GetElapsedTime(started));
    }

    private static async Task<IResult> CheckAsync(HttpContext http, int id, IDestinationDesk desk, TimeProvider time)
    {
        DestinationWish? changes = null;
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
        {
            (changes, var problem) = await DestinationBody.ReadAsync(http);
            if (changes is null) return problem!;
        }

        var started = time.GetTimestamp();
        return Checked(await desk.CheckAsync(http.Caller().TenantId, id, changes, http.RequestAborted), time.GetElapsedTime(started));
    }

    private static IResult Checked(CheckAnswer answer, TimeSpan took) => answer switch
    {
        CheckAnswer.Checked { Result: var result } => TypedResults.Json(
            new ApiDestinationCheck(result.Ok, result.Detail, result.ProjectUrl, Math.Round((result.Latency ?? took).TotalMilliseconds, 1)), ApiJson.Default.ApiDestinationCheck),
        CheckAnswer.Refused refused => Problems.Unprocessable(refused.Field, refused.Message),
        _ => Missing(),
    };

    /// <summary>Also for what belongs to another tenant.</summary>
    internal static ProblemHttpResult Missing() => Problems.NotFound("No destination has this number.", "destination_not_found");

    private static IResult Refusal(DestinationAnswer answer) => answer switch
    {
        DestinationAnswer.DiskFull => Problems.DiskFull(),
        DestinationAnswer.Refused refused => Problems.Unprocessable(refused.Field, refused.Message),
        DestinationAnswer.Outdated outdated => Problems.Of(
            StatusCodes.Status412PreconditionFailed, "outdated", string.Create(CultureInfo.InvariantCulture, $"Somebody has changed the destination meanwhile; it is at revision {outdated.Revision} now.")),
        DestinationAnswer.Full full => Problems.Conflict(string.Create(CultureInfo.InvariantCulture, $"A tenant has at most {full.Most} destinations."), "too_many_destinations"),
        _ => Missing(),
    };

    private static JsonHttpResult<ApiDestination> Created(HttpContext http, DestinationAnswer.Done done, DestinationSight sight)
    {
        http.Response.Headers.Location = string.Create(CultureInfo.InvariantCulture, $"{http.Request.PathBase}{Root}/{done.Destination.Id}");
        return Answer(http, done.Destination, done.Warnings, sight, StatusCodes.Status201Created);
    }

    private static JsonHttpResult<ApiDestination> Answer(HttpContext http, DestinationView view, IReadOnlyList<string> warnings, DestinationSight sight, int status = StatusCodes.Status200OK)
    {
        http.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{view.Revision}\"");
        return TypedResults.Json(sight.Show(view, http.Caller(), warnings), ApiJson.Default.ApiDestination, statusCode: status);
    }
}
