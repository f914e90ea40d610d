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
}
