using System.Globalization;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Forward.Desk;
using Callwatch.Forward.Lanes;
using Callwatch.Server.Access;
using Callwatch.Spans;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints.Destinations;

/// <summary>Sends again what was received in a range, beside what comes. Replays are of the whole tenant: a key of one app neither begins nor sees them.</summary>
internal static class ReplayEndpoints
{
    // Each reads the journal on its own; more of them would not be done sooner.
    private const int MostAtOnce = 4;

    public static void MapReplays(this RouteGroupBuilder destinations)
    {
        destinations.MapPost("/{id:int}/replay", BeginAsync).RequireScope(KeyScopes.Admin).WithName("ReplayDestination")
            .WithSummary("Begins to send again what was received in a range; what comes meanwhile goes on being sent.")
            .Accepts<ApiReplayWish>("application/json").Produces<ApiReplay>(StatusCodes.Status202Accepted).ProducesProblem(404).ProducesProblem(409).ProducesProblem(422);
        destinations.MapGet("/{id:int}/replays", List).RequireScope(KeyScopes.Read).WithName("ListReplays").WithSummary("The replays of a destination, newest first.")
            .Produces<ApiList<ApiReplay>>().ProducesProblem(404).ProducesProblem(422);
        destinations.MapGet("/{id:int}/replays/{replay:int}", Get).RequireScope(KeyScopes.Read).WithName("GetReplay").WithSummary("How far a replay is.")
            .Produces<ApiReplay>().ProducesProblem(404);
        destinations.MapDelete("/{id:int}/replays/{replay:int}", End).RequireScope(KeyScopes.Admin).WithName("EndReplay").WithSummary("Ends a replay before it is done.")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> BeginAsync(HttpContext http, int id, IDestinationDesk desk, ILanes lanes, TimeProvider time)
    {
        if (desk.Find(http.Caller().TenantId, id) is not { } view) return DestinationEndpoints.Missing();
        var (wish, problem) = await JsonBody.ReadAsync(http, ApiJson.Default.ApiReplayWish);
        if (wish is null) return problem!;
        var now = Timestamp.From(time.GetUtcNow());
        if (string.IsNullOrEmpty(wish.From) || !SelectionParameters.TryTime(wish.From, now, out var from)) return SelectionParameters.BadTime("from");
        if (!SelectionParameters.TryTime(wish.To, now, out var to)) return SelectionParameters.BadTime("to");
        if (to <= from) return Problems.Unprocessable("to", "'to' lies after 'from'.");
        if (wish.ConfirmDuplicates != true && !desk.Kinds.First(kind => kind.Name == view.Kind).Deduplicates)
            return Problems.Conflict("The platform keeps twice what it is sent twice. Send \"confirm_duplicates\": true if that is what you want.", "duplicates_not_confirmed");
        if (lanes.Replays(id).Count(replay => replay.Ended is null) >= MostAtOnce)
            return Problems.Conflict(string.Create(CultureInfo.InvariantCulture, $"{MostAtOnce} replays of this destination are under way."), "too_many_replays");
        var begun = lanes.Replay(id, from, to);
        http.Response.Headers.Location = string.Create(CultureInfo.InvariantCulture, $"{http.Request.PathBase}/api/v1/destinations/{id}/replays/{begun.Id}");
        return TypedResults.Json(ToApi(begun), ApiJson.Default.ApiReplay, statusCode: StatusCodes.Status202Accepted);
    }

    private static IResult List(HttpContext http, int id, [AsParameters] PageParameters page, IDestinationDesk desk, ILanes lanes)
    {
        if (Refusal(http, id, desk) is { } refusal) return refusal;
        var (limit, before, problem) = page.Read();
        if (problem is not null) return problem;
        var replays = lanes.Replays(id).Where(replay => replay.Id < (before ?? long.MaxValue)).OrderByDescending(replay => replay.Id).Take(limit + 1).ToList();
        return TypedResults.Json(
            new ApiList<ApiReplay>
            {
                Items = [.. replays.Take(limit).Select(ToApi)],
                Next = replays.Count > limit ? replays[limit - 1].Id.ToString(CultureInfo.InvariantCulture) : null,
            },
            ApiJson.Default.ApiListApiReplay);
    }

    private static IResult Get(HttpContext http, int id, int replay, IDestinationDesk desk, ILanes lanes)
    {
        if (Refusal(http, id, desk) is { } refusal) return refusal;
        return lanes.Replays(id).FirstOrDefault(one => one.Id == replay) is { } found ? TypedResults.Json(ToApi(found), ApiJson.Default.ApiReplay) : MissingReplay();
    }

    private static IResult End(HttpContext http, int id, int replay, IDestinationDesk desk, ILanes lanes)
    {
        if (desk.Find(http.Caller().TenantId, id) is null) return DestinationEndpoints.Missing();
        if (lanes.EndReplay(id, replay)) return TypedResults.NoContent();
        return lanes.Replays(id).Any(one => one.Id == replay) ? Problems.Conflict("The replay has ended already.", "replay_ended") : MissingReplay();
    }

    /// <summary>Why this caller does not see what goes on between a destination and its platform; null when it does.</summary>
    internal static ProblemHttpResult? Refusal(HttpContext http, int id, IDestinationDesk desk)
    {
        var caller = http.Caller();
        if (desk.Find(caller.TenantId, id) is null) return DestinationEndpoints.Missing();
        return caller.AppId is null ? null : Problems.Forbidden("This shows traces of all apps: it needs a key of the whole tenant.");
    }

    private static ProblemHttpResult MissingReplay() => Problems.NotFound("No replay of this destination has this number.", "replay_not_found");

    private static ApiReplay ToApi(ReplayStatus replay) => new()
    {
        Id = replay.Id,
        State = replay.Ended is null ? "running" : replay.Position >= replay.Until ? "done" : "ended",
        From = replay.From.ToString(),
        To = replay.To.ToString(),
        Position = replay.Position,
        Until = replay.Until,
        Sent = replay.Sent,
        Refused = replay.Refused,
        Expired = replay.Expired,
        CreatedAt = replay.Created.ToString(),
        EndedAt = replay.Ended?.ToString(),
    };
}
