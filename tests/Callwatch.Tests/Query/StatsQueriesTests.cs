using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store.Rollups;
using Xunit;

namespace Callwatch.Tests.Query;

public sealed class StatsQueriesTests(CallQueriesTests.World world) : IClassFixture<CallQueriesTests.World>
{
    private static readonly string[] Groups = ["app", "model", "provider", "kind", "operation", "outcome", "env"];
    private static readonly string[] RowGroups = ["user", "session", "tag", "metadata.plan", "http_status", "request_model", "finish", "streaming", "error_type", "call_source", "fingerprint", "name", "prompt"];

    [Fact]
    public async Task Figures_are_those_of_the_calls_listed_for_the_same_range()
    {
        var all = world.Query.AllCalls();
        var rollups = 0;
        for (var seed = 0; seed < 200; seed++)
        {
            var questions = new RandomQuestions(seed);
            var selection = questions.Selection(rollupsOnly: questions.Random.Next(2) == 0, scope: questions.Random.Next(6) == 0 ? world.Query.OnlyApp(1) : null);
            string[] by = [.. Enumerable.Range(0, questions.Random.Next(3)).Select(_ => questions.Pick(questions.Random.Next(3) == 0 ? RowGroups : Groups)).Distinct()];
            var zone = questions.Pick<string?>(null, "Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe");
            var question = new StatsQuestion { Selection = selection, By = by, TimeZone = zone, Step = questions.Pick(Step.Auto, Step.Day, Step.Hour), MaxGroups = 10_000 };
            var answer = Found(await world.Query.Stats.FiguresAsync(question, TestContext.Current.CancellationToken));
            if (answer.Source == AnswerSource.Rollups) rollups++;

            var calls = all.Where(RandomQuestions.Test(selection, world.Query.Apps.NameOf)).ToList();
            var timedAll = by.Contains("outcome") || selection.Filter?.Contains("outcome:", StringComparison.Ordinal) == true;
            var expected = calls.SelectMany(call => Keys(call, by).Select(key => (key, call))).ToLookup(pair => string.Join('|', pair.key), pair => pair.call);
            Assert.Equal(by.Length == 0 ? [""] : expected.Select(group => group.Key).Order(StringComparer.Ordinal), answer.Groups.Select(group => KeyOf(group, by)).Order(StringComparer.Ordinal));
            Assert.False(answer.Truncated);
            foreach (var group in answer.Groups)
            {
                List<Span> own = [.. expected[KeyOf(group, by)]];
                AssertFigures(own, group.Total, timedAll, $"seed {seed} {selection.Filter} by {string.Join(',', by)}");
                for (var i = 0; i < group.Points.Count; i++)
                {
                    var (from, to) = (group.Points[i].Time, i + 1 < group.Points.Count ? group.Points[i + 1].Time : selection.To);
                    AssertFigures([.. own.Where(call => call.End >= from && call.End < to)], group.Points[i].Figures, timedAll, $"seed {seed} bucket {from}");
                }
            }
        }

        Assert.InRange(rollups, 30, 170);
    }

    [Fact]
    public async Task Every_bucket_is_there_and_days_have_as_many_hours_as_the_zone_gives_them()
    {
        // Clocks in Berlin went back on 2026-10-25 at 03:00 and forward on 2026-03-29 at 02:00.
        var autumn = await Days("2026-10-24T22:00:00Z", "2026-10-26T23:00:00Z", "Europe/Berlin");
        Assert.Equal(["2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"], autumn);
        var spring = await Days("2026-03-28T23:00:00Z", "2026-03-30T22:00:00Z", "Europe/Berlin");
        Assert.Equal(["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"], spring);
        var hours = await Buckets("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "Europe/Berlin", Step.Hour);
        Assert.Equal(25, hours.Count);
        var nepal = await Buckets("2026-09-17T00:00:00Z", "2026-09-17T02:00:00Z", "Asia/Kathmandu", Step.Hour);
        Assert.Equal(["2026-09-16T23:15:00Z", "2026-09-17T00:15:00Z", "2026-09-17T01:15:00Z"], nepal);
        var minutes = await Buckets("2026-09-17T00:00:30Z", "2026-09-17T00:03:00Z", null, Step.Minute);
        Assert.Equal(["2026-09-17T00:00:00Z", "2026-09-17T00:01:00Z", "2026-09-17T00:02:00Z"], minutes);
    }

    [Fact]
    public async Task More_groups_than_asked_for_leave_the_greatest_and_say_so()
    {
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        var all = Found(await world.Query.Stats.FiguresAsync(new StatsQuestion { Selection = selection, By = ["model"], Step = Step.Day }, TestContext.Current.CancellationToken));
        var two = Found(await world.Query.Stats.FiguresAsync(new StatsQuestion { Selection = selection, By = ["model"], Step = Step.Day, MaxGroups = 2 }, TestContext.Current.CancellationToken));

        Assert.False(all.Truncated);
        Assert.True(two.Truncated);
        Assert.Equal(all.Groups.Take(2).Select(group => group.Key["model"]), two.Groups.Select(group => group.Key["model"]));
        Assert.Equal(all.Groups[0].Total.Calls, two.Groups[0].Total.Calls);
    }

    [Fact]
    public async Task Groups_past_what_memory_holds_are_found_by_counting_first()
    {
        using var tight = new QueryWorld(seed: 3, chunks: 3, options: new QueryOptions { MaxGroups = 3 });
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        foreach (var by in (string[])["name", "operation", "session"])
        {
            var few = Found(await tight.Stats.FiguresAsync(new StatsQuestion { Selection = selection, By = [by, "model"], MaxGroups = 2, Step = Step.Day }, TestContext.Current.CancellationToken));
            var expected = tight.AllCalls().GroupBy(call => string.Join('|', Keys(call, [by, "model"]).First())).OrderByDescending(group => group.Count()).Select(group => (long)group.Count()).Take(2);
            Assert.Equal(expected, few.Groups.Select(group => group.Total.Calls));
            Assert.True(few.Truncated);
        }
    }

    [Theory]
    [InlineData("tz", "Mars/Phobos", null, "auto")]
    [InlineData("by", null, "colour", "auto")]
    [InlineData("by", null, "latency", "auto")]
    [InlineData("step", null, null, "minute")]
    public async Task A_wrong_question_names_the_field(string field, string? zone, string? by, string step)
    {
        var question = new StatsQuestion
        {
            Selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To },
            TimeZone = zone,
            By = by is null ? [] : [by],
            Step = step == "minute" ? Step.Minute : Step.Auto,
        };
        Assert.Equal(field, Assert.IsType<Answer<StatsAnswer>.Invalid>(await world.Query.Stats.FiguresAsync(question, TestContext.Current.CancellationToken)).Field);
    }

