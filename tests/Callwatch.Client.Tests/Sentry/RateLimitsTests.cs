using System.Text;
using Callwatch.Client.Sentry.Envelopes;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Client.Tests.Sentry;

public sealed class RateLimitsTests
{
    private readonly ManualTime time = new();

    [Fact]
    public void A_limit_is_of_its_categories_and_ends()
    {
        var limits = new RateLimits(time);
        limits.Take(200, "60:error;profile:organization:quota, 2.5:transaction:key", null);
        Assert.Equal((true, true, true, false), (limits.IsLimited("error"), limits.IsLimited("profile"), limits.IsLimited("transaction"), limits.IsLimited("default")));
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal((true, false), (limits.IsLimited("error"), limits.IsLimited("transaction")));
        time.Advance(TimeSpan.FromSeconds(58));
        Assert.False(limits.IsLimited("error"));
    }

    [Fact]
    public void Without_categories_everything_is_limited_and_the_longer_limit_stands()
    {
        var limits = new RateLimits(time);
        limits.Take(429, "100::organization", null);
        limits.Take(429, "5::organization, x:error, -3:error, 10:unheard_of:organization:why:spaces:more", null);
        time.Advance(TimeSpan.FromSeconds(50));
        Assert.True(limits.IsLimited("error") && limits.IsLimited("transaction"));
    }

    [Fact]
    public void A_limit_of_spans_holds_transactions_back()
    {
        var limits = new RateLimits(time);
        limits.Take(200, "60:span:key", null);
        Assert.Equal((true, false), (limits.IsLimited("transaction"), limits.IsLimited("error")));
    }

    [Theory]
    [InlineData(429, 7, 7)]
    [InlineData(429, null, 60)]
    [InlineData(429, -5, 60)]
    [InlineData(503, 7, 0)]
    public void Without_the_header_retry_after_counts_and_without_both_a_minute(int status, int? retryAfter, int seconds)
    {
        var limits = new RateLimits(time);
        limits.Take(status, null, retryAfter is { } asked ? TimeSpan.FromSeconds(asked) : null);
        if (seconds > 0) time.Advance(TimeSpan.FromSeconds(seconds - 0.5));
        Assert.Equal(seconds > 0, limits.IsLimited("error"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(limits.IsLimited("error"));
    }

    [Fact]
    public async Task Harmed_headers_never_throw()
    {
        byte[][] good = [.. ((string[])["60:error;transaction:organization:quota:custom, 2.5:span:key", "1e99::", "99999999:error", "2700:default;error;security:organization"]).Select(Encoding.UTF8.GetBytes)];
        await Fuzz.ReadAsync(12, 20_000, good, bytes =>
        {
            var limits = new RateLimits(time);
            limits.Take(200, Encoding.Latin1.GetString(bytes), null);
            limits.IsLimited("error");
        });
    }
}
