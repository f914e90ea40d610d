using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Xunit;

namespace Callwatch.Tests.Store;

public sealed class TraceFilterTests
{
    [Theory]
    [InlineData(1_000, true)]
    [InlineData(100_000, true)]
    [InlineData(100_000, false)]
    public void What_was_added_is_always_found_and_little_else(int traces, bool random)
    {
        var filter = new TraceFilter();
        var source = new Random(5);
        TraceId Id(int i) => random ? new TraceId((ulong)source.NextInt64(), (ulong)source.NextInt64()) : new TraceId(0, (ulong)i);
        var added = Enumerable.Range(0, traces).Select(Id).ToList();
        added.ForEach(filter.Add);
        Assert.All(added, id => Assert.True(filter.MayHold(id)));
        var wrong = Enumerable.Range(traces, 100_000).Select(Id).Count(filter.MayHold);
        Assert.InRange(wrong, 0, 800);
    }

    [Fact]
    public void A_kept_filter_says_the_same_and_half_a_one_says_nothing()
    {
        var filter = new TraceFilter();
        for (ulong i = 1; i < 20_000; i++) filter.Add(new TraceId(i, i));
        using var kept = new MemoryStream();
        filter.Save(kept);
        kept.Position = 0;
        var loaded = TraceFilter.Load(kept)!;
        for (ulong i = 1; i < 20_000; i++) Assert.True(loaded.MayHold(new TraceId(i, i)));
        Assert.Equal(filter.Count, loaded.Count);
        foreach (var length in new[] { 0, 3, 8, 100, (int)kept.Length - 1 }) Assert.Null(TraceFilter.Load(new MemoryStream(kept.ToArray()[..length])));
    }

    [Fact]
    public void An_empty_filter_holds_nothing() => Assert.False(new TraceFilter().MayHold(new TraceId(1, 2)));
}
