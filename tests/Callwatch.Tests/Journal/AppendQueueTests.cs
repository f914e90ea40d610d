using Callwatch.Journal.Writing;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Journal;

/// <summary>What waits for the disk, by tenant: one that sends more than the disk takes makes nobody else wait.</summary>
public sealed class AppendQueueTests
{
    [Fact]
    public void Tenants_are_written_in_turn_and_each_in_its_own_order()
    {
        var queue = new AppendQueue(100, 1 << 20);
        foreach (var (tenant, text) in ((int, string)[])[(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (2, "b2"), (3, "c1")]) Assert.True(Add(queue, tenant, text));
        Assert.Equal(["a1", "b1", "c1", "a2", "b2", "a3"], Take(queue).Select(TextOf));
    }

    [Fact]
    public void A_tenant_that_fills_the_queue_leaves_room_for_others_while_they_are_about()
    {
        var queue = new AppendQueue(80, 1 << 20);
        Assert.True(Add(queue, 2, "somebody else"));
        var taken = 0;
        while (Add(queue, 1, "more")) taken++;
        Assert.InRange(taken, 50, 60);
        for (var i = 0; i < 5; i++) Assert.True(Add(queue, 2, "still room"));
        Assert.True(Add(queue, 3, "for a third, too"));
    }

    [Fact]
    public void The_same_holds_for_bytes()
    {
        var queue = new AppendQueue(1_000, 80_000);
        Assert.True(Add(queue, 2, "somebody else"));
        var taken = 0;
        while (Add(queue, 1, new string('x', 936))) taken++;
        Assert.InRange(taken, 50, 60);
        Assert.True(Add(queue, 2, new string('x', 936)));
    }

    [Fact]
    public void Who_is_alone_may_have_the_whole_queue()
    {
        var queue = new AppendQueue(80, 1 << 20);
        for (var i = 0; i < 80; i++) Assert.True(Add(queue, 1, "mine"));
        Assert.False(Add(queue, 1, "too many"));
    }

    [Fact]
    public void Answered_requests_give_their_room_back()
    {
        var queue = new AppendQueue(10, 1 << 20);
        for (var round = 0; round < 100; round++)
        {
            for (var i = 0; i < 5; i++) Assert.True(Add(queue, 1 + (i % 2), "x"));
            var group = Take(queue);
            Assert.Equal((5, 5), (group.Count, queue.Count));
            queue.Release(group);
            Assert.Equal(0, queue.Count);
        }
    }

    private static bool Add(AppendQueue queue, int tenant, string text) => queue.TryAdd(new PendingAppend([TestJournal.Entry(text) with { TenantId = tenant }]), out _);

    private static List<PendingAppend> Take(AppendQueue queue)
    {
        var group = new List<PendingAppend>();
        Assert.True(queue.Take(group, long.MaxValue));
        return group;
    }

    private static string TextOf(PendingAppend append) => System.Text.Encoding.UTF8.GetString(append.Entries[0].Payload.Span);
}
