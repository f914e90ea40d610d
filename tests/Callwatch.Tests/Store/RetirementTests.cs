using Callwatch.Control;
using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rollups;
using Callwatch.Telemetry;
using Callwatch.Tests.Query;
using Xunit;

namespace Callwatch.Tests.Store;

/// <summary>Rows go when they are past their age; what they added up to stays, exactly once.</summary>
public sealed class RetirementTests
{
    private sealed class Stop : Exception;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Answers_are_the_same_before_and_after_rows_are_gone(int seed)
    {
        using var world = new QueryWorld(seed, chunks: 5);
        using var kept = Kept(world);
        var all = world.AllCalls();
        var byDay = await RecordsByDayAsync(world);
        kept.Rules.Put([(0, 0, new RetentionWish(null, 30, null, null))]);
        for (var part = 0; part < 3; part++)
        {
            await kept.RunAsync(Cancel);
            await CompareAsync(world, all, (seed * 10) + part);
            Assert.Equal(byDay, await RecordsByDayAsync(world));
            world.Time.Advance(TimeSpan.FromDays(8));
        }

        world.Time.Advance(TimeSpan.FromDays(60));
        await kept.RunAsync(Cancel);
        Assert.Empty(world.Store.Folder.Partitions);
        Assert.Empty(Directory.EnumerateFiles(world.Store.Folder.Folder, "20*"));
        await CompareAsync(world, all, seed + 100);
        Assert.Equal(byDay, await RecordsByDayAsync(world));
    }

