using Callwatch.Dashboard.Charts;
using Callwatch.Dashboard.Frame;
using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Query;
using Callwatch.Spans;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard;

public sealed class ZoneTests
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Theory]
    [InlineData("2026-09-17T10:00:00Z", "2026-09-17T10:00:00Z")]
    [InlineData("2026-09-17T10:00", "2026-09-17T08:00:00Z")]
    [InlineData("2026-09-17T10:00:30", "2026-09-17T08:00:30Z")]
    [InlineData("2026-12-17", "2026-12-16T23:00:00Z")]
    [InlineData("2026-03-29T02:30", "2026-03-29T01:30:00Z")]
    public void A_time_without_a_zone_is_meant_in_the_one_that_is_chosen(string written, string moment)
    {
        Assert.True(Zones.TryParse(written, Berlin, out var time));
        Assert.Equal(moment, time.ToString());
    }

    [Fact]
    public void What_stands_in_a_field_is_read_as_the_moment_that_it_is()
    {
        Assert.True(Timestamp.TryParse("2026-09-17T22:30:15Z", out var time));
        foreach (var (zone, written) in new[] { (null, "2026-09-17T22:30:15Z"), (Berlin, "2026-09-18T00:30:15+02:00") })
        {
            Assert.Equal(written, Zones.Written(time, zone));
            Assert.True(Zones.TryParse(written, zone, out var read));
            Assert.Equal(time, read);
        }
    }

    [Theory]
    [InlineData("2026-10-25T00:30:00Z", "2026-10-25T02:30:00+02:00")]
    [InlineData("2026-10-25T01:30:00Z", "2026-10-25T02:30:00+01:00")]
    [InlineData("2026-12-17T10:00:00Z", "2026-12-17T11:00:00+01:00")]
    public void What_stands_in_a_field_is_the_same_moment_in_every_zone_and_in_the_hour_that_comes_twice(string moment, string written)
    {
        Assert.True(Timestamp.TryParse(moment, out var time));
        Assert.Equal(written, Zones.Written(time, Berlin));
        foreach (var zone in new[] { null, Berlin, TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai") })
        {
            Assert.True(Zones.TryParse(written, zone, out var read));
            Assert.Equal(time, read);
        }
    }

    [Theory]
    [InlineData("Europe/Berlin", "Europe/Berlin")]
    [InlineData("UTC", null)]
    [InlineData("../../etc/passwd", null)]
    [InlineData(null, "Asia/Shanghai")]
    public void A_form_is_read_in_the_zone_of_its_page_whatever_was_chosen_since(string? ofPage, string? read)
    {
        var form = new FormCollection(ofPage is null ? [] : new Dictionary<string, StringValues> { ["tz"] = ofPage });
        var visit = new Visit
        {
            Place = new Place { Path = "/" },
            Words = Words.English,
            Zone = TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai"),
            PathBase = "",
            Origin = "",
            Now = default,
            Scope = new ReadScope(1),
        };
        Assert.Equal(read, visit.InZoneOf(form).Zone?.Id);
    }

    [Theory]
    [InlineData("2026-09-17T09:00:00Z", "09:00:00")]
    [InlineData("2026-09-16T09:00:00Z", "09-16 09:00:00")]
    [InlineData("2025-12-31T09:00:00Z", "12-31 09:00:00")]
    [InlineData("2025-09-17T09:00:00Z", "2025-09-17 09:00:00")]
    [InlineData("2028-09-17T09:00:00Z", "2028-09-17 09:00:00")]
    public void A_short_time_has_the_year_where_its_day_could_be_of_another(string moment, string shown)
    {
        Assert.True(Timestamp.TryParse(moment, out var time));
        Assert.True(Timestamp.TryParse("2026-09-17T10:00:00Z", out var now));
        Assert.Equal(shown, Clock.Short(time, now));
    }

    [Theory]
    [InlineData("UTC")]
    [InlineData("")]
    [InlineData("Mars/Olympus")]
    [InlineData("../../etc/passwd")]
    public void What_is_no_zone_is_utc(string name) => Assert.Null(Zones.Find(name));

    [Fact]
    public void Moments_are_shown_by_the_clock_of_the_zone()
    {
        Assert.True(Timestamp.TryParse("2026-09-17T22:30:15.250Z", out var time));
        Assert.Equal("00:30:15", Clock.Time(time, Berlin));
        Assert.Equal("2026-09-18 00:30:15.250 +02:00", Clock.Full(time, Berlin));
        Assert.Equal("2026-09-17 22:30:15.250 UTC", Clock.Full(time));
        Assert.Equal("Fri 18 Sep 2026, 00:30–01:30 Berlin", Clock.Range(time.Plus(TimeSpan.FromSeconds(-15)), time.Plus(TimeSpan.FromMinutes(60)), Words.English, Berlin));
        Assert.Equal("2026-09-18T00:30:15", Clock.Field(time, Berlin));
    }

    [Theory]
    [InlineData("2026-03-28T23:00:00Z", "2026-03-31T22:00:00Z")]
    [InlineData("2026-10-24T22:00:00Z", "2026-10-27T23:00:00Z")]
    public void Days_below_a_chart_begin_at_midnight_also_where_the_clocks_change(string from, string to)
    {
        Assert.True(Timestamp.TryParse(from, out var start));
        Assert.True(Timestamp.TryParse(to, out var end));
        var marks = TimeAxis.For(start, end, 4, Berlin);
        Assert.All(marks, mark => Assert.InRange(Clock.In(start.Plus((end.ToDateTimeOffset() - start.ToDateTimeOffset()) * mark.Place), Berlin).AddSeconds(30).TimeOfDay, TimeSpan.Zero, TimeSpan.FromMinutes(1)));
        Assert.Equal(4, marks.Count);
    }
}
