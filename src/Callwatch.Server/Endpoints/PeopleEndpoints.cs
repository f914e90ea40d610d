using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Query;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>Sessions and users.</summary>
internal static class PeopleEndpoints
{
    public static void MapPeople(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1").WithTags("Sessions and users").RequireScope(KeyScopes.Read);
        api.MapGet("/sessions", SessionsAsync).WithName("ListSessions").WithSummary("Sessions with calls in the range, latest first.").Produces<ApiPage<ApiSession>>().ProducesProblem(422);
        api.MapGet("/users", UsersAsync).WithName("ListUsers").WithSummary("Users with calls in the range, latest first.").Produces<ApiPage<ApiUser>>().ProducesProblem(422);
    }

    private static Task<IResult> SessionsAsync([AsParameters] ListParameters parameters, HttpContext http, PeopleQueries people, TimeProvider time, CancellationToken cancel) =>
        AnswerAsync(parameters, http, time, (selection, limit) => people.SessionsAsync(selection, limit, parameters.Cursor, cancel), page => TypedResults.Json(page.ToApi(session => new ApiSession
        {
            SessionId = session.Id,
            Apps = session.Apps,
            UserId = session.UserId,
            Calls = session.Calls,
            Errors = session.Errors,
            TotalTokens = session.TotalTokens,
            CostUsd = session.CostUsd,
            FirstSeen = session.FirstSeen.ToString(),
            LastSeen = session.LastSeen.ToString(),
        }), ApiJson.Default.ApiPageApiSession));

    private static Task<IResult> UsersAsync([AsParameters] ListParameters parameters, HttpContext http, PeopleQueries people, TimeProvider time, CancellationToken cancel) =>
        AnswerAsync(parameters, http, time, (selection, limit) => people.UsersAsync(selection, limit, parameters.Cursor, cancel), page => TypedResults.Json(page.ToApi(user => new ApiUser
        {
            UserId = user.Id,
            Apps = user.Apps,
            Sessions = user.Sessions,
            Calls = user.Calls,
            Errors = user.Errors,
            TotalTokens = user.TotalTokens,
            CostUsd = user.CostUsd,
            FirstSeen = user.FirstSeen.ToString(),
            LastSeen = user.LastSeen.ToString(),
        }), ApiJson.Default.ApiPageApiUser));

    private static async Task<IResult> AnswerAsync(
        ListParameters parameters, HttpContext http, TimeProvider time, Func<Selection, int, Task<Answer<Page<PersonSummary>>>> ask, Func<Page<PersonSummary>, IResult> write)
    {
        var (selection, problem) = parameters.Read(http, time);
        if (selection is null) return problem!;
        if (!string.IsNullOrEmpty(parameters.Sort) && parameters.Sort != "-end") return Problems.Unprocessable("sort", "This list has one order: '-end'.");
        var (limit, badLimit) = ReadingParameters.ReadLimit(parameters.Limit, ListParameters.DefaultLimit, CallQueries.MaxLimit);
        if (badLimit is not null) return badLimit;
        var answer = await ask(selection, limit);
        return answer is Answer<Page<PersonSummary>>.Found { Value: var page } ? write(page) : answer.Problem();
    }
}
