using System.Globalization;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Forward.Desk;
using Callwatch.Forward.Lanes;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints.Destinations;

/// <summary>What a platform has refused for good: to be looked at, sent again once the cause is mended, or thrown away.</summary>
internal static class DeadLetterEndpoints
{
    private const int MostIds = 10_000;

    public static void MapDeadLetters(this RouteGroupBuilder destinations)
    {
        destinations.MapGet("/{id:int}/dead-letters", List).RequireScope(KeyScopes.Read).WithName("ListDeadLetters").WithSummary("What the platform has refused for good, newest first.")
            .Produces<ApiList<ApiDeadLetter>>().ProducesProblem(404).ProducesProblem(422);
        destinations.MapPost("/{id:int}/dead-letters/retry", RetryAsync).RequireScope(KeyScopes.Admin).WithName("RetryDeadLetters").WithSummary("Sends dead letters again: those named, or all.")
            .Accepts<ApiLetterChoice>("application/json").Produces<ApiLetterCount>().ProducesProblem(404).ProducesProblem(422);
        destinations.MapPost("/{id:int}/dead-letters/discard", DiscardAsync).RequireScope(KeyScopes.Admin).WithName("DiscardDeadLetters").WithSummary("Throws dead letters away: those named, or all.")
            .Accepts<ApiLetterChoice>("application/json").Produces<ApiLetterCount>().ProducesProblem(404).ProducesProblem(422);
    }

    private static IResult List(HttpContext http, int id, [AsParameters] PageParameters page, IDestinationDesk desk, DeadLetters letters)
    {
        if (ReplayEndpoints.Refusal(http, id, desk) is { } refusal) return refusal;
        var (limit, before, problem) = page.Read();
        if (problem is not null) return problem;
        var found = letters.List(id, before, limit + 1);
        return TypedResults.Json(
            new ApiList<ApiDeadLetter>
            {
                Items = [.. found.Take(limit).Select(ToApi)],
                Next = found.Count > limit ? found[limit - 1].Id.ToString(CultureInfo.InvariantCulture) : null,
            },
            ApiJson.Default.ApiListApiDeadLetter);
    }

    private static async Task<IResult> RetryAsync(HttpContext http, int id, IDestinationDesk desk, DeadLetters letters, ILanes lanes)
    {
        var (choice, problem) = await ChoiceAsync(http, id, desk);
        if (choice is null) return problem!;
        var count = letters.Retry(id, choice);
        if (count > 0) lanes.TryAtOnce(id);
        return Counted(count);
    }

    private static async Task<IResult> DiscardAsync(HttpContext http, int id, IDestinationDesk desk, DeadLetters letters)
    {
        var (choice, problem) = await ChoiceAsync(http, id, desk);
        return choice is null ? problem! : Counted(letters.Discard(id, choice));
    }

    // Numbers of other destinations' letters choose nothing, as do numbers of letters that are gone.
    private static async Task<(LetterChoice? Choice, ProblemHttpResult? Problem)> ChoiceAsync(HttpContext http, int id, IDestinationDesk desk)
    {
        if (desk.Find(http.Caller().TenantId, id) is null) return (null, DestinationEndpoints.Missing());
        var (body, problem) = await JsonBody.ReadAsync(http, ApiJson.Default.ApiLetterChoice);
        if (body is null) return (null, problem);
        if ((body.Ids is not null) == (body.All == true)) return (null, Problems.Unprocessable("ids", "Say which: \"ids\" with their numbers, or \"all\": true."));
        if (body.Ids?.Count > MostIds) return (null, Problems.Unprocessable("ids", string.Create(CultureInfo.InvariantCulture, $"At most {MostIds} at a time; there is \"all\", too.")));
        if (body.Ids is not null && (body.Status is not null || body.From is not null || body.To is not null)) return (null, Problems.Unprocessable("ids", "'status', 'from' and 'to' choose among all."));
        if (!SelectionParameters.TryTime(body.From, default, out var from)) return (null, SelectionParameters.BadTime("from"));
        if (!SelectionParameters.TryTime(body.To, default, out var to)) return (null, SelectionParameters.BadTime("to"));
        return (new LetterChoice { Ids = body.Ids, Status = body.Status, From = from.IsNone ? null : from, To = to.IsNone ? null : to }, null);
    }

    private static JsonHttpResult<ApiLetterCount> Counted(long count) => TypedResults.Json(new ApiLetterCount(count), ApiJson.Default.ApiLetterCount);

    private static ApiDeadLetter ToApi(DeadLetter letter) => new()
    {
        Id = letter.Id,
        TraceId = letter.TraceId.IsNone ? null : letter.TraceId.ToString(),
        SpanIds = [.. letter.SpanIds.Select(span => span.ToString())],
        Time = letter.Time.ToString(),
        Status = letter.Status,
        Message = letter.Message,
        Attempts = letter.Attempts,
        Retrying = letter.IsMarked,
    };
}
