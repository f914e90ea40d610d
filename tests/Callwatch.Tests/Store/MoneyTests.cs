using System.Globalization;
using Callwatch.Store;
using Xunit;

namespace Callwatch.Tests.Store;

public sealed class MoneyTests
{
    [Fact]
    public void What_was_stored_comes_back_to_the_last_of_twelve_decimals_and_without_zeros_behind_it()
    {
        var random = new Random(1);
        for (var round = 0; round < 20_000; round++)
        {
            var pico = random.NextInt64(-1_000_000_000_000_000_000, 1_000_000_000_000_000_000) / (long)Math.Pow(10, random.Next(18)) * (long)Math.Pow(10, random.Next(4));
            var usd = Money.ToUsd(pico);
            Assert.Equal(pico / 1_000_000_000_000m, usd);
            Assert.Equal((pico / 1_000_000_000_000m).ToString("0.############", CultureInfo.InvariantCulture), usd.ToString(CultureInfo.InvariantCulture));
            Assert.Equal(usd, Money.ToUsd((Int128)pico));
            if (Math.Abs(usd) <= Money.MostUsd) Assert.Equal(pico, Money.ToPico(usd));
        }
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "0.000000000001")]
    [InlineData(-1, "-0.000000000001")]
    [InlineData(1_000_000_000_000, "1")]
    [InlineData(10_000_000_000_000, "10")]
    [InlineData(long.MaxValue, "9223372.036854775807")]
    [InlineData(long.MinValue, "-9223372.036854775808")]
    public void The_ends_of_the_range_are_right_too(long pico, string usd) => Assert.Equal(usd, Money.ToUsd(pico).ToString(CultureInfo.InvariantCulture));

    [Fact]
    public void Sums_beyond_64_bits_are_exact() => Assert.Equal(18_446_744.073709551614m, Money.ToUsd((Int128)long.MaxValue * 2));
}
