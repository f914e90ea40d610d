using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests;

public sealed class MemoryKeeperTests
{
    [Fact]
    public Task Large_arrays_that_are_read_and_forgotten_are_looked_for_before_many_come_together()
    {
        var before = GC.CollectionCount(GC.MaxGeneration);
        return Eventually.HoldsAsync(
            () =>
            {
                MemoryKeeper.Read(64L << 20);
                return GC.CollectionCount(GC.MaxGeneration) > before;
            },
            "garbage is looked for");
    }

    [Fact]
    public void However_much_is_read_some_time_lies_between_two_looks_and_one_of_many_who_ask_looks()
    {
        long last = 0;
        var rest = TimeSpan.FromMilliseconds(250);
        Assert.Equal([false, true, false, false, true], ((long[])[249, 250, 250, 499, 500]).Select(now => MemoryKeeper.IsDue(ref last, now, rest)));
        var looked = 0;
        Parallel.For(0, 100, _ =>
        {
            if (MemoryKeeper.IsDue(ref last, 10_000, rest)) Interlocked.Increment(ref looked);
        });
        Assert.Equal((1, 10_000), (looked, last));
    }
}
