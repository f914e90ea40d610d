using Callwatch.Diagnose.Comparing;
using Callwatch.Query;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Query.Stats;
using Callwatch.Spans;
using Callwatch.Store.Derived;
using Callwatch.Store.Rollups;
using Callwatch.Tests.Query;
using Callwatch.Tests.Store;
using Microsoft.Extensions.Options;
using Xunit;

namespace Callwatch.Tests.Diagnose.Comparing;

/// <summary>What several families of fields need is read once; each adds up to what it would add up to alone.</summary>
public sealed class FamilyReaderTests
{
    private static readonly string[] Filters = ["", "outcome:success", "user:anna", "tag:c", "prompt:greet", "env:prod", "app:shop", "-tag:*"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public async Task Families_read_together_add_up_to_what_each_adds_up_to_alone(int seed, bool standing)
    {
        // As one row is too many to be counted one by one, and as none is.
        using var world = new QueryWorld(seed, chunks: 4, options: new QueryOptions { MostRowsCounted = standing ? 0 : 300_000 });
        new DerivationRounds(world.Store.Folder, world.Time).Finish(Cancel);
        // Late spans: some hours stand no more.
        if (standing) world.AddChunk(20);
        using var gate = new QueryGate(world.Store.Folder, world.Time, Options.Create(new QueryOptions { MostRowsCounted = standing ? 0 : 300_000 }));
        var (reader, random) = (new FamilyReader(world.Scopes), new RandomQuestions(seed));
        for (var i = 0; i < 24; i++)
        {
            var (from, to) = random.Range();
            var selection = new Selection { Scope = QueryWorld.Tenant, From = from, To = to, Filter = Filters[i % Filters.Length] };
            var asked = world.Scopes.Read<object>(selection).Asked!;
            var slow = new SlowFrom(900, 850);
            foreach (var families in Family.Together)
            {
                var together = await gate.RunAsync(QueryWorld.Tenant, run => reader.Read(run, families, asked, slow), Cancel);
                var (at, source) = (0, AnswerSource.Rollups);
                foreach (var family in families)
                {
                    var alone = await gate.RunAsync(QueryWorld.Tenant, run => reader.Read(run, [family], asked, slow), Cancel);
                    AssertSame(alone!.Tables[0], together!.Tables[at++]);
                    if (alone.Source == AnswerSource.Rows) source = AnswerSource.Rows;
                }

                Assert.Equal(source, together!.Source);
            }
        }
    }

    [Theory]
    [InlineData("13:25:00")]
    [InlineData("18:30:00")]
    [InlineData("00:00:00")]
    [InlineData("23:59:30")]
    public async Task A_window_off_the_clock_is_read_from_days_and_hours_and_only_its_edges_from_rows(string clock)
    {
        using var world = new QueryWorld(chunks: 0);
        // A call each quarter of an hour of ten days.
        for (var day = 0; day < 10; day++) world.AddQuarters(day);
        new DerivationRounds(world.Store.Folder, world.Time).Finish(Cancel);
        var (from, week) = (RandomTraffic.Midnight.Plus(TimeSpan.FromDays(1) + TimeSpan.Parse(clock, System.Globalization.CultureInfo.InvariantCulture)), TimeSpan.FromDays(7));
        var asked = world.Scopes.Read<object>(new Selection { Scope = QueryWorld.Tenant, From = from, To = from.Plus(week) }).Asked!;
        var seen = new Stretches();
        using var gate = new QueryGate(world.Store.Folder, world.Time, Options.Create(new QueryOptions { MostRowsCounted = 0 }));
        var plan = new StatsPlan(Cut.User, Wide: false);
        await gate.RunAsync(QueryWorld.Tenant, run =>
        {
            using var sources = new FigureSources(run);
            var scan = new StatsScan(asked, [], world.Apps, world.Scopes.Sql(QueryWorld.Tenant, FieldColumns.OfCalls), world.Scopes.Sql(QueryWorld.Tenant, FieldColumns.OfRollups), null, new People { AreCounted = false });
            new RangeScan(asked, sources, plan, RollupLevel.Day).Read(AnswerSource.Rollups, scan, seen);
            return seen;
        }, Cancel);

        var (first, last) = (from.UnixSeconds, from.Plus(week).UnixSeconds);
        Assert.Equal(last - first, seen.Read.Sum(stretch => stretch.To - stretch.From));
        // Each end has at most an hour of rows; what is left of the two days at the ends is hours, and all between is days.
        Assert.InRange(seen.Read.Where(stretch => stretch.Level is null).Sum(stretch => stretch.To - stretch.From), 0, 3_600);
        Assert.All(seen.Read.Where(stretch => stretch.Level is null), stretch => Assert.True(stretch.To <= first + 3_600 || stretch.From >= last - 3_600));
        Assert.Equal((first % 86_400 == 0 ? 7 : 6) * 86_400L, seen.Read.Where(stretch => stretch.Level == RollupLevel.Day).Sum(stretch => stretch.To - stretch.From));
    }

    /// <summary>What is asked to be read.</summary>
    private sealed class Stretches : IReadStretches
    {
        public List<(RollupLevel? Level, long From, long To)> Read { get; } = [];

        public void Rows(OpenPartition open, Timestamp from, Timestamp to)
        {
            if (from < to) Read.Add((null, from.UnixSeconds, to.UnixSeconds));
        }

        public void Cut(OpenPartition open, RollupLevel level, long from, long to) => Read.Add((level, from, to));

        public void Rollups(OpenPartition open, RollupLevel level, long from, long to) => Assert.Fail("There are none by user.");
    }

    [Fact]
    public void Sums_by_some_fields_are_those_of_the_cells()
    {
        foreach (var table in Sums.Of(new GeneratedIncident(seed: 5, callsOfWindow: 600).Calls).Tables)
        {
            for (var first = 0; first < table.Family.Fields.Count; first++)
            {
                int[] places = first == 0 ? [0] : [0, first];
                var expected = new Dictionary<CellKey, Sides>();
                foreach (var (key, sides) in table.Cells)
                {
                    if (!expected.TryGetValue(key.Only(places), out var sum)) expected[key.Only(places)] = sum = new Sides();
                    sum.Add(sides);
                }

                var groups = table.By(places);
                Assert.Equal(expected.Keys, Enumerable.Range(0, groups.Count).Select(groups.KeyOf));
                Assert.Equal(table.Cells.Count, Enumerable.Range(0, groups.Count).Sum(group => groups.CellsOf(group).Length));
                for (var group = 0; group < groups.Count; group++)
                {
                    Assert.Equal(group, groups.Find(groups.KeyOf(group)));
                    foreach (var cell in groups.CellsOf(group)) Assert.Equal(group, groups.GroupOf(cell));
                    var (own, sum) = (groups.SumOf(group), expected[groups.KeyOf(group)]);
                    foreach (var (cell, other) in ((Cell, Cell)[])[(sum.Before, own.Before), (sum.After, own.After), (sum.Guard, own.Guard)]) AssertSame(cell, other);
                }
            }
        }
    }

    private static void AssertSame(CellTable expected, CellTable told)
    {
        Assert.Equal(expected.Truncated, told.Truncated);
        Assert.Equal(expected.Cells.Keys, told.Cells.Keys);
        foreach (var (key, cell) in expected.Cells) AssertSame(cell, told.Cells[key]);
    }

    // To the last digit: the same is added in the same order.
    private static void AssertSame(Cell expected, Cell told)
    {
        Assert.Equal(
            (expected.Calls, expected.Success, expected.Errors, expected.LatencyCount, expected.LatencyMs, expected.LatencySquares, expected.Slow),
            (told.Calls, told.Success, told.Errors, told.LatencyCount, told.LatencyMs, told.LatencySquares, told.Slow));
        Assert.Equal((expected.TtftCount, expected.TtftMs, expected.TtftSquares, expected.SlowTtft), (told.TtftCount, told.TtftMs, told.TtftSquares, told.SlowTtft));
        Assert.Equal((expected.InputTokens, expected.OutputTokens, expected.CacheRead, expected.Cost), (told.InputTokens, told.OutputTokens, told.CacheRead, told.Cost));
    }
}
