using Callwatch.Costs;
using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Tests.Query;
using Xunit;

namespace Callwatch.Tests.Costs;

public sealed class LedgerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, "UTC")]
    [InlineData(2, "Europe/Berlin")]
    [InlineData(3, "Asia/Kolkata")]
    [InlineData(4, "America/St_Johns")]
    public async Task The_lines_of_a_range_add_up_to_the_calls_they_are_made_of_to_the_last_digit(int seed, string name)
    {
        using var world = new QueryWorld(seed);
        var zone = TimeZoneInfo.FindSystemTimeZoneById(name);
        var random = new Random(seed);
        for (var round = 0; round < 4; round++)
        {
            // Any moment: also the parts of minutes at both ends.
            var from = QueryWorld.From.Plus(TimeSpan.FromSeconds(random.Next(0, 20 * 86_400)) + TimeSpan.FromMilliseconds(random.Next(1_000)));
            var to = from.Plus(TimeSpan.FromSeconds(random.Next(3_600, 20 * 86_400)));
            var selection = new Selection { Scope = QueryWorld.Tenant, From = from, To = to };
            var calls = world.AllCalls().Where(call => call.End >= from && call.End < to).ToList();
            var lines = new List<LedgerLine>();
            foreach (var day in Ledger.Days(from, to, zone)) lines.AddRange(Found(await new Ledger(world.Stats).LinesAsync(selection, day, Cancel)));

            Assert.Equal(calls.Sum(call => call.Call!.Cost.TotalUsd ?? 0), lines.Sum(line => line.Usd ?? 0));
            Assert.Equal(calls.Count, lines.Sum(line => line.Calls));
            Assert.Equal(calls.Sum(call => call.Call!.Cost.InputUsd ?? 0), lines.Where(line => line.Class == LedgerClasses.Input).Sum(line => line.Usd ?? 0));
            Assert.Equal(calls.Sum(call => call.Call!.Usage.CacheRead ?? 0), lines.Where(line => line.Class == LedgerClasses.CacheRead).Sum(line => line.Tokens ?? 0));

            // By day, app and model, too.
            var expected = calls.GroupBy(call => (LocalDays.Of(call.End, zone), world.Apps.NameOf(call.AppId), call.Call!.Provider, call.Call.Model))
                .ToDictionary(group => group.Key, group => (group.Sum(call => call.Call!.Cost.TotalUsd ?? 0), (long)group.Count()));
            Assert.Equal(expected, lines.GroupBy(line => (line.Day, line.App, line.Provider, line.Model)).ToDictionary(group => group.Key, group => (group.Sum(line => line.Usd ?? 0), group.Sum(line => line.Calls))));
        }
    }

    [Fact]
    public async Task A_call_without_a_cost_has_a_line_without_one()
    {
        using var world = new QueryWorld(5);
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        var lines = new List<LedgerLine>();
        foreach (var day in Ledger.Days(selection.From, selection.To, TimeZoneInfo.Utc)) lines.AddRange(Found(await new Ledger(world.Stats).LinesAsync(selection, day, Cancel)));
        Assert.All(lines.Where(line => line.Class == LedgerClasses.Unpriced), line => Assert.True(line.Usd is null && line.Calls > 0));
        Assert.True(lines.Where(line => line.Class == LedgerClasses.Unpriced).Sum(line => line.Calls) > 10);
    }

    [Fact]
    public void Days_have_the_hours_that_the_clocks_of_the_zone_give_them()
    {
        var berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        var days = Ledger.Days(At("2026-10-24T10:00:00Z"), At("2026-10-26T10:00:00Z"), berlin).ToList();
        Assert.Equal([new DateOnly(2026, 10, 24), new DateOnly(2026, 10, 25), new DateOnly(2026, 10, 26)], days.Select(day => day.Day));
        Assert.Equal(TimeSpan.FromHours(25), days[1].To.ToDateTimeOffset() - days[1].From.ToDateTimeOffset());
        Assert.Equal(At("2026-10-26T10:00:00Z"), days[2].To);
    }

    // Africa/Cairo leaves out midnight in spring; America/Havana has it twice in autumn.
    [Theory]
    [InlineData("Africa/Cairo", "2026-04-24")]
    [InlineData("America/Havana", "2026-11-01")]
    [InlineData("Asia/Kathmandu", "2026-09-17")]
    public void A_day_begins_where_the_day_before_ends_wherever_clocks_change(string name, string text)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(name);
        var day = DateOnly.ParseExact(text, "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        var begin = LocalDays.Begin(day, zone);
        Assert.Equal(day, LocalDays.Of(begin, zone));
        Assert.Equal(day.AddDays(-1), LocalDays.Of(new Timestamp(begin.UnixNanoseconds - 1), zone));
    }

    private static Timestamp At(string text) => Timestamp.TryParse(text, out var time) ? time : throw new FormatException(text);

    private static IReadOnlyList<LedgerLine> Found(Answer<IReadOnlyList<LedgerLine>> answer) => Assert.IsType<Answer<IReadOnlyList<LedgerLine>>.Found>(answer).Value;
}
