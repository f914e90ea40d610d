using Callwatch.Control;
using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store.Rollups;
using Callwatch.Tests.Query;
using Xunit;

namespace Callwatch.Tests.Store;

/// <summary>What is answered once rows are gone, by what was kept of them.</summary>
public sealed class RetiredAnswersTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_without_a_call_are_counted_as_before_once_rows_are_gone_also_those_of_one_app()
    {
        using var world = new QueryWorld(seed: 11, chunks: 4);
        using var kept = Retired.Of(world);
        var everything = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        async Task<string> CountAsync() => string.Join('\n', Assert.IsType<Answer<CoverageAnswer>.Found>(await world.Coverage.ReadAsync(everything, Cancel)).Value.Groups);
        var before = await CountAsync();
        Assert.NotEqual("", before);
        kept.Rules.Put([(1, world.Apps.Find(1, "shop")!.Id, new RetentionWish(null, 10, null, null))]);
        world.Time.Advance(TimeSpan.FromDays(5));
        await kept.RunAsync(Cancel);
        Assert.Equal(before, await CountAsync());
        world.Time.Advance(TimeSpan.FromDays(120));
        await kept.RunAsync(Cancel);
        Assert.Empty(world.Store.Folder.Partitions);
        Assert.Equal(before, await CountAsync());
    }

    [Fact]
    public async Task Figures_by_the_quarter_hour_are_given_up_for_those_of_the_day()
    {
        using var world = new QueryWorld(seed: 7, chunks: 3);
        using var kept = Retired.Of(world);
        var all = world.AllCalls();
        world.Time.Advance(TimeSpan.FromDays(120));
        await kept.RunAsync(Cancel);
        world.Time.Advance(TimeSpan.FromDays(400));
        await kept.RunAsync(Cancel);
        using (var history = world.Store.Folder.OpenHistory()!)
        {
            using var quarters = history.Command("SELECT count(*) FROM rollups WHERE level = 1 AND bucket % 86400 <> 0");
            Assert.Equal(0L, quarters.ExecuteScalar());
        }

        foreach (var by in (string[])["app", "model", "provider", "env"])
        {
            var question = Retired.Question([by], Step.Day);
            LevelsTests.Compare(world, all, question, FigureCheck.Found(await world.Stats.FiguresAsync(question, Cancel)), by);
        }
    }

    [Fact]
    public async Task Minutes_are_given_up_and_rows_answer_in_their_place()
    {
        using var world = new QueryWorld(seed: 8, chunks: 3);
        using var kept = Retired.Of(world);
        var all = world.AllCalls();
        world.Time.Advance(TimeSpan.FromDays(20));
        await kept.RunAsync(Cancel);
        foreach (var partition in world.Store.Folder.Partitions)
        {
            using var reader = world.Store.Folder.Open(partition)!;
            using var minutes = reader.Command("SELECT count(*) FROM rollups WHERE level = 0");
            Assert.Equal(0L, minutes.ExecuteScalar());
        }

        for (var ask = 0; ask < 20; ask++)
        {
            var questions = new RandomQuestions(ask);
            var question = new StatsQuestion { Selection = questions.Selection(rollupsOnly: true), By = ["app"], MaxGroups = 1_000 };
            LevelsTests.Compare(world, all, question, FigureCheck.Found(await world.Stats.FiguresAsync(question, Cancel)), "ask " + ask);
        }

        // What comes late changes the quarter, whose greatest is found among the rows.
        world.AddChunk(30);
        await Retired.CompareAsync(world, world.AllCalls(), 8);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task Failures_keep_their_first_and_last_moment_and_their_number_when_rows_are_gone(int seed)
    {
        using var world = new QueryWorld(seed, chunks: 6);
        using var kept = Retired.Of(world);
        var failed = world.AllCalls().Where(call => call is { Outcome: Outcome.Error, Error: not null }).ToList();
        kept.Rules.Put([(0, 0, new RetentionWish(null, 30, null, null)), (1, world.Apps.Find(1, "shop")!.Id, new RetentionWish(null, 20, null, null))]);
        for (var part = 0; part < 4; part++)
        {
            await kept.RunAsync(Cancel);
            if (part == 0) Assert.NotEmpty(world.Store.Folder.Partitions);
            if (part == 3) Assert.Empty(world.Store.Folder.Partitions);
            foreach (var app in (string?[])[null, "shop", "help desk"])
            {
                var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To, Apps = app is null ? [] : [app] };
                var own = failed.Where(call => app is null || world.Apps.NameOf(call.AppId) == app).GroupBy(KeyOf).ToDictionary(group => group.Key, group => group.ToList());
                var page = Assert.IsType<Answer<Page<ErrorGroup>>.Found>(await world.Errors.GroupsAsync(selection, 1_000, Cancel)).Value;
                Assert.NotNull(page.RowsFrom);
                Assert.Equal(own.Count, page.Items.Count);
                foreach (var group in page.Items)
                {
                    var calls = own[(group.Fingerprint, group.Provider, group.Model)];
                    Assert.Equal((calls.Count, calls.Min(call => call.End), calls.Max(call => call.End)), ((int)group.Count, group.FirstSeen, group.LastSeen));
                    Assert.Equal(ErrorFingerprint.Of(calls[0].Error!).Message, group.Message);
                }

                // Of the rows that are left it is still known when the failure was first seen at all.
                if (app is not null || page.RowsFrom is not { } rows || rows >= QueryWorld.To) continue;
                var recent = Assert.IsType<Answer<Page<ErrorGroup>>.Found>(await world.Errors.GroupsAsync(selection with { From = rows }, 1_000, Cancel)).Value;
                Assert.Null(recent.RowsFrom);
                foreach (var group in recent.Items)
                {
                    var calls = own[(group.Fingerprint, group.Provider, group.Model)];
                    Assert.Equal((calls.Count(call => call.End >= rows), calls.Min(call => call.End)), ((int)group.Count, group.FirstSeen));
                }
            }

            world.Time.Advance(part == 2 ? TimeSpan.FromDays(60) : TimeSpan.FromDays(6));
        }

        static (string, string?, string?) KeyOf(Span call) => (ErrorFingerprint.Text(ErrorFingerprint.Of(call.Error!).Value), call.Call!.Provider, call.Call.Model);
    }

    [Fact]
    public async Task Answers_that_need_rows_say_from_when_on_there_are_all()
    {
        using var world = new QueryWorld(seed: 13, chunks: 4);
        using var kept = Retired.Of(world);
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        Assert.Null(await RowsFromAsync(selection));
        kept.Rules.Put([(1, world.Apps.Find(1, "shop")!.Id, new RetentionWish(null, 30, null, null))]);
        await kept.RunAsync(Cancel);
        var from = (await RowsFromAsync(selection))!.Value;
        Assert.Equal(0, from.UnixSeconds % 86_400);
        Assert.True(from > QueryWorld.From && from <= world.Now.Plus(TimeSpan.FromDays(-29)), from.ToString());
        Assert.Equal(from, await RowsFromAsync(selection with { Apps = ["shop"] }));
        Assert.Null(await RowsFromAsync(selection with { Apps = ["help desk"] }));
        Assert.Null(await RowsFromAsync(selection with { From = from }));
        Assert.Contains(world.AllCalls(), call => world.Apps.NameOf(call.AppId) == "shop" && call.End >= from);
        Assert.DoesNotContain(world.AllCalls(), call => world.Apps.NameOf(call.AppId) == "shop" && call.End < from);

        // Figures by what rollups know need no rows.
        var byModel = FigureCheck.Found(await world.Stats.FiguresAsync(Retired.Question(["model"], Step.Day), Cancel));
        Assert.Equal((AnswerSource.Rollups, null), (byModel.Source, byModel.RowsFrom));

        async Task<Timestamp?> RowsFromAsync(Selection of)
        {
            var said = new HashSet<Timestamp?>
            {
                Assert.IsType<Answer<Page<Span>>.Found>(await world.Calls.ListAsync(of, SortOrder.Newest, 10, null, Cancel)).Value.RowsFrom,
                Assert.IsType<Answer<Page<TraceSummary>>.Found>(await world.Traces.ListAsync(of, SortOrder.Newest, 10, null, Cancel)).Value.RowsFrom,
                Assert.IsType<Answer<Page<PersonSummary>>.Found>(await world.People.UsersAsync(of, 10, null, Cancel)).Value.RowsFrom,
                Assert.IsType<Answer<Page<FacetValue>>.Found>(await world.Facets.ValuesAsync("model", null, of, 10, Cancel)).Value.RowsFrom,
                Assert.IsType<Answer<Page<ErrorGroup>>.Found>(await world.Errors.GroupsAsync(of, 10, Cancel)).Value.RowsFrom,
                FigureCheck.Found(await world.Stats.FiguresAsync(Retired.Question([], Step.Day) with { Selection = of with { Filter = "session:*" } }, Cancel)).RowsFrom,
            };
            return Assert.Single(said);
        }
    }
}
