using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store.Rollups;
using Xunit;

namespace Callwatch.Tests.Query;

/// <summary>Figures as they follow from the calls alone.</summary>
internal static class FigureCheck
{
    public static IEnumerable<string[]> Keys(QueryWorld world, Span call, string[] by)
    {
        IEnumerable<string[]> keys = [[]];
        foreach (var name in by) keys = keys.SelectMany(key => Values(world, call, name), (key, value) => (string[])[.. key, value ?? "(none)"]);
        return keys;
    }

    private static IEnumerable<string?> Values(QueryWorld world, Span call, string name) => name == "tag" && call.Tags.Count > 0 ? call.Tags.Distinct<string?>() : [Value(world, call, name)];

    private static string? Value(QueryWorld world, Span call, string name) => name switch
    {
        "app" => world.Apps.NameOf(call.AppId),
        "model" => call.Call!.Model,
        "provider" => call.Call!.Provider,
        "kind" => call.Kind.Word(),
        "operation" => call.Call!.Operation,
        "outcome" => call.Outcome.Word(),
        "env" => call.Environment,
        "user" => call.UserId,
        "session" => call.SessionId,
        "tag" => null,
        "metadata.plan" => call.Metadata.GetValueOrDefault("plan"),
        "http_status" => call.HttpStatus?.ToString(),
        "request_model" => call.Call!.RequestModel,
        "finish" => call.Call!.FinishReasons.Count == 0 ? null : call.Call.FinishReasons[0],
        "streaming" => call.Call!.Streaming is { } streaming ? streaming ? "true" : "false" : null,
        "error_type" => call.Error?.Type,
        "call_source" => call.Call!.Source.Word(),
        "fingerprint" => call.Error is { } error ? ErrorFingerprint.Text(ErrorFingerprint.Of(error).Value) : null,
        "name" => call.Name,
        "asked_model" => call.Call!.RequestModel ?? call.Call.Model,
        "release" => call.Release,
        "prompt" => call.Call!.PromptName,
        "prompt_version" => call.Call!.PromptVersion,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    public static string KeyOf(StatsGroup group, string[] by) => string.Join('|', by.Select(name => group.Key[name] ?? "(none)"));

    public static void AssertFigures(List<Span> calls, Figures figures, bool timedAll, string what, bool people = true)
    {
        Assert.True(calls.Count == figures.Calls, $"{what}: {calls.Count} calls, told {figures.Calls}");
        Assert.Equal(calls.Count(call => call.Outcome == Outcome.Success), figures.Success);
        Assert.Equal(calls.Count(call => call.Outcome == Outcome.Error), figures.Errors);
        Assert.Equal(calls.Count(call => call.Outcome == Outcome.Cancelled), figures.Cancelled);
        Assert.Equal(calls.Sum(call => call.Call!.Usage.Input ?? 0), figures.InputTokens);
        Assert.Equal(calls.Sum(call => call.Call!.Usage.Output ?? 0), figures.OutputTokens);
        Assert.Equal(calls.Sum(call => call.Call!.Usage.Total ?? 0), figures.TotalTokens);
        Assert.Equal(calls.Sum(call => call.Call!.Usage.CacheRead ?? 0), figures.CacheReadTokens);
        Assert.Equal(calls.Sum(call => call.Call!.Cost.TotalUsd ?? 0), figures.CostUsd);
        Assert.Equal(calls.Sum(call => call.Call!.Cost.InputUsd ?? 0), figures.Cost.InputUsd);
        Assert.Equal(calls.Sum(call => call.Call!.Cost.OutputUsd ?? 0), figures.Cost.OutputUsd);
        Assert.Equal(calls.Sum(call => call.Call!.Usage.CacheWrite ?? 0), figures.CacheWriteTokens);
        Assert.Equal(calls.Sum(call => call.Call!.Usage.Reasoning ?? 0), figures.ReasoningTokens);
        Assert.Equal(calls.Sum(call => call.Call!.Cost.CacheReadUsd ?? 0), figures.Cost.CacheReadUsd);
        Assert.Equal(calls.Sum(call => call.Call!.Cost.CacheWriteUsd ?? 0), figures.Cost.CacheWriteUsd);
        Assert.Equal(calls.Sum(call => call.Call!.Cost.ReasoningUsd ?? 0), figures.Cost.ReasoningUsd);
        Assert.Equal(calls.Sum(call => call.Call!.Cost.OtherUsd ?? 0), figures.Cost.OtherUsd);
        Assert.Equal(calls.Count(CallFigures.IsUnpriced), figures.UnpricedCalls);
        Assert.Equal(calls.Count(call => call.Call!.Feedback == Liking.Positive), figures.FeedbackPositive);
        Assert.Equal(calls.Count(call => call.Call!.Feedback == Liking.Negative), figures.FeedbackNegative);
        var (success, errors) = (calls.Count(call => call.Outcome == Outcome.Success), calls.Count(call => call.Outcome == Outcome.Error));
        Assert.Equal(success + errors == 0 ? null : (double)success / (success + errors), figures.SuccessRate);
        if (people || figures.Users is not null) AssertPeople(calls, figures);
        var timed = calls.Where(call => timedAll || call.Outcome == Outcome.Success).ToList();
        AssertDistribution([.. timed.Select(call => call.DurationNanoseconds).OfType<long>()], figures.LatencyMs);
        AssertDistribution([.. timed.Select(call => call.Call!.TtftNanoseconds).OfType<long>()], figures.TtftMs);
        var spoken = timed.Where(call => CallFigures.Generation(call) is not null).ToList();
        if (spoken.Count == 0) Assert.Null(figures.OutputTokensPerSecond);
        else Assert.Equal(spoken.Sum(call => (double)call.Call!.Usage.Output!.Value) / spoken.Sum(call => CallFigures.Generation(call)!.Value / 1_000) * 1e6, figures.OutputTokensPerSecond!.Value, 6);
    }

    private static void AssertPeople(List<Span> calls, Figures figures)
    {
        Assert.Equal(calls.Select(call => call.UserId).OfType<string>().Distinct().Count(), figures.Users);
        Assert.Equal(calls.Select(call => call.SessionId).OfType<string>().Distinct().Count(), figures.Sessions);
        Assert.Equal(figures.Sessions > 0 ? (double)calls.Count(call => call.SessionId is not null) / figures.Sessions : null, figures.CallsPerSession);
    }

    private static void AssertDistribution(List<long> nanoseconds, Distribution told)
    {
        if (nanoseconds.Count == 0)
        {
            Assert.Equal(Distribution.None, told);
            return;
        }

        nanoseconds.Sort();
        Assert.Equal(nanoseconds[^1] / 1e6, told.Max!.Value);
        Assert.Equal(nanoseconds.Average() / 1e6, told.Avg!.Value, tolerance: 0.001);
        foreach (var (share, value) in ((double, double?)[])[(0.5, told.P50), (0.9, told.P90), (0.95, told.P95), (0.99, told.P99)])
        {
            var exact = nanoseconds[Math.Max(0, (int)Math.Ceiling(share * nanoseconds.Count) - 1)] / 1e6;
            Assert.InRange(value!.Value, exact * 0.9899, exact * 1.0101);
        }
    }

    public static StatsAnswer Found(Answer<StatsAnswer> answer) => answer switch
    {
        Answer<StatsAnswer>.Found found => found.Value,
        Answer<StatsAnswer>.Invalid invalid => throw new InvalidOperationException($"{invalid.Field}: {invalid.Message}"),
        _ => throw new InvalidOperationException(answer.ToString()),
    };
}
