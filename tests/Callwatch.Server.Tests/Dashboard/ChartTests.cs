using Callwatch.Dashboard.Charts;
using Callwatch.Spans;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard;

public sealed class ChartTests
{
    [Theory]
    [InlineData(0, "0 0.25 0.50 0.75 1.00")]
    [InlineData(268, "0 100 200 300")]
    [InlineData(11.4, "0 5 10 15")]
    [InlineData(1.2, "0 0.5 1.0 1.5")]
    [InlineData(0.00034, "0 0.0001 0.0002 0.0003 0.0004")]
    [InlineData(1_000_000, "0 250,000 500,000 750,000 1,000,000")]
    public void The_axis_has_few_round_numbers_and_reaches_the_highest_value(double highest, string labels)
    {
        var axis = ValueAxis.For(highest);
        Assert.Equal(labels, string.Join(' ', axis.Labels));
        Assert.True(axis.Top >= highest);
    }

    [Theory]
    [InlineData(1, "0 1")]
    [InlineData(3, "0 1 2 3")]
    [InlineData(7, "0 2 4 6 8")]
    public void Counts_have_no_half_ticks(double highest, string labels) =>
        Assert.Equal(labels, string.Join(' ', ValueAxis.For(highest, wholeNumbers: true).Labels));

    [Fact]
    public void Any_highest_value_gives_an_axis()
    {
        for (var exponent = -12; exponent < 15; exponent++)
        {
            foreach (var factor in new[] { 1, 1.01, 2.49, 3, 4.999, 9.99 })
            {
                var axis = ValueAxis.For(factor * Math.Pow(10, exponent));
                Assert.InRange(axis.Ticks.Count, 2, 6);
                Assert.Equal(axis.Labels.Distinct().Count(), axis.Labels.Count);
            }
        }
    }

    [Fact]
    public void A_line_breaks_where_nothing_is_known_and_a_lonely_value_is_still_seen()
    {
        double[] places = [0.1, 0.3, 0.5, 0.7, 0.9];
        Assert.Equal("M100 50L300 0M620 50H780", Paths.Line(places, [1, 2, null, 1, null], 2));
        Assert.Equal("", Paths.Line(places, [null, null, null, null, null], 2));
    }

    [Fact]
    public void Geometry_stays_in_its_box_whatever_the_values()
    {
        var path = Paths.Area([-1, 0.5, 3], [1e30, -5, double.MaxValue], null, 10);
        Assert.All(path.Split(['M', 'L', 'H', 'V', 'Z', ' '], StringSplitOptions.RemoveEmptyEntries), number => Assert.InRange(double.Parse(number), 0, 1000));
    }

    [Fact]
    public void A_stack_stands_on_what_is_below()
    {
        var chart = Chart([new Series("a", "c1", Stroke.Area, [1, null]), new Series("b", "c2", Stroke.Area, [2, 3])]) with { Stacked = true };
        Assert.Equal([1d, 0d], chart.Heights()[0]);
        Assert.Equal([3d, 3d], chart.Heights()[1]);
    }

    [Fact]
    public void The_time_axis_stands_on_round_times()
    {
        var from = Timestamp.FromUnixSeconds(1_789_644_600); // 2026-09-17 11:30 UTC
        var labels = TimeAxis.For(from, from.Plus(TimeSpan.FromHours(3)));
        Assert.Equal(["11:30", "12:00", "12:30", "13:00", "13:30", "14:00", "14:30"], labels.Select(label => label.Label));
        Assert.Equal(1, labels[^1].Place);
        Assert.InRange(TimeAxis.For(from, from.Plus(TimeSpan.FromDays(400))).Count, 2, 8);
        Assert.Empty(TimeAxis.For(from, from));
    }

    [Theory]
    [InlineData(300, false, "d MMM")]
    [InlineData(500, false, "MMM yyyy")]
    [InlineData(500, true, "yyyy-MM")]
    [InlineData(3_660, false, "MMM yyyy")]
    public void Below_more_than_a_year_stand_years_and_never_more_than_there_is_room_for(int days, bool inNumbers, string form)
    {
        var from = Timestamp.FromUnixSeconds(1_789_644_600);
        var labels = TimeAxis.For(from, from.Plus(TimeSpan.FromDays(days)), 7, inNumbers: inNumbers);
        Assert.InRange(labels.Count, 2, 8);
        Assert.All(labels, label => Assert.True(DateTime.TryParseExact(label.Label, form, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.None, out _), label.Label));
    }

    [Fact]
    public void Names_in_the_data_cannot_leave_their_attribute()
    {
        var json = ChartData.Json(Chart([new Series("</div><script>\u202E", "c1", Stroke.Line, [1, double.NaN])]), 1);
        Assert.DoesNotContain("<", json, StringComparison.Ordinal);
        Assert.DoesNotContain("\u202E", json, StringComparison.Ordinal);
        Assert.Contains("[1,null]", json, StringComparison.Ordinal);
    }

    private static TimeChart Chart(IReadOnlyList<Series> series)
    {
        var from = Timestamp.FromUnixSeconds(1_789_644_600);
        return new TimeChart
        {
            Title = "",
            Unit = "",
            Spoken = "",
            From = from,
            To = from.Plus(TimeSpan.FromMinutes(2)),
            Step = TimeSpan.FromMinutes(1),
            Times = [from, from.Plus(TimeSpan.FromMinutes(1))],
            Series = series,
        };
    }
}
