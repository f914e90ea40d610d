using Callwatch.Receive.Bodies;
using Xunit;

namespace Callwatch.Tests.Receive.Bodies;

public sealed class InFlightBytesTests
{
    [Fact]
    public void A_tenant_that_holds_much_leaves_room_for_all_others()
    {
        var budget = new InFlightBytes(8_000, () => true);
        Assert.Equal(6_000, TakeAll(budget, tenant: 1, step: 100));
        Assert.True(budget.TryTake(2, 500));
        Assert.False(budget.TryTake(1, 100));

        // What it gives back it may have again.
        budget.Give(1, 5_000);
        Assert.True(budget.TryTake(1, 100));
    }

    [Fact]
    public void Several_that_hold_all_they_can_get_leave_some_for_one_more()
    {
        var budget = new InFlightBytes(1_000_000, () => true);
        for (var tenant = 1; tenant <= 6; tenant++) Assert.True(TakeAll(budget, tenant, step: 1) > 0, $"tenant {tenant}");
        Assert.True(budget.TryTake(7, 100));
    }

    [Fact]
    public void Where_there_is_one_tenant_it_may_hold_all()
    {
        var budget = new InFlightBytes(8_000, () => false);
        Assert.Equal(8_000, TakeAll(budget, tenant: 1, step: 100));
        budget.Give(1, 8_000);
        Assert.Equal(0, budget.Held);
    }

    [Fact]
    public void The_one_large_request_that_has_its_turn_may_need_more_than_a_share_and_never_more_than_there_is()
    {
        var budget = new InFlightBytes(8_000, () => true);
        Assert.False(budget.TryTake(1, 7_000));
        Assert.True(budget.TryTake(1, 7_000, hasTurn: true));
        Assert.False(budget.TryTake(1, 1_001, hasTurn: true));
    }

    private static long TakeAll(InFlightBytes budget, int tenant, int step)
    {
        var taken = 0L;
        while (budget.TryTake(tenant, step)) taken += step;
        return taken;
    }
}
