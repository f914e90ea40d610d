using Callwatch.Query;
using Callwatch.Spans;
using Xunit;

namespace Callwatch.Tests.Query;

public sealed class StatsQueriesTests(CallQueriesTests.World world) : IClassFixture<CallQueriesTests.World>
{
    private static readonly string[] Groups = ["app", "model", "provider", "kind", "operation", "outcome", "env"];
    private static readonly string[] RowGroups = ["user", "session", "tag", "metadata.plan", "http_status", "request_model", "finish", "streaming", "error_type", "call_source", "fingerprint", "name", "prompt", "prompt_version", "release", "asked_model"];

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
            var answer = FigureCheck.Found(await world.Query.Stats.FiguresAsync(question, TestContext.Current.CancellationToken));
            if (answer.Source == AnswerSource.Rollups) rollups++;

            var calls = all.Where(RandomQuestions.Test(selection, world.Query.Apps.NameOf)).ToList();
            var timedAll = by.Contains("outcome") || selection.Filter?.Contains("outcome:", StringComparison.Ordinal) == true;
            var expected = calls.SelectMany(call => FigureCheck.Keys(world.Query, call, by).Select(key => (key, call))).ToLookup(pair => string.Join('|', pair.key), pair => pair.call);
            Assert.Equal(by.Length == 0 ? [""] : expected.Select(group => group.Key).Order(StringComparer.Ordinal), answer.Groups.Select(group => FigureCheck.KeyOf(group, by)).Order(StringComparer.Ordinal));
            Assert.False(answer.Truncated);
            foreach (var group in answer.Groups)
            {
                List<Span> own = [.. expected[FigureCheck.KeyOf(group, by)]];
                FigureCheck.AssertFigures(own, group.Total, timedAll, $"seed {seed} {selection.Filter} by {string.Join(',', by)}");
                for (var i = 0; i < group.Points.Count; i++)
                {
                    var (from, to) = (group.Points[i].Time, i + 1 < group.Points.Count ? group.Points[i + 1].Time : selection.To);
                    FigureCheck.AssertFigures([.. own.Where(call => call.End >= from && call.End < to)], group.Points[i].Figures, timedAll, $"seed {seed} bucket {from}");
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
        var all = FigureCheck.Found(await world.Query.Stats.FiguresAsync(new StatsQuestion { Selection = selection, By = ["model"], Step = Step.Day }, TestContext.Current.CancellationToken));
        var two = FigureCheck.Found(await world.Query.Stats.FiguresAsync(new StatsQuestion { Selection = selection, By = ["model"], Step = Step.Day, MaxGroups = 2 }, TestContext.Current.CancellationToken));

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
            var few = FigureCheck.Found(await tight.Stats.FiguresAsync(new StatsQuestion { Selection = selection, By = [by, "model"], MaxGroups = 2, Step = Step.Day }, TestContext.Current.CancellationToken));
            var expected = tight.AllCalls().GroupBy(call => string.Join('|', FigureCheck.Keys(tight, call, [by, "model"]).First())).OrderByDescending(group => group.Count()).Select(group => (long)group.Count()).Take(2);
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
        var group = Assert.Single(FigureCheck.Found(await world.Query.Stats.FiguresAsync(question, TestContext.Current.CancellationToken)).Groups);
        return [.. group.Points.Select(point => point.Time.ToString())];
    }
}
