using Callwatch.Costs;
using Xunit;

namespace Callwatch.Tests.Costs;

public sealed class ForecastTests
{
    private static readonly DateOnly Today = new(2026, 9, 17);

    [Fact]
    public void Even_days_go_on_evenly()
    {
        var forecast = Forecast.Of(161m, Today, 0.1, Days(30, _ => 10m))!;
        // 0.9 of today and 13 days more, at 10 each.
        Assert.Equal(161m + 9m + 130m, forecast.Usd);
        Assert.Equal(forecast.Usd, forecast.LowUsd);
        Assert.Equal(forecast.Usd, forecast.HighUsd);
        Assert.Equal(14, forecast.Rest.Count);
    }

    [Fact]
    public void Weekends_are_told_apart_once_each_weekday_has_been_seen_twice()
    {
        var forecast = Forecast.Of(0m, Today, 0, Days(56, day => IsWeekend(day) ? 2m : 20m))!;
        Assert.Equal(2.0, (double)forecast.Rest.Single(day => day.Day == new DateOnly(2026, 9, 19)).Usd, 0.01);
        Assert.Equal(20.0, (double)forecast.Rest.Single(day => day.Day == new DateOnly(2026, 9, 21)).Usd, 0.01);
        Assert.InRange(forecast.Usd - forecast.Rest.Sum(day => day.Usd), -0.01m, 0.01m);
    }

    [Fact]
    public void Fewer_than_three_whole_days_say_nothing()
    {
        Assert.Null(Forecast.Of(5m, Today, 0.5, Days(2, _ => 10m)));
        Assert.Null(Forecast.Of(5m, Today, 0.5, Days(30, day => day < Today.AddDays(-2) ? 0m : 10m)));
        Assert.NotNull(Forecast.Of(5m, Today, 0.5, Days(3, _ => 10m)));
    }

    [Fact]
    public void What_began_to_cost_more_a_week_ago_is_seen_soon()
    {
        var forecast = Forecast.Of(0m, Today, 0, Days(28, day => day >= Today.AddDays(-7) ? 30m : 10m))!;
        Assert.InRange(forecast.Rest[0].Usd + forecast.Rest[1].Usd, 36m, 60m);
        Assert.True(forecast.HighUsd > forecast.Usd && forecast.LowUsd < forecast.Usd);
    }

    [Fact]
    public void The_last_evening_of_a_month_leaves_next_to_nothing_open()
    {
        var last = new DateOnly(2026, 9, 30);
        var forecast = Forecast.Of(300m, last, 0.99, [.. Enumerable.Range(1, 29).Select(day => (new DateOnly(2026, 9, day), 10m))])!;
        Assert.InRange(forecast.HighUsd - forecast.LowUsd, 0m, 1m);
        Assert.InRange(forecast.Usd, 300m, 300.2m);
    }

    [Fact]
    public void About_four_of_five_months_end_within_the_range()
    {
        var random = new Random(20_260_917);
        var within = 0;
        const int Months = 400;
        for (var month = 0; month < Months; month++)
        {
            decimal Of(DateOnly day) => (decimal)((IsWeekend(day) ? 40 : 100) * (1 + (0.25 * Normal(random))));
            var before = Days(45, Of);
            var rest = Enumerable.Range(0, 14).Sum(ahead => Of(Today.AddDays(ahead)));
            var forecast = Forecast.Of(0m, Today, 0, before)!;
            if (rest >= forecast.LowUsd && rest <= forecast.HighUsd) within++;
        }

        Assert.InRange(within / (double)Months, 0.72, 0.92);
    }

    private static List<(DateOnly, decimal)> Days(int count, Func<DateOnly, decimal> usd) => [.. Enumerable.Range(1, count).Select(back => Today.AddDays(back - count - 1)).Select(day => (day, usd(day)))];

    private static bool IsWeekend(DateOnly day) => day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