    /// <summary>What messages and runs of workflows come to, day by day.</summary>
    private static async Task<List<string>> RecordsByDayAsync(QueryWorld world)
    {
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        var answer = Assert.IsType<Answer<ReferenceAnswer>.Found>(await world.Reference.FiguresAsync(selection, null, Cancel)).Value;
        var points = answer.Chat.Points.Concat(answer.Workflow.Points).ToList();
        Assert.Contains(points, point => point.Figures.FeedbackPositive > 0);
        return [.. points.Select(point => $"{point.Time} {point.Figures.Calls} {point.Figures.Errors} {point.Figures.TotalTokens} {point.Figures.CostUsd.ToString("0.############", System.Globalization.CultureInfo.InvariantCulture)} {point.Figures.FeedbackPositive} {point.Figures.FeedbackNegative} {point.Figures.LatencyMs.P95}")];
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_stop_at_any_step_neither_loses_nor_doubles_a_figure(int seed)
    {
        using var world = new QueryWorld(seed, chunks: 4);
        using var kept = Kept(world);
        var all = world.AllCalls();
        kept.Rules.Put([(1, world.Apps.Find(1, "shop")!.Id, new RetentionWish(null, 10, null, null))]);
        world.Time.Advance(TimeSpan.FromDays(50));
        kept.CloseAll(Cancel);
        var random = new Random(seed);
        var stops = 0;
        for (var round = 0; round < 400; round++)
        {
            var left = random.Next(0, 4);
            kept.Retention.BeforeStep = _ =>
            {
                if (left-- == 0) throw new Stop();
            };
            try
            {
                await kept.Retention.RoundAsync(Cancel);
            }
            catch (Stop)
            {
                stops++;
                if (random.Next(2) == 0)
                {
                    world.Close();
                    kept.Restart();
                    world.Open();
                }
            }

            if (round % 60 == 0) await CompareAsync(world, all, (seed * 100) + round, asks: 4);
            world.Time.Advance(TimeSpan.FromSeconds(20));
            if (round == 200) world.Time.Advance(TimeSpan.FromDays(60));
        }

        Assert.InRange(stops, 5, 400);
        await kept.RunAsync(Cancel);
        Assert.Empty(world.Store.Folder.Partitions);
        // What retention took has not vanished.
        Assert.Empty(DamagedFiles.Of(world.Store.Folder));
        await CompareAsync(world, all, seed);
    }

    [Fact]
    public async Task Requests_without_a_call_are_counted_as_before_once_rows_are_gone_also_those_of_one_app()
    {
        using var world = new QueryWorld(seed: 11, chunks: 4);
        using var kept = Kept(world);
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
    public async Task Rows_of_one_app_go_before_those_of_another_in_the_same_file()
    {
        using var world = new QueryWorld(seed: 5, chunks: 3);
        using var kept = Kept(world);
        var all = world.AllCalls();
        var shop = world.Apps.Find(1, "shop")!.Id;
        kept.Rules.Put([(1, shop, new RetentionWish(null, 10, null, null))]);
        world.Time.Advance(TimeSpan.FromDays(5));
        await kept.RunAsync(Cancel);
        var rows = world.AllCalls();
        Assert.DoesNotContain(rows, call => call.AppId == shop && call.End.Plus(TimeSpan.FromDays(13)) < world.Now);
        Assert.Equal(all.Count(call => call.AppId != shop), rows.Count(call => call.AppId != shop));
        await CompareAsync(world, all, 5);
    }

    [Fact]
    public async Task History_sent_now_is_kept_from_its_receipt_on_and_goes_with_the_rest_of_its_day_later()
    {
        using var world = new QueryWorld(seed: 6, chunks: 2);
        using var kept = Kept(world);
        world.Time.Advance(TimeSpan.FromDays(120));
        await kept.RunAsync(Cancel);
        Assert.Empty(world.Store.Folder.Partitions);
        var gone = await TotalAsync(world);
        world.AddUsers(20, received: world.Now);
        Assert.NotEmpty(world.Store.Folder.Partitions);
        await kept.RunAsync(Cancel);
        Assert.NotEmpty(world.Store.Folder.Partitions);
        Assert.Equal(gone + 40 - 20, await TotalAsync(world));
        world.Time.Advance(TimeSpan.FromDays(92));
        await kept.RunAsync(Cancel);
        Assert.Empty(world.Store.Folder.Partitions);
        Assert.Equal(gone + 40 - 20, await TotalAsync(world));
    }

    [Fact]
    public async Task Figures_by_the_quarter_hour_are_given_up_for_those_of_the_day()
    {
        using var world = new QueryWorld(seed: 7, chunks: 3);
        using var kept = Kept(world);
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
            var question = Question([by], Step.Day);
            LevelsTests.Compare(world, all, question, FigureCheck.Found(await world.Stats.FiguresAsync(question, Cancel)), by);
        }
    }

    [Fact]
    public async Task Minutes_are_given_up_and_rows_answer_in_their_place()
    {
        using var world = new QueryWorld(seed: 8, chunks: 3);
        using var kept = Kept(world);
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
        await CompareAsync(world, world.AllCalls(), 8);
    }

    [Fact]
    public async Task When_the_disk_is_short_the_oldest_rows_go_early_and_are_counted()
    {
        using var world = new QueryWorld(seed: 9, chunks: 3);
        using var kept = Kept(world);
        var all = world.AllCalls();
        kept.CloseAll(Cancel);
        kept.DiskIsShort = true;
        for (var round = 0; kept.Counters.Total(Reason.RowsExpiredByDisk) == 0 && round < 100; round++)
        {
            await kept.Retention.RoundAsync(Cancel);
            world.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.NotEqual(0, kept.Counters.Total(Reason.RowsExpiredByDisk));
        await CompareAsync(world, all, 9);
    }

    [Fact]
    public async Task Files_of_rows_that_are_gone_stay_while_a_backup_copies()
    {
        using var world = new QueryWorld(seed: 10, chunks: 2);
        using var kept = Kept(world);
        world.Time.Advance(TimeSpan.FromDays(120));
        var files = world.Store.Folder.Partitions.Select(partition => Path.Combine(world.Store.Folder.Folder, partition.File)).ToList();
        using (kept.Hold.Take())
        {
            await kept.RunAsync(Cancel);
            Assert.Empty(world.Store.Folder.Partitions);
            Assert.All(files, file => Assert.True(File.Exists(file)));
        }

        await kept.RunAsync(Cancel);
        Assert.All(files, file => Assert.False(File.Exists(file)));
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task Failures_keep_their_first_and_last_moment_and_their_number_when_rows_are_gone(int seed)
    {
        using var world = new QueryWorld(seed, chunks: 6);
        using var kept = Kept(world);
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
        using var kept = Kept(world);
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
        var byModel = FigureCheck.Found(await world.Stats.FiguresAsync(Question(["model"], Step.Day), Cancel));
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
                FigureCheck.Found(await world.Stats.FiguresAsync(Question([], Step.Day) with { Selection = of with { Filter = "session:*" } }, Cancel)).RowsFrom,
            };
            return Assert.Single(said);
        }
    }

    private static KeptStore Kept(QueryWorld world) => new(world.Store, world.At("retention.db"), world.Time);

    private static StatsQuestion Question(string[] by, Step step) => new()
    {
        Selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To },
        By = by,
        Step = step,
        MaxGroups = 1_000,
    };

    private static async Task<long> TotalAsync(QueryWorld world) =>
        FigureCheck.Found(await world.Stats.FiguresAsync(Question([], Step.Day), Cancel)).Groups[0].Total.Calls;

    // Ranges that the levels kept can answer: whole quarters.
    private static async Task CompareAsync(QueryWorld world, IReadOnlyList<Span> all, int seed, int asks = 25)
    {
        string[] groups = ["app", "model", "provider", "kind", "operation", "outcome", "env", "asked_model"];
        for (var ask = 0; ask < asks; ask++)
        {
            var questions = new RandomQuestions((seed * 1_000) + ask);
            var selection = questions.Selection(rollupsOnly: true);
            selection = selection with { From = Quarter(selection.From), To = Quarter(selection.To.Plus(TimeSpan.FromMinutes(15))) };
            string[] by = [.. Enumerable.Range(0, questions.Random.Next(3)).Select(_ => questions.Pick(groups)).Distinct()];
            var zone = questions.Pick<string?>(null, "Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe");
            var question = new StatsQuestion { Selection = selection, By = by, TimeZone = zone, Step = questions.Pick(Step.QuarterHour, Step.Day, Step.Hour), MaxGroups = 10_000 };
            if (await world.Stats.FiguresAsync(question, Cancel) is Answer<StatsAnswer>.Found { Value: var answer })
                LevelsTests.Compare(world, all, question, answer, $"seed {seed} ask {ask} {selection.Filter} by {string.Join(',', by)} {zone} {question.Step}");
        }

        static Timestamp Quarter(Timestamp time) => Timestamp.FromUnixSeconds(time.UnixSeconds / 900 * 900);
    }
}
