using System.Globalization;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Server.Access;
using Callwatch.Spans;
using Callwatch.Store.Reindexing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Endpoints;

/// <summary>Rebuilding whole days from the journal. The store is the instance's, so only its operator has it rebuilt.</summary>
internal static class ReindexEndpoints
{
    public static void MapReindex(this IEndpointRouteBuilder routes)
    {
        var reindex = routes.MapGroup("/api/v1/reindex").WithTags("Store").RequireScope(KeyScopes.Operator);
        reindex.MapGet("", Get).WithName("GetReindex").WithSummary("The rebuilding under way or the last, and the days that would gain by one.").Produces<ApiReindex>();
        reindex.MapPost("", StartAsync).WithName("Reindex").WithSummary("Rebuilds whole UTC days beside what stands and compares; with apply puts them in its place.")
            .Accepts<ApiReindexWish>("application/json").Produces<ApiReindex>(StatusCodes.Status202Accepted).ProducesProblem(409).ProducesProblem(422);
        reindex.MapDelete("", CancelAsync).WithName("CancelReindex").WithSummary("Stops it; what stood before stands.").Produces<ApiReindex>().ProducesProblem(404);
    }

    private static JsonHttpResult<ApiReindex> Get(Reindexer reindexer) => Answer(reindexer, StatusCodes.Status200OK);

    private static async Task<IResult> StartAsync(HttpContext http, Reindexer reindexer)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, ApiJson.Default.ApiReindexWish);
        if (body is null) return problem!;
        if (!TryDay(body.From, out var from)) return BadDay("from");
        if (!TryDay(body.To, out var to)) return BadDay("to");
        if (to <= from) return Problems.Unprocessable("to", "'to' is the day after the last, so it lies after 'from'.");
        return reindexer.Start(new ReindexWish(from, to, body.Apply == true)).Busy is { } busy ? Problems.Conflict(busy, "busy") : Answer(reindexer, StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> CancelAsync(Reindexer reindexer) =>
        await reindexer.CancelAsync() ? Answer(reindexer, StatusCodes.Status200OK) : Problems.NotFound("Nothing is being rebuilt.");

    private static JsonHttpResult<ApiReindex> Answer(Reindexer reindexer, int status) => TypedResults.Json(reindexer.Status().ToApi(), ApiJson.Default.ApiReindex, statusCode: status);

    // A time is taken where it is the beginning of a day: only whole days can be rebuilt.
    private static bool TryDay(string? text, out DateOnly day)
    {
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day)) return true;
        if (text is null || !Timestamp.TryParse(text, out var time) || time.UnixNanoseconds % (86_400 * Timestamp.NanosecondsPerSecond) != 0) return false;
        day = DateOnly.FromDateTime(time.ToDateTimeOffset().UtcDateTime);
        return true;
    }

    private static ProblemHttpResult BadDay(string field) => Problems.Unprocessable(field, $"'{field}' is a UTC day (2026-09-17): only whole days can be rebuilt.");
}

internal static class ReindexInApi
{
    public static ApiReindex ToApi(this ReindexStatus status) => new()
    {
        Job = status.Job is { } job ? ToApi(job) : null,
        OutdatedDays = [.. status.Outdated.Select(Text)],
        DamagedDays = [.. status.Damaged.Select(Text)],
    };

    private static ApiReindexJob ToApi(ReindexJob job) => new()
    {
        Id = job.Id,
        State = Word(job.State),
        Phase = job.Phase,
        Apply = job.Wish.Apply,
        From = Text(job.Wish.From),
        To = Text(job.Wish.To),
        Read = job.Read,
        ToRead = job.ToRead,
        StartedAt = job.StartedAt.ToString(),
        EndedAt = job.EndedAt?.ToString(),
        Reason = job.Reason,
        Days = [.. job.Days.Select(day => new ApiReindexDay(Text(day.Day), Word(day.State), day.Reason, ToApi(day.Before), ToApi(day.After), day.OnlyBefore, day.OnlyAfter))],
    };

    private static ApiDayFigures? ToApi(DayFigures? figures) => figures is null ? null : new ApiDayFigures(
        figures.Spans, figures.Calls, figures.Traces, figures.Errors, figures.InputTokens, figures.OutputTokens, figures.TotalTokens, figures.CostUsd, figures.UnpricedCalls);

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Word<T>(T state)
        where T : struct, Enum => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());
}
