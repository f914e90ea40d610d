using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store.Derived;
using Callwatch.Tests.Store;
using Xunit;

namespace Callwatch.Tests.Query;

/// <summary>Figures by hours and days, by user, release, prompt and tag, say what the rows say, whatever of them has been made and whatever came after.</summary>
public sealed class LevelsTests
{
    private static readonly string[] Groups = ["app", "model", "provider", "kind", "operation", "outcome", "env", "asked_model", "user", "tag", "prompt", "prompt_version", "release"];
    private static readonly string[] Filters = ["user:anna", "user:anna,bo", "-user:bo", "tag:c", "tag:a,c", "prompt:greet", "-tag:*"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Figures_are_those_of_the_calls_however_much_of_them_stands(int seed)
    {
        using var world = new QueryWorld(seed, chunks: 5, options: new QueryOptions { MostRowsCounted = 0 });
        for (var round = 0; round < 4; round++)
        {
            // Everything stands, then late spans change some hours, then some files are made anew and others not.
            if (round != 1) new DerivationRounds(world.Store.Folder, world.Time).Finish(Cancel);
            if (round != 2) world.AddChunk(40);
            await AskAsync(world, (seed * 10) + round);
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task Asked_again_and_again_they_are_those_of_the_calls_whatever_was_written_between(int seed)
    {
        using var world = new QueryWorld(seed, chunks: 5, options: new QueryOptions { MostRowsCounted = 0 });
        for (var round = 0; round < 3; round++)
        {
            new DerivationRounds(world.Store.Folder, world.Time).Finish(Cancel);

            // The first time nothing is known, the second time it is kept, the third time nothing but that is asked.
            for (var again = 0; again < 3; again++) await AskAsync(world, seed);
            Assert.InRange(world.Store.Folder.HeldBytes, 1, 48L << 20);
            world.AddChunk(40);
            await AskAsync(world, seed);
        }
    }

    [Fact]
    public async Task Days_and_hours_of_one_zone_are_never_those_of_another_however_often_they_are_asked_for()
    {
        using var world = new QueryWorld(seed: 13, chunks: 6, options: new QueryOptions { MostRowsCounted = 0 });
        new DerivationRounds(world.Store.Folder, world.Time).Finish(Cancel);
        var all = world.AllCalls();
        var noon = RandomTraffic.Midnight.Plus(TimeSpan.FromHours(12));
        Selection[] ranges = [new() { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To }, new() { Scope = QueryWorld.Tenant, From = noon.Plus(TimeSpan.FromDays(-3)), To = noon }];
        for (var again = 0; again < 3; again++)
        {
            foreach (var selection in ranges)
                foreach (var step in (Step[])[Step.Day, Step.Hour])
                    foreach (var zone in (string?[])[null, "Europe/Berlin", "Europe/Athens", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York"])
                    {
                        var question = new StatsQuestion { Selection = selection, By = ["model"], TimeZone = zone, Step = step, MaxGroups = 10_000 };
                        Compare(world, all, question, FigureCheck.Found(await world.Stats.FiguresAsync(question, Cancel)), $"{zone} {step} time {again}");
                    }
        }
    }

    [Fact]
    public async Task A_value_past_the_bound_of_an_hour_counts_as_other_and_the_answer_says_so()
    {
        using var world = new QueryWorld(seed: 4, chunks: 0, options: new QueryOptions { MostRowsCounted = 0 });
        world.AddUsers(250);
        new DerivationRounds(world.Store.Folder, world.Time).Finish(Cancel);
        var selection = new Selection { Scope = QueryWorld.Tenant, From = RandomTraffic.Midnight, To = RandomTraffic.Midnight.Plus(TimeSpan.FromHours(2)) };
        var question = new StatsQuestion { Selection = selection, By = ["user"], Step = Step.Hour, MaxGroups = 1_000 };
        var answer = FigureCheck.Found(await world.Stats.FiguresAsync(question, Cancel));
        Assert.Equal(AnswerSource.Rollups, answer.Source);
        Assert.True(answer.Truncated);
        Assert.Equal(201, answer.Groups.Count);
        Assert.Equal(50, Assert.Single(answer.Groups, group => group.IsOther).Total.Calls);
        Assert.Equal(StatsGroup.Other, Assert.Single(answer.Groups, group => group.IsOther).Key["user"]);
        Assert.Equal(world.AllCalls().Count, answer.Groups.Sum(group => group.Total.Calls));

        // Whoever is asked for by name is found, even among the rest.
        foreach (var user in (string[])["user1", "user100", "user250"])
        {
            var one = FigureCheck.Found(await world.Stats.FiguresAsync(question with { By = [], Selection = selection with { Filter = "user:" + user } }, Cancel));
            Assert.Equal(world.AllCalls().Count(call => call.UserId == user), one.Groups[0].Total.Calls);
        }
    }

    [Fact]
    public async Task Users_and_sessions_of_more_calls_than_can_be_counted_are_estimated_and_marked()
    {
        using var world = new QueryWorld(seed: 5, chunks: 0, options: new QueryOptions { MostRowsCounted = 100 });
        for (var hour = 0; hour < 30; hour++) world.AddUsers(40, hour);
        new DerivationRounds(world.Store.Folder, world.Time).Finish(Cancel);
        var question = new StatsQuestion { Selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To }, Step = Step.Day };
        var answer = FigureCheck.Found(await world.Stats.FiguresAsync(question, Cancel));
        var total = answer.Groups[0].Total;
        Assert.True(total.UsersApproximate);
        Assert.InRange(total.Users!.Value, 38, 42);
        Assert.All(answer.Groups[0].Points.Where(point => point.Figures.Calls == 0), point => Assert.Equal((0, 0, null), (point.Figures.Users, point.Figures.Sessions, point.Figures.CallsPerSession)));
        Assert.Contains(answer.Groups[0].Points, point => point.Figures.Calls == 0);

        // Of one app and one day the number is exact.
        var apps = FigureCheck.Found(await world.Stats.FiguresAsync(question with { By = ["app"] }, Cancel));
        var day = apps.Groups[0].Points.First(point => point.Figures.Calls > 0);
        Assert.False(day.Figures.UsersApproximate);
        Assert.Equal(40, day.Figures.Users);

        // By anything else nobody knows.
        var models = FigureCheck.Found(await world.Stats.FiguresAsync(question with { By = ["model"] }, Cancel));
        Assert.Null(models.Groups[0].Total.Users);
    }

    private static async Task AskAsync(QueryWorld world, int seed)
    {
        var all = world.AllCalls();
        var rollups = 0;
        for (var ask = 0; ask < 40; ask++)
        {
            var questions = new RandomQuestions((seed * 1_000) + ask);
            var selection = questions.Selection(rollupsOnly: true, scope: questions.Random.Next(6) == 0 ? world.OnlyApp(1) : null);
            selection = questions.Random.Next(3) switch { 0 => selection, 1 => selection with { Filter = null }, _ => selection with { Filter = questions.Pick(Filters) } };
            string[] by = [.. Enumerable.Range(0, questions.Random.Next(3)).Select(_ => questions.Pick(Groups)).Distinct()];
            var zone = questions.Pick<string?>(null, null, "Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe");
            var question = new StatsQuestion { Selection = selection, By = by, TimeZone = zone, Step = questions.Pick(Step.Auto, Step.Day, Step.Hour), MaxGroups = 10_000 };
            var answer = FigureCheck.Found(await world.Stats.FiguresAsync(question, Cancel));
            if (answer.Source == AnswerSource.Rollups) rollups++;
            Compare(world, all, question, answer, $"seed {seed} ask {ask} {selection.Filter} by {string.Join(',', by)} {zone} {question.Step}");
        }

        Assert.InRange(rollups, 10, 40);
    }

    internal static void Compare(QueryWorld world, IReadOnlyList<Span> all, StatsQuestion question, StatsAnswer answer, string what)
    {
        string[] by = [.. question.By];
        var selection = question.Selection;
        var calls = all.Where(RandomQuestions.Test(selection, world.Apps.NameOf)).ToList();
        var timedAll = by.Contains("outcome") || selection.Filter?.Contains("outcome:", StringComparison.Ordinal) == true;
        var expected = calls.SelectMany(call => FigureCheck.Keys(world, call, by).Select(key => (key, call))).ToLookup(pair => string.Join('|', pair.key), pair => pair.call);
        Assert.Equal(by.Length == 0 ? [""] : expected.Select(group => group.Key).Order(StringComparer.Ordinal), answer.Groups.Select(group => FigureCheck.KeyOf(group, by)).Order(StringComparer.Ordinal));
        foreach (var group in answer.Groups)
        {
            List<Span> own = [.. expected[FigureCheck.KeyOf(group, by)]];
            FigureCheck.AssertFigures(own, group.Total, timedAll, what, people: false);
            for (var i = 0; i < group.Points.Count; i++)
            {
                var (from, to) = (group.Points[i].Time, i + 1 < group.Points.Count ? group.Points[i + 1].Time : selection.To);
                FigureCheck.AssertFigures([.. own.Where(call => call.End >= from && call.End < to)], group.Points[i].Figures, timedAll, $"{what} bucket {from}", people: false);
            }
        }
    }
}
