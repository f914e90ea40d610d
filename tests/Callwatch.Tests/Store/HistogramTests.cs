using Callwatch.Store.Rollups;
using Xunit;

namespace Callwatch.Tests.Store;

public sealed class HistogramTests
{
    private static readonly double[] Shares = [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Quantiles_are_within_one_percent_of_the_exact_ones(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 50; round++)
        {
            var values = SomeValues(random);
            var histogram = Of(values);
            Array.Sort(values);
            foreach (var share in Shares)
            {
                var exact = values[Math.Max(1, (int)Math.Ceiling(share * values.Length)) - 1];
                Assert.InRange(histogram.Quantile(share)!.Value, exact * 0.99, exact * 1.01);
            }
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public void What_was_merged_can_be_taken_away_again(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 50; round++)
        {
            var (first, second) = (SomeValues(random), SomeValues(random));
            var sum = Of(first);
            sum.Merge(Of(second));
            Assert.Equal(Of([.. first, .. second]).Contents, sum.Contents);
            sum.Subtract(Of(second));
            Assert.Equal(Of(first).Contents, sum.Contents);
            Assert.Equal(first.Length, sum.Count);
            foreach (var value in first) sum.Subtract(value);
            Assert.Equal(0, sum.Buckets);
            Assert.Null(sum.Quantile(0.5));
        }
    }

    [Fact]
    public void A_blob_says_the_same_as_the_histogram_and_is_small()
    {
        var random = new Random(7);
        for (var round = 0; round < 100; round++)
        {
            var histogram = Of(SomeValues(random));
            var read = Histogram.Read(histogram.ToBlob());
            Assert.Equal(histogram.Contents, read.Contents);
            Assert.Equal(histogram.Count, read.Count);
            Assert.InRange(histogram.ToBlob().Length, 0, 8 + (histogram.Buckets * 4));
        }
    }

    [Fact]
    public void Sums_say_the_same_as_the_histogram_of_all_values_whatever_they_are_added_from()
    {
        var random = new Random(17);
        for (var round = 0; round < 100; round++)
        {
            var sum = new HistogramSum();
            var all = new List<long>();
            for (var part = random.Next(4); part >= 0; part--)
            {
                var values = SomeValues(random);
                all.AddRange(values);
                switch (random.Next(3))
                {
                    case 0:
                        sum.Merge(Of(values).ToBlob());
                        break;
                    case 1:
                        foreach (var value in values) sum.Add(value);
                        break;
                    default:
                        var other = new HistogramSum();
                        other.Merge(Of(values).ToBlob());
                        sum.Merge(other);
                        sum.Merge(new HistogramSum());
                        break;
                }
            }

            var (told, room) = (new double[Shares.Length], new byte[sum.MostBytes]);
            Assert.True(sum.Quantiles(Shares, told));
            Assert.Equal(Shares.Select(share => Of(all).Quantile(share)!.Value), told);
            Assert.Equal(all.Count, sum.Count);
            Assert.Equal(Of(all).ToBlob(), room[..sum.Write(room)]);
        }

        Assert.False(new HistogramSum().Quantiles(Shares, new double[Shares.Length]));
    }

    [Fact]
    public void Nothing_and_nonsense_read_as_empty()
    {
        Assert.Equal(0, Histogram.Read([]).Count);
        Assert.Empty(new Histogram().ToBlob());
        Assert.Equal(0, Histogram.Read([9, 9, 9]).Count);
    }

    [Fact]
    public void The_greatest_values_are_known_after_the_greatest_went()
    {
        var random = new Random(3);
        for (var round = 0; round < 2_000; round++)
        {
            var top = default(TopValues);
            var all = new List<long>();
            for (var step = 0; step < 30; step++)
            {
                if (all.Count > 0 && random.Next(3) == 0)
                {
                    var gone = all[random.Next(all.Count)];
                    all.Remove(gone);
                    top.Remove(gone);
                }
                else
                {
                    all.Add(random.Next(20));
                    top.Add(all[^1]);
                }

                // As the writer does when it must: the rows are asked, and the value at least is right again.
                if (!top.Known) top = TopValues.Of(all.Count == 0 ? 0 : all.Max(), all.Count);
                Assert.Equal(all.Count == 0 ? 0 : all.Max(), top.Max);
            }
        }
    }

    // From a microsecond to hours in nanoseconds, now a few, now many, with repeats.
    private static long[] SomeValues(Random random) =>
        [.. Enumerable.Range(0, random.Next(1, 400)).Select(_ => random.Next(20) == 0 ? 1_000_000_000 : (long)Math.Exp(random.NextDouble() * 30) + 1)];

    private static Histogram Of(IEnumerable<long> values)
    {
        var histogram = new Histogram();
        foreach (var value in values) histogram.Add(value);
        return histogram;
    }
}
