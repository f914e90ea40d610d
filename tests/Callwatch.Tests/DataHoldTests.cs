using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests;

public sealed class DataHoldTests
{
    [Fact]
    public void While_a_backup_holds_nothing_is_removed_and_afterwards_it_is()
    {
        using var hold = new DataHold();
        using (hold.Take()) Assert.Null(hold.TryRemove());
        using var leave = hold.TryRemove();
        Assert.NotNull(leave);
    }

    [Fact]
    public async Task A_backup_waits_for_what_is_being_removed()
    {
        using var hold = new DataHold();
        var leave = hold.TryRemove()!;
        var taken = Task.Run(hold.Take, TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(
            () =>
            {
                using var another = hold.TryRemove();
                return another is null;
            },
            "the backup asks");
        Assert.False(taken.IsCompleted);
        leave.Dispose();
        (await taken.WithPatience("the backup goes on")).Dispose();
    }

    [Fact]
    public void A_disk_without_room_ends_the_backup()
    {
        using var hold = new DataHold();
        hold.Break();
        using var held = hold.Take();
        Assert.False(held.Broken.IsCancellationRequested);
        hold.Break();
        Assert.True(held.Broken.IsCancellationRequested);
    }
}
