using Callwatch.Control;
using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store.Derived;
using Callwatch.Store.History;
using Callwatch.Store.Rows;
using Callwatch.Store.Writing;
using Callwatch.Telemetry;
using Callwatch.Tests.Query;
using Xunit;

namespace Callwatch.Tests.Store;

/// <summary>What is kept how long, and how much of it: the table "How long things are kept" of the guide for operators.</summary>
public sealed class RetentionTableTests
{
    private static readonly RetentionWish Short = new(null, RowsDays: 30, MinuteDays: 5, QuarterHourDays: 45);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Figures_by_user_are_kept_by_the_hour_then_by_the_day_and_past_their_bounds_together()
    {
        using var world = new QueryWorld(seed: 41, chunks: 0, options: new QueryOptions { MostRowsCounted = 0 });
        for (var hour = 0; hour < 7; hour++) world.AddUsers(220, hour, before: hour * 220);
        new DerivationRounds(world.Store.Folder, world.Time).Finish(Cancel);
        using var kept = Kept(world);
        var calls = world.AllCalls();
        var (hours, days) = (await ByUserAsync(world, Step.Hour), await ByUserAsync(world, Step.Day));
        Assert.Equal((7 * 200) + 1, hours.Count);
        Assert.Equal(1_000 + 1, days.Count);
        Assert.Equal(calls.Count, days.Values.Sum());
        Assert.All(days.Where(user => user.Key != StatsGroup.Other), user => Assert.Equal(calls.Count(call => call.UserId == user.Key), user.Value));

        world.Time.Advance(TimeSpan.FromDays(5));
        await kept.RunAsync(Cancel);
        Assert.Empty(world.Store.Folder.Partitions);
        Assert.Equal(hours, await ByUserAsync(world, Step.Hour));
        Assert.Equal(days, await ByUserAsync(world, Step.Day));

        world.Time.Advance(TimeSpan.FromDays(20));
        await kept.RunAsync(Cancel);
        Assert.Equal(days, await ByUserAsync(world, Step.Hour));
        Assert.Equal(days, await ByUserAsync(world, Step.Day));
    }

    [Fact]
    public async Task Users_and_sessions_are_known_by_the_hour_then_by_the_day_once_rows_are_gone()
    {
        using var world = new QueryWorld(seed: 42, chunks: 0);
        for (var hour = 0; hour < 5; hour++) world.AddUsers(60, hour, before: hour * 10);
        new DerivationRounds(world.Store.Folder, world.Time).Finish(Cancel);
        using var kept = Kept(world);
        world.Time.Advance(TimeSpan.FromDays(5));
        await kept.RunAsync(Cancel);
        Assert.Equal([60, 60, 60, 60, 60], (await PeopleAsync(world, Step.Hour)).Select(point => point.Users!.Value));
        Assert.Equal((100, false), (await PeopleAsync(world, Step.Day)).Select(point => (point.Users!.Value, point.UsersApproximate)).Single());

        world.Time.Advance(TimeSpan.FromDays(20));
        await kept.RunAsync(Cancel);
        Assert.Equal((100, false), (await PeopleAsync(world, Step.Hour)).Select(point => (point.Users!.Value, point.UsersApproximate)).Single());
    }

    [Fact]
    public async Task Known_values_go_with_the_rows()
    {
        using var world = new QueryWorld(seed: 43, chunks: 1);
        using var kept = Kept(world);
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        Assert.NotEmpty(Assert.IsType<Answer<Page<FacetValue>>.Found>(await world.Facets.ValuesAsync("user", null, selection, 100, Cancel)).Value.Items);
        world.Time.Advance(TimeSpan.FromDays(100));
        await kept.RunAsync(Cancel);
        var after = Assert.IsType<Answer<Page<FacetValue>>.Found>(await world.Facets.ValuesAsync("user", null, selection, 100, Cancel)).Value;
        Assert.Empty(after.Items);
        Assert.NotNull(after.RowsFrom);
    }

    [Fact]
    public async Task Groups_of_errors_without_rows_are_kept_up_to_a_bound_those_seen_last()
    {
        const int past = 40;
        using var world = new QueryWorld(seed: 44, chunks: 0);
        var shop = world.Apps.Find(1, "shop")!.Id;
        var failed = Enumerable.Range(1, HistoryMerge.MostErrorGroups + past).Select(number => Failed(number, shop)).ToList();
        foreach (var batch in failed.Chunk(5_000)) world.Store.Store(batch);
        using var kept = Kept(world);
        world.Time.Advance(TimeSpan.FromDays(100));
        await kept.RunAsync(Cancel);
        Assert.Empty(world.Store.Folder.Partitions);
        Assert.Equal(past, kept.Counters.Total(Reason.ErrorGroupForgotten));
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        var page = Assert.IsType<Answer<Page<ErrorGroup>>.Found>(await world.Errors.GroupsAsync(selection, 1_000, Cancel)).Value;
        Assert.Equal(1.0 / HistoryMerge.MostErrorGroups, page.Items[0].Share, 12);
        Assert.All(page.Items, group => Assert.True(group.LastSeen > failed[past - 1].Span.End));
    }

    private static KeptStore Kept(QueryWorld world)
    {
        var kept = new KeptStore(world.Store, world.At("rules.db"), world.Time);
        kept.Rules.Put([(0, 0, Short)]);
        return kept;
    }

    private static async Task<Dictionary<string, long>> ByUserAsync(QueryWorld world, Step step)
    {
        var length = step == Step.Hour ? TimeSpan.FromHours(7) : TimeSpan.FromDays(1);
        var selection = new Selection { Scope = QueryWorld.Tenant, From = RandomTraffic.Midnight, To = RandomTraffic.Midnight.Plus(length) };
        var answer = FigureCheck.Found(await world.Stats.FiguresAsync(new StatsQuestion { Selection = selection, Step = step, By = ["user"], MaxGroups = 5_000, CountPeople = false }, Cancel));
        Assert.True(answer.Truncated);
        return answer.Groups.ToDictionary(group => group.Key["user"]!, group => group.Total.Calls);
    }

    private static async Task<List<Figures>> PeopleAsync(QueryWorld world, Step step)
    {
        var selection = new Selection { Scope = QueryWorld.Tenant, From = RandomTraffic.Midnight, To = RandomTraffic.Midnight.Plus(TimeSpan.FromDays(1)) };
        var answer = FigureCheck.Found(await world.Stats.FiguresAsync(new StatsQuestion { Selection = selection, Step = step }, Cancel));
        return [.. Assert.Single(answer.Groups).Points.Where(point => point.Figures.Calls > 0).Select(point => point.Figures)];
    }

    private static ArrivedSpan Failed(int number, int app)
    {
        var end = RandomTraffic.Midnight.Plus(TimeSpan.FromMilliseconds(number));
        var span = new Span
        {
            TenantId = 1,
            AppId = app,
            TraceId = new TraceId(77, (ulong)number),
            SpanId = new SpanId(1),
            Name = "chat",
            DisplayName = "chat",
            Kind = SpanKind.Chat,
            Start = end,
            End = end,
            DurationNanoseconds = 1_000_000,
            Outcome = Outcome.Error,
            // Numbers would be taken out of it.
            Error = new SpanError { Type = "Broken", Group = "other", Message = "no answer from " + new string([.. $"{number}".Select(digit => (char)('k' + digit - '0'))]) },
            Call = new LlmCall { Source = CallSource.Recorded, RequestModel = "m" },
        };
        return new ArrivedSpan(span, new SpanVersion(((number - 1) / 5_000) + 1, number), 10, end);
    }
}
