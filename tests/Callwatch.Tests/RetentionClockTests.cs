using System.Globalization;
using System.Text;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests;

public sealed class RetentionClockTests : IDisposable
{
    private readonly TempFolder temp = new();
    private readonly ManualTime time = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void A_leap_ahead_is_doubted_for_as_long_as_it_is_at_most_for_a_day()
    {
        var clock = Open();
        foreach (var (leap, doubt) in ((double, double)[])[(0.5, 0), (5, 5), (72, 24), (24 * 365 * 30, 24)])
        {
            var before = time.GetUtcNow();
            time.Leap(TimeSpan.FromHours(leap));
            if (doubt > 0)
            {
                Assert.Equal(before, clock.GetUtcNow());
                time.Advance(TimeSpan.FromHours(doubt) - TimeSpan.FromSeconds(1));
                Assert.Equal(before + TimeSpan.FromHours(doubt) - TimeSpan.FromSeconds(1), clock.GetUtcNow());
                time.Advance(TimeSpan.FromSeconds(1));
            }

            Assert.Equal(time.GetUtcNow(), clock.GetUtcNow());
        }
    }

    [Fact]
    public void A_clock_that_goes_back_is_followed_at_once_and_one_that_was_wrong_for_hours_was_never_believed()
    {
        var clock = Open();
        time.Leap(TimeSpan.FromHours(-1));
        Assert.Equal(time.GetUtcNow(), clock.GetUtcNow());
        time.Leap(TimeSpan.FromHours(1));
        Assert.Equal(time.GetUtcNow(), clock.GetUtcNow());
        var right = time.GetUtcNow();
        time.Leap(TimeSpan.FromDays(3));
        for (var hour = 0; hour < 20; hour++)
        {
            Assert.InRange(clock.GetUtcNow(), right, right.AddHours(21));
            time.Advance(TimeSpan.FromHours(1));
        }

        time.Leap(TimeSpan.FromDays(-3));
        Assert.Equal(time.GetUtcNow(), clock.GetUtcNow());

        // The next leap begins anew.
        time.Leap(TimeSpan.FromDays(3));
        time.Advance(TimeSpan.FromHours(20));
        Assert.Equal(right.AddHours(40), clock.GetUtcNow());
    }

    [Fact]
    public void A_leap_while_nothing_runs_is_doubted_too_and_the_doubt_is_not_begun_anew_by_each_start()
    {
        Open().Save();
        time.Leap(TimeSpan.FromDays(30));
        var believed = time.GetUtcNow();
        for (var start = 0; start < 4; start++)
        {
            var clock = Open();
            Assert.True(clock.GetUtcNow() < believed.AddDays(-25));
            time.Advance(TimeSpan.FromHours(7));
            clock.Save();
        }

        Assert.Equal(time.GetUtcNow(), Open().GetUtcNow());
    }

    [Fact]
    public void A_stop_of_less_than_an_hour_costs_no_patience()
    {
        Open().Save();
        time.Leap(TimeSpan.FromMinutes(50));
        Assert.Equal(time.GetUtcNow(), Open().GetUtcNow());
    }

    [Fact]
    public void A_folder_without_the_file_begins_with_its_newest_record()
    {
        var newest = time.GetUtcNow();
        time.Leap(TimeSpan.FromDays(100));
        Assert.Equal(newest, Open(newest).GetUtcNow());
        Assert.Equal(time.GetUtcNow(), Open(newest: null).GetUtcNow());
        // Received when the clock stood too far on.
        Assert.Equal(time.GetUtcNow(), Open(time.GetUtcNow().AddDays(9)).GetUtcNow());
    }

    [Fact]
    public async Task A_file_of_any_bytes_is_read_or_passed_over()
    {
        var good = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow().UtcDateTime:O} 300\n"));
        await Fuzz.ReadAsync(1, 1_000, [good], bytes =>
        {
            File.WriteAllBytes(temp.At("clock"), bytes);
            Assert.True(Open().GetUtcNow() <= time.GetUtcNow());
        });
    }

    private RetentionClock Open(DateTimeOffset? newest = null) => new(time, temp.At("clock"), () => newest, NullLogger.Instance);
}
