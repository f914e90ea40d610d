using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Forward.Desk;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints.Destinations;

/// <summary>How a destination's lane is, and stopping and starting it.</summary>
internal static class LaneEndpoints
{
    public static void MapLanes(this RouteGroupBuilder destinations)
    {
        destinations.MapGet("/{id:int}/status", Status).RequireScope(KeyScopes.Read).WithName("GetDestinationStatus")
            .WithSummary("State, backlog, counts and the last trouble of the lane.").Produces<ApiDestinationStatus>().ProducesProblem(404);
        destinations.MapPost("/{id:int}/pause", (HttpContext http, int id, IDestinationDesk desk, DestinationSight sight) => After(http, desk.Pause(http.Caller().TenantId, id, http.Caller().Who), sight))
            .RequireScope(KeyScopes.Admin).WithName("PauseDestination").WithSummary("Stops sending; what comes waits.").Produces<ApiDestinationStatus>().ProducesProblem(404);
        destinations.MapPost("/{id:int}/resume", (HttpContext http, int id, IDestinationDesk desk, DestinationSight sight) => After(http, desk.Resume(http.Caller().TenantId, id, http.Caller().Who), sight))
            .RequireScope(KeyScopes.Admin).WithName("ResumeDestination").WithSummary("Sends again; what waits for its next attempt is tried at once.").Produces<ApiDestinationStatus>().ProducesProblem(404);
    }

    private static IResult Status(HttpContext http, int id, DestinationSight sight) =>
        sight.Find(http.Caller(), id) is { } view ? Answer(http, view, sight) : DestinationEndpoints.Missing();

    private static IResult After(HttpContext http, DestinationAnswer answer, DestinationSight sight) => answer switch
    {
        DestinationAnswer.Done done => Answer(http, done.Destination, sight),
        DestinationAnswer.Refused refused => Problems.Unprocessable(refused.Field, refused.Message),
        _ => DestinationEndpoints.Missing(),
    };

    private static JsonHttpResult<ApiDestinationStatus> Answer(HttpContext http, DestinationView view, DestinationSight sight) =>
        TypedResults.Json(sight.Status(view, http.Caller()), ApiJson.Default.ApiDestinationStatus);
}