    private Task<IReadOnlyList<string>> Days(string from, string to, string zone) => Buckets(from, to, zone, Step.Day);

    private async Task<IReadOnlyList<string>> Buckets(string from, string to, string? zone, Step step)
    {
        Assert.True(Timestamp.TryParse(from, out var first) & Timestamp.TryParse(to, out var last));
        var question = new StatsQuestion { Selection = new Selection { Scope = QueryWorld.Tenant, From = first, To = last }, TimeZone = zone, Step = step };
        var group = Assert.Single(Found(await world.Query.Stats.FiguresAsync(question, TestContext.Current.CancellationToken)).Groups);
        return [.. group.Points.Select(point => point.Time.ToString())];
    }

    private IEnumerable<string[]> Keys(Span call, string[] by)
    {
        IEnumerable<string[]> keys = [[]];
        foreach (var name in by) keys = keys.SelectMany(key => Values(call, name), (key, value) => (string[])[.. key, value ?? "(none)"]);
        return keys;
    }

    private IEnumerable<string?> Values(Span call, string name) => name == "tag" && call.Tags.Count > 0 ? call.Tags.Distinct<string?>() : [Value(call, name)];

    private string? Value(Span call, string name) => name switch
    {
        "app" => world.Query.Apps.NameOf(call.AppId),
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
        "prompt" => call.Call!.PromptName,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    private static string KeyOf(StatsGroup group, string[] by) => string.Join('|', by.Select(name => group.Key[name] ?? "(none)"));

    private static void AssertFigures(List<Span> calls, Figures figures, bool timedAll, string what)
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
        Assert.Equal(calls.Count(CallFigures.IsUnpriced), figures.UnpricedCalls);
        Assert.Equal(calls.Select(call => call.UserId).OfType<string>().Distinct().Count(), figures.Users);
        Assert.Equal(calls.Select(call => call.SessionId).OfType<string>().Distinct().Count(), figures.Sessions);
        Assert.Equal(figures.Sessions > 0 ? (double)calls.Count(call => call.SessionId is not null) / figures.Sessions : null, figures.CallsPerSession);
        var timed = calls.Where(call => timedAll || call.Outcome == Outcome.Success).ToList();
        AssertDistribution([.. timed.Select(call => call.DurationNanoseconds).OfType<long>()], figures.LatencyMs);
        AssertDistribution([.. timed.Select(call => call.Call!.TtftNanoseconds).OfType<long>()], figures.TtftMs);
        var spoken = timed.Where(call => CallFigures.Generation(call) is not null).ToList();
        if (spoken.Count == 0) Assert.Null(figures.OutputTokensPerSecond);
        else Assert.Equal(spoken.Sum(call => (double)call.Call!.Usage.Output!.Value) / spoken.Sum(call => CallFigures.Generation(call)!.Value / 1_000) * 1e6, figures.OutputTokensPerSecond!.Value, 6);
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

    private static StatsAnswer Found(Answer<StatsAnswer> answer) => answer switch
    {
        Answer<StatsAnswer>.Found found => found.Value,
        Answer<StatsAnswer>.Invalid invalid => throw new InvalidOperationException($"{invalid.Field}: {invalid.Message}"),
        _ => throw new InvalidOperationException(answer.ToString()),
    };
}
