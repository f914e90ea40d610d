using Callwatch.Control;
using Callwatch.Query;
using Callwatch.Store.Partitions;
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
        using var kept = Retired.Of(world);
        var all = world.AllCalls();
        var byDay = await RecordsByDayAsync(world);
        kept.Rules.Put([(0, 0, new RetentionWish(null, 30, null, null))]);
        for (var part = 0; part < 3; part++)
        {
            await kept.RunAsync(Cancel);
            await Retired.CompareAsync(world, all, (seed * 10) + part);
            Assert.Equal(byDay, await RecordsByDayAsync(world));
            world.Time.Advance(TimeSpan.FromDays(8));
        }

        world.Time.Advance(TimeSpan.FromDays(60));
        await kept.RunAsync(Cancel);
        Assert.Empty(world.Store.Folder.Partitions);
        Assert.Empty(Directory.EnumerateFiles(world.Store.Folder.Folder, "20*"));
        await Retired.CompareAsync(world, all, seed + 100);
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
        using var kept = Retired.Of(world);
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

            if (round % 60 == 0) await Retired.CompareAsync(world, all, (seed * 100) + round, asks: 4);
            world.Time.Advance(TimeSpan.FromSeconds(20));
            if (round == 200) world.Time.Advance(TimeSpan.FromDays(60));
        }

        Assert.InRange(stops, 5, 400);
        await kept.RunAsync(Cancel);
        Assert.Empty(world.Store.Folder.Partitions);
        // What retention took has not vanished.
        Assert.Empty(DamagedFiles.Of(world.Store.Folder));
        await Retired.CompareAsync(world, all, seed);
    }

    [Fact]
    public async Task Rows_of_one_app_go_before_those_of_another_in_the_same_file()
    {
        using var world = new QueryWorld(seed: 5, chunks: 3);
        using var kept = Retired.Of(world);
        var all = world.AllCalls();
        var shop = world.Apps.Find(1, "shop")!.Id;
        kept.Rules.Put([(1, shop, new RetentionWish(null, 10, null, null))]);
        world.Time.Advance(TimeSpan.FromDays(5));
        await kept.RunAsync(Cancel);
        var rows = world.AllCalls();
        Assert.DoesNotContain(rows, call => call.AppId == shop && call.End.Plus(TimeSpan.FromDays(13)) < world.Now);
        Assert.Equal(all.Count(call => call.AppId != shop), rows.Count(call => call.AppId != shop));
        await Retired.CompareAsync(world, all, 5);
    }

    [Fact]
    public async Task History_sent_now_is_kept_from_its_receipt_on_and_goes_with_the_rest_of_its_day_later()
    {
        using var world = new QueryWorld(seed: 6, chunks: 2);
        using var kept = Retired.Of(world);
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
    public async Task When_the_disk_is_short_the_oldest_rows_go_early_and_are_counted()
    {
        using var world = new QueryWorld(seed: 9, chunks: 3);
        using var kept = Retired.Of(world);
        var all = world.AllCalls();
        kept.CloseAll(Cancel);
        var files = Files();
        Assert.True(files.Count > 1);
        kept.DiskIsShort = true;
        for (var round = 0; kept.Counters.Total(Reason.RowsExpiredByDisk) == 0 && round < 100; round++)
        {
            await kept.Retention.RoundAsync(Cancel);
            world.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.NotEqual(0, kept.Counters.Total(Reason.RowsExpiredByDisk));
        Assert.Equal(files.Skip(1), Files());
        await Retired.CompareAsync(world, all, 9);

        // Their names begin with their days.
        List<string> Files() => [.. world.Store.Folder.Partitions.Select(partition => partition.File).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task Files_of_rows_that_are_gone_stay_while_a_backup_copies()
    {
        using var world = new QueryWorld(seed: 10, chunks: 2);
        using var kept = Retired.Of(world);
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

    private static async Task<long> TotalAsync(QueryWorld world) =>
        FigureCheck.Found(await world.Stats.FiguresAsync(Retired.Question([], Step.Day), Cancel)).Groups[0].Total.Calls;
}
