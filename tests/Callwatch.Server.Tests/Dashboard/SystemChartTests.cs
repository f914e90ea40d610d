using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.SystemState;
using Callwatch.Spans;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard;

/// <summary>The charts of the page System, from samples of counts.</summary>
public sealed class SystemChartTests
{
    private static readonly Timestamp Begin = Timestamp.FromUnixSeconds(1_789_644_600);

    [Fact]
    public void Rates_are_what_came_between_two_samples_by_the_second()
    {
        var charts = new SystemCharts([Sample(0, 100, 10), Sample(15, 400, 40), Sample(45, 1_000, 40)], Begin.Plus(TimeSpan.FromSeconds(45)), Words.English);
        Assert.Equal([20d, 20d], charts.Throughput().Series[0].Values);
        Assert.Equal([2d, 0d], charts.Throughput().Series[1].Values);
        Assert.Contains("900 spans stored and 30 requests received", charts.Throughput().Spoken, StringComparison.Ordinal);
    }

    [Fact]
    public void A_store_that_was_opened_anew_begins_at_nothing() =>
        Assert.Equal([0d], new SystemCharts([Sample(0, 100, 10), Sample(15, 40, 12)], Begin, Words.English).Throughput().Series[0].Values);

    [Fact]
    public void One_sample_makes_no_chart_and_two_do_not_fill_the_width()
    {
        var now = Begin.Plus(TimeSpan.FromSeconds(20));
        Assert.False(new SystemCharts([Sample(0, 1, 1)], now, Words.English).HasSome);
        var chart = new SystemCharts([Sample(0, 1, 1), Sample(15, 2, 2)], now, Words.English).Lag();
        Assert.True(chart.From <= now.Plus(TimeSpan.FromMinutes(-5)));
        Assert.False(chart.Zoomable);
    }

    private static SystemSample Sample(int second, long spans, long requests) => new(Begin.Plus(TimeSpan.FromSeconds(second)), requests, spans, 0.5, 100_000_000);
}
