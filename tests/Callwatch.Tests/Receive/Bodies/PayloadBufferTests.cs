using Callwatch.Receive.Bodies;
using Xunit;

namespace Callwatch.Tests.Receive.Bodies;

public sealed class PayloadBufferTests
{
    [Fact]
    public void Keeps_what_is_written_while_it_grows_out_of_pooled_memory()
    {
        var budget = new InFlightBytes(200 << 20);
        using (var buffer = new PayloadBuffer(budget, 100 << 20))
        {
            var part = Enumerable.Range(0, 700_001).Select(i => (byte)(i % 251)).ToArray();
            for (var i = 0; i < 100; i++) buffer.Append(part);
            Assert.Equal(100 * part.Length, buffer.Length);
            for (var i = 0; i < 100; i++) Assert.True(buffer.Memory.Span.Slice(i * part.Length, part.Length).SequenceEqual(part));
            Assert.InRange(budget.Held, buffer.Length, buffer.Length + (64 * 1024));
        }

        Assert.Equal(0, budget.Held);
    }

    [Fact]
    public void Writes_nothing_more_once_it_may_not_grow()
    {
        using var buffer = new PayloadBuffer(budget: null, 10);
        buffer.Append(new byte[10]);
        Assert.Equal(BufferTrouble.None, buffer.Trouble);
        buffer.Append(1);
        Assert.Equal((BufferTrouble.OverLimit, 10), (buffer.Trouble, buffer.Length));
        Assert.True(buffer.Free(0).IsEmpty);
    }

    [Fact]
    public void A_buffer_counts_for_its_tenant()
    {
        var budget = new InFlightBytes(1 << 20, () => true);
        using var greedy = new PayloadBuffer(budget, 1 << 20, tenantId: 1);
        using var modest = new PayloadBuffer(budget, 1 << 20, tenantId: 2);
        greedy.Append(new byte[(1 << 20) - (1 << 16)]);
        Assert.Equal(BufferTrouble.OverBudget, greedy.Trouble);
        greedy.Dispose();
        modest.Append(new byte[1 << 16]);
        Assert.Equal(BufferTrouble.None, modest.Trouble);
    }

    [Fact]
    public void Buffers_share_one_budget()
    {
        var budget = new InFlightBytes(100_000);
        using var first = new PayloadBuffer(budget, 90_000);
        using var second = new PayloadBuffer(budget, 90_000);
        first.Append(new byte[90_000]);
        second.Append(new byte[20_000]);
        Assert.Equal((BufferTrouble.None, BufferTrouble.OverBudget), (first.Trouble, second.Trouble));
        first.Dispose();
        using var third = new PayloadBuffer(budget, 90_000);
        third.Append(new byte[20_000]);
        Assert.Equal(BufferTrouble.None, third.Trouble);
    }
}
