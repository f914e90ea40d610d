using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Overview;
using Callwatch.Query;
using Callwatch.Spans;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard;

public sealed class VerdictTests
{
    private static readonly Timestamp From = Timestamp.FromUnixSeconds(1_789_646_400); // 2026-09-17 12:00 UTC

    [Fact]
    public void An_ordinary_day_is_calm()
    {
        var model = Model(Hour(), Hour());
        Assert.Equal(new Verdict(Level.Calm, "normal"), Verdicts.Calls(model, Words.English));
        Assert.Equal(new Verdict(Level.Calm, "normal"), Verdicts.Success(model, Words.English));
        Assert.Equal(new Verdict(Level.Calm, "normal"), Verdicts.Latency(model, Words.English));
        Assert.Equal(new Verdict(Level.Calm, "normal"), Verdicts.Cost(model, Words.English));
    }

    [Fact]
    public void It_says_since_when_it_is_slow()
    {
        var slow = Hour(minute => minute >= 42 ? 9_000 : 4_000 + (minute % 7 * 50));
        Assert.Equal(new Verdict(Level.Bad, "slow since 12:42"), Verdicts.Latency(Model(slow, Hour()), Words.English));
    }

    [Fact]
    public void One_slow_minute_is_no_trouble()
    {
        var jumpy = Hour(minute => minute == 30 ? 30_000 : 4_000);
        Assert.Equal(Level.Calm, Verdicts.Latency(Model(jumpy, Hour()) with { All = new StatsGroup(NoKey, Figures(600, p95: 4_100), jumpy) }, Words.English).Level);
    }

    [Fact]
    public void A_quarter_of_a_second_is_no_trouble_however_many_times_more_it_is() =>
        Assert.Equal(Level.Calm, Verdicts.OfLatency(now: 200, then: 50, calls: 1_000));

    [Fact]
    public void A_few_calls_prove_nothing() => Assert.Equal(Level.Calm, Verdicts.OfLatency(now: 20_000, then: 2_000, calls: 5));

    [Theory]
    [InlineData(1000, 3, Level.Calm)]
    [InlineData(1000, 20, Level.Warn)]
    [InlineData(1000, 100, Level.Bad)]
    [InlineData(10, 4, Level.Calm)]
    public void More_failures_than_usual_are_trouble_when_there_are_enough_of_them(long calls, long errors, Level level) =>
        Assert.Equal(level, Verdicts.OfSuccess(Figures(calls, errors), Figures(1000, 2)));

    [Fact]
    public void Without_an_earlier_window_only_plain_failure_is_judged()
    {
        var model = Model(Hour(), null);
        Assert.Equal(new Verdict(Level.Calm, ""), Verdicts.Latency(model, Words.English));
        Assert.Equal(Level.Warn, Verdicts.OfSuccess(Figures(100, 10), null));
        Assert.Equal(Level.Bad, Verdicts.OfSuccess(Figures(100, 40), null));
    }

    [Fact]
    public void Silence_after_steady_calls_is_trouble()
    {
        var silent = Hour(calls: minute => minute < 50 ? 10 : 0);
        Assert.Equal(new Verdict(Level.Bad, "silent since 12:50"), Verdicts.Calls(Model(silent, Hour()), Words.English));
        var again = Hour(calls: minute => minute is < 50 or 59 ? 10 : 0);
        Assert.Equal(Level.Calm, Verdicts.Calls(Model(again, null) with { Now = From.Plus(TimeSpan.FromSeconds(3_590)) }, Words.English).Level);
        var seldom = Hour(calls: minute => minute == 10 ? 1 : 0);
        Assert.Equal(Level.Calm, Verdicts.Calls(Model(seldom, null), Words.English).Level);
    }

    [Fact]
    public void A_window_in_which_somebody_only_began_to_send_is_not_what_is_usual()
    {
        Assert.True(Baseline.Serves(new StatsGroup(NoKey, Figures(600), Hour())));
        Assert.False(Baseline.Serves(new StatsGroup(NoKey, Figures(600), Hour(calls: minute => minute < 40 ? 0 : 30))));
        Assert.False(Baseline.Serves(new StatsGroup(NoKey, Figures(12), Hour())));
    }

    [Fact]
    public void Parts_of_a_bucket_at_either_end_are_not_drawn()
    {
        var model = Model(Hour(), null) with { From = From.Plus(TimeSpan.FromSeconds(30)), Now = From.Plus(TimeSpan.FromSeconds(3_590)) };
        Assert.Equal([.. Enumerable.Range(1, 58)], model.Whole);
        Assert.Equal(60, (model with { Now = From }).Whole.Count);
    }

    [Fact]
    public void The_first_calls_ever_are_drawn_although_their_minute_still_runs()
    {
        var first = Model(Hour(calls: minute => minute == 59 ? 8 : 0), null) with { Now = From.Plus(TimeSpan.FromSeconds(3_590)) };
        Assert.Contains(59, first.Whole);
    }

    private static readonly Dictionary<string, string?> NoKey = [];

    private static OverviewModel Model(IReadOnlyList<StatsPoint> now, IReadOnlyList<StatsPoint>? then) => new()
    {
        From = From,
        To = From.Plus(TimeSpan.FromHours(1)),
        Now = From.Plus(TimeSpan.FromHours(1)),
        Step = Step.Minute,
        All = Group(now),
        By = Breakdown.None,
        Baseline = then is null ? null : new Baseline(BaselineKind.WeekAgo, Group(then), Breakdown.None),
    };

    private static StatsGroup Group(IReadOnlyList<StatsPoint> points) => new(
        NoKey,
        Figures(points.Sum(point => point.Figures.Calls), p95: points.Max(point => point.Figures.LatencyMs.P95) ?? 0) with { CostUsd = points.Sum(point => point.Figures.CostUsd) },
        points);

    private static IReadOnlyList<StatsPoint> Hour(Func<int, double>? p95 = null, Func<int, long>? calls = null) =>
    [
        .. Enumerable.Range(0, 60).Select(minute => new StatsPoint(
            From.Plus(TimeSpan.FromMinutes(minute)), Figures(calls?.Invoke(minute) ?? 10, p95: p95?.Invoke(minute) ?? 4_000) with { CostUsd = 0.01m })),
    ];

    private static Figures Figures(long calls, long errors = 0, double p95 = 4_000) => new()
    {
        Calls = calls,
        Errors = errors,
        Success = calls - errors,
        LatencyMs = calls == 0 ? Distribution.None : new Distribution(p95, p95, p95, p95, p95, p95),
    };
}
