using Callwatch.Client.Api;
using Callwatch.Query;

namespace Callwatch.Server.Endpoints;

/// <summary>Figures as the API's records.</summary>
internal static class FigureRecords
{
    public static ApiStats ToApi(this StatsAnswer answer)
    {
        // All groups have the same buckets; writing out a moment takes longer than anything else of a point.
        string[] times = answer.Groups.Count == 0 ? [] : [.. answer.Groups[0].Points.Select(point => point.Time.ToString())];
        return answer.ToApi(times);
    }

    private static ApiStats ToApi(this StatsAnswer answer, string[] times) => new()
    {
        Step = answer.Step.Word(),
        Source = answer.Source.Word(),
        RowsFrom = answer.RowsFrom?.ToString(),
        Truncated = answer.Truncated,
        Groups = [.. answer.Groups.Select(group => new ApiStatsGroup
        {
            Key = group.Key,
            Other = group.IsOther,
            Total = group.Total.ToApi(),
            Points = [.. group.Points.Select((point, index) => new ApiPoint(times[index], point.Figures.ToApi()))],
        })],
    };

    public static ApiFigures ToApi(this Figures figures) => new()
    {
        Calls = figures.Calls,
        Success = figures.Success,
        Errors = figures.Errors,
        Cancelled = figures.Cancelled,
        SuccessRate = figures.SuccessRate,
        LatencyMs = figures.LatencyMs.ToApi(),
        TtftMs = figures.TtftMs.ToApi(),
        OutputTokensPerS = figures.OutputTokensPerSecond,
        InputTokens = figures.InputTokens,
        OutputTokens = figures.OutputTokens,
        CacheReadTokens = figures.CacheReadTokens,
        CacheWriteTokens = figures.CacheWriteTokens,
        ReasoningTokens = figures.ReasoningTokens,
        TotalTokens = figures.TotalTokens,
        CostUsd = figures.CostUsd,
        Cost = new ApiCostByClass(
            figures.Cost.InputUsd, figures.Cost.CacheReadUsd, figures.Cost.CacheWriteUsd, figures.Cost.OutputUsd, figures.Cost.ReasoningUsd, figures.Cost.OtherUsd),
        UnpricedCalls = figures.UnpricedCalls,
        Users = figures.Users,
        Sessions = figures.Sessions,
        UsersApproximate = figures.UsersApproximate,
        SessionsApproximate = figures.SessionsApproximate,
        CallsPerSession = figures.CallsPerSession,
        Feedback = new ApiFeedback(figures.FeedbackPositive, figures.FeedbackNegative),
    };

    private static ApiDistribution ToApi(this Distribution distribution) =>
        new(distribution.Avg, distribution.P50, distribution.P90, distribution.P95, distribution.P99, distribution.Max);
}
