using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store.Derived;
using Callwatch.Store.Rollups;
using Xunit;

namespace Callwatch.Tests.Query;

/// <summary>Failures are counted from their own index, and what was counted of days that are over is kept: always as the calls say.</summary>
public sealed class FailureCountTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Groups_of_errors_asked_again_and_again_are_those_of_the_calls_whatever_was_written_between(int seed)
    {
        using var world = new QueryWorld(seed, chunks: 2);
        for (var round = 0; round < 3; round++)
        {
            // The second time it is kept, the third time nothing but that is asked.
            for (var again = 0; again < 3; again++)
            {
                var random = new RandomQuestions(seed);
                for (var i = 0; i < 5; i++)
                {
                    var selection = i < 2 ? Everything : random.Selection();
                    var told = Assert.IsType<Answer<Page<ErrorGroup>>.Found>(await world.Errors.GroupsAsync(selection, 1_000, Cancel)).Value;
                    var expected = world.AllCalls().Where(RandomQuestions.Test(selection, world.Apps.NameOf)).Where(call => call.Outcome == Outcome.Error && call.Error is not null)
                        .GroupBy(call => (ErrorFingerprint.Text(ErrorFingerprint.Of(call.Error!).Value), call.Call!.Provider, call.Call.Model)).ToDictionary(group => group.Key, group => ((long)group.Count(), group.Max(call => call.End)));
                    Assert.Equal(expected, told.Items.ToDictionary(group => (group.Fingerprint, group.Provider, group.Model), group => (group.Count, group.LastSeen)));
                }
            }

            world.AddChunk(30);
        }
    }

    [Theory]
    [InlineData(Step.Day, true)]
    [InlineData(Step.Hour, false)]
    [InlineData(Step.QuarterHour, true)]
    public async Task Only_how_many_calls_and_users_is_told_as_if_all_figures_were_asked(Step step, bool users)
    {
        using var world = new QueryWorld(seed: 7, chunks: 2);
        string[][] groups = [["fingerprint"], ["fingerprint", "app"], ["fingerprint", "model", "provider"], ["user"], ["tag", "fingerprint"], []];
        string?[] filters = ["outcome:error fingerprint:*", "fingerprint:* -provider:openai", "outcome:error", null, "fingerprint:* tag:a", "outcome:error app:nothing fingerprint:*"];
        for (var round = 0; round < 2; round++)
        {
            for (var again = 0; again < 3; again++)
            {
                for (var i = round; i < groups.Length * filters.Length; i += 5)
                {
                    var (by, filter) = (groups[i % groups.Length], filters[i / groups.Length]);
                    var selection = Everything with { Filter = filter, From = step == Step.QuarterHour ? Everything.To.Plus(TimeSpan.FromDays(-25)) : Everything.From };
                    var question = new StatsQuestion { Selection = selection, By = by, Step = step, MaxGroups = 500, TimeZone = "Asia/Kolkata" };
                    var all = FigureCheck.Found(await world.Stats.FiguresAsync(question, Cancel));
                    var only = FigureCheck.Found(await world.Stats.FiguresAsync(question with { OnlyCalls = true, CountPeople = users }, Cancel));
                    Assert.Equal(all.Groups.Select(group => FigureCheck.KeyOf(group, by)), only.Groups.Select(group => FigureCheck.KeyOf(group, by)));
                    foreach (var (full, few) in all.Groups.Zip(only.Groups))
                    {
                        Assert.Equal(full.Points.Append(new StatsPoint(default, full.Total)).Select(Counts), few.Points.Append(new StatsPoint(default, few.Total)).Select(Counts));
                        if (all.Source == AnswerSource.Rows) Assert.Equal(users ? full.Total.Users : null, few.Total.Users);
                    }
                }
            }

            new DerivationRounds(world.Store.Folder, world.Time).Finish(Cancel);
            world.AddChunk(30);
        }
    }

    private static Selection Everything => new() { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };

    private static (Timestamp Time, long Calls, long Success, long Errors, long Cancelled) Counts(StatsPoint point) =>
        (point.Time, point.Figures.Calls, point.Figures.Success, point.Figures.Errors, point.Figures.Cancelled);
}
