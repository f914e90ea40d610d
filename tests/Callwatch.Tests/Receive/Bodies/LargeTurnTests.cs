using Callwatch.Receive.Bodies;
using Xunit;

namespace Callwatch.Tests.Receive.Bodies;

public sealed class LargeTurnTests
{
    private const int Large = LargeTurn.LargeBytes;

    private readonly LargeTurn line = new();

    [Fact]
    public async Task However_many_large_requests_of_one_tenant_wait_anothers_is_next_but_one()
    {
        var first = await TakenAsync(tenant: 1);
        var many = Enumerable.Range(0, 10).Select(_ => Wait(tenant: 1)).ToList();
        var other = Wait(tenant: 2);
        first.Dispose();
        Assert.True(await many[0].Turn);
        Assert.False(other.Turn.IsCompleted);
        many[0].Ticket.Dispose();
        Assert.True(await other.Turn);
        Assert.All(many[1..], waiting => Assert.False(waiting.Turn.IsCompleted));
        other.Ticket.Dispose();
        foreach (var waiting in many[1..])
        {
            Assert.True(await waiting.Turn);
            waiting.Ticket.Dispose();
        }
    }

    [Fact]
    public async Task Who_leaves_while_waiting_gives_the_turn_on()
    {
        var first = await TakenAsync(tenant: 1);
        using var leaving = new CancellationTokenSource();
        var gone = Wait(tenant: 2, leaving.Token);
        var next = Wait(tenant: 2);
        await leaving.CancelAsync();
        Assert.False(await gone.Turn);
        gone.Ticket.Dispose();
        first.Dispose();
        Assert.True(await next.Turn);
        next.Ticket.Dispose();
        (await TakenAsync(tenant: 3)).Dispose();
    }

    [Fact]
    public async Task What_is_read_as_a_tree_needs_the_turn_sooner()
    {
        using var first = await TakenAsync(tenant: 1);
        using var text = new LargeTurn.Ticket(line, 1);
        Assert.True(await text.TryTakeAsync(LargeTurn.LargeTreeBytes, TestContext.Current.CancellationToken));
        using var leaving = new CancellationTokenSource();
        using var tree = new LargeTurn.Ticket(line, 1, LargeTurn.LargeTreeBytes);
        var waiting = tree.TryTakeAsync(LargeTurn.LargeTreeBytes, leaving.Token);
        Assert.False(waiting.IsCompleted);
        await leaving.CancelAsync();
        Assert.False(await waiting);
    }

    private async Task<LargeTurn.Ticket> TakenAsync(int tenant)
    {
        var ticket = new LargeTurn.Ticket(line, tenant);
        Assert.True(await ticket.TryTakeAsync(Large, TestContext.Current.CancellationToken));
        return ticket;
    }

    private (LargeTurn.Ticket Ticket, Task<bool> Turn) Wait(int tenant, CancellationToken? cancel = null)
    {
        var ticket = new LargeTurn.Ticket(line, tenant);
        return (ticket, ticket.TryTakeAsync(Large, cancel ?? TestContext.Current.CancellationToken).AsTask());
    }
}
