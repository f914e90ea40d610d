using System.ComponentModel;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Query;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>The daily figures of chats and workflows, from business traces.</summary>
internal static class ReferenceEndpoint
{
    public static void MapReference(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/figures/reference", GetAsync).RequireScope(KeyScopes.Read).WithTags("Figures").WithName("GetReferenceFigures")
            .WithSummary("Messages, conversations, active users, tokens and cost, satisfaction, response time of each day, from business traces; days without any are there.")
            .Produces<ApiReferenceFigures>().ProducesProblem(422);

    private static async Task<IResult> GetAsync(
        [AsParameters] SelectionParameters parameters, HttpContext http, ReferenceQueries queries, TimeProvider time,
        [FromQuery(Name = "tz"), Description("IANA time zone in which days begin. Default: UTC.")] string? tz, CancellationToken cancel)
    {
        var (selection, problem) = parameters.Read(http, time);
        if (selection is null) return problem!;
        var zone = string.IsNullOrEmpty(tz) ? "UTC" : tz;
        var answer = await queries.FiguresAsync(selection, zone, cancel);
        return answer is Answer<ReferenceAnswer>.Found { Value: var figures } ? TypedResults.Json(ToApi(figures, zone), ApiJson.Default.ApiReferenceFigures) : answer.Problem();
    }

    private static ApiReferenceFigures ToApi(ReferenceAnswer answer, string zone) => new()
    {
        Step = "1d",
        TimeZone = zone,
        Source = answer.Source.Word(),
        RowsFrom = answer.RowsFrom?.ToString(),
        Chat = new ApiChatFigures(Chat(answer.Chat.Total), [.. answer.Chat.Points.Select(point => new ApiChatPoint(point.Time.ToString(), Chat(point.Figures)))]),
        Workflow = new ApiWorkflowFigures(Workflow(answer.Workflow.Total), [.. answer.Workflow.Points.Select(point => new ApiWorkflowPoint(point.Time.ToString(), Workflow(point.Figures)))]),
    };

    private static ApiChatDay Chat(Figures figures) => Common(figures, new ApiChatDay
    {
        Messages = figures.Calls,
        Conversations = figures.Sessions,
        ConversationsApproximate = figures.SessionsApproximate,
        InteractionsPerSession = figures.CallsPerSession,
        Likes = figures.FeedbackPositive,
        Dislikes = figures.FeedbackNegative,
        SatisfactionRate = figures.Calls == 0 ? null : (double)figures.FeedbackPositive / figures.Calls,
    });

    private static ApiWorkflowDay Workflow(Figures figures) => Common(figures, new ApiWorkflowDay { Runs = figures.Calls, RunsPerUser = figures.CallsPerSession });

    private static T Common<T>(Figures figures, T day)
        where T : ApiRecordDay => day with
        {
            ActiveUsers = figures.Users,
            ActiveUsersApproximate = figures.UsersApproximate,
            InputTokens = figures.InputTokens,
            OutputTokens = figures.OutputTokens,
            TotalTokens = figures.TotalTokens,
            CostUsd = figures.CostUsd,
            UnpricedCalls = figures.UnpricedCalls,
            ResponseTimeMs = figures.LatencyMs.Avg,
            ResponseTimeP95Ms = figures.LatencyMs.P95,
            TokensPerSecond = figures.OutputTokensPerSecond,
            Errors = figures.Errors,
            SuccessRate = figures.SuccessRate,
        };
}
