using Callwatch.Spans;
using Xunit;

namespace Callwatch.Tests;

public sealed class TimestampTests
{
    [Theory]
    [InlineData("2026-09-17T13:42:00Z", "2026-09-17T13:42:00Z")]
    [InlineData("2026-09-17T13:42:00.000000001Z", "2026-09-17T13:42:00.000000001Z")]
    [InlineData("2026-09-17T15:42:00.5+02:00", "2026-09-17T13:42:00.5Z")]
    [InlineData("2026-09-17t13:42:00z", "2026-09-17T13:42:00Z")]
    public void Reads_rfc_3339_with_a_zone(string text, string expected)
    {
        Assert.True(Timestamp.TryParse(text, out var time));
        Assert.Equal(expected, time.ToString());
    }

    [Theory]
    [InlineData("2026-09-17T13:42:00")]
    [InlineData("2026-09-17")]
    [InlineData("")]
    [InlineData("2026-09-17T13:42:00.Z")]
    [InlineData("2026-09-17T13:42:00.0000000001Z")]
    [InlineData("1969-12-31T23:59:59Z")]
    [InlineData("yesterday")]
    public void Refuses_what_names_no_moment(string text) => Assert.False(Timestamp.TryParse(text, out _));
}
