using Callwatch.Forward;
using Callwatch.Forward.Lanes;
using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Forward.Lanes;

/// <summary>Whose turn it is when a request fails, and when a row of failures can no longer be chance.</summary>
public sealed class PartQueueTests
{
    private readonly ManualTime time = new();
    private readonly Gate gate;

    public PartQueueTests() => gate = new Gate(new ForwardOptions(), new Random(7), time);

    [Fact]
    public void One_that_failed_lets_the_next_go_first_but_nothing_of_its_own_trace()
    {
        var (a, sameTrace, b, c) = (Of(1), Of(1), Of(2), Of(3));
        var queue = new PartQueue([a, sameTrace, b, c]);
        Assert.Same(a, queue.Take(0));
        Assert.True(queue.PutBack(a, 0));
        Assert.Same(b, queue.Take(0));
        Assert.Same(a, queue.Take(0));
        Assert.Same(sameTrace, queue.Take(0));
        Assert.Same(c, queue.Take(0));
        Assert.Null(queue.Take(0));
    }

    [Fact]
    public void One_with_a_part_of_a_trace_that_waits_overtakes_nothing_of_it()
    {
        var (a, mixed, b) = (Of(1), Of(1, 2), Of(2));
        var queue = new PartQueue([a, mixed, b]);
        queue.Take(0);
        Assert.False(queue.PutBack(a, 0));
        Assert.Equal([a, mixed, b], [queue.Take(0), queue.Take(0), queue.Take(0)]);
    }

    [Fact]
    public void One_whose_time_has_not_come_keeps_nobody_else()
    {
        var (a, b) = (Of(1), Of(2));
        a.NotBefore = 100;
        var queue = new PartQueue([a, b]);
        Assert.Same(b, queue.Take(99));
        Assert.Null(queue.Take(99));
        Assert.Equal((1, 100), (queue.Count, queue.NextAfter(99)));
        Assert.Same(a, queue.Take(100));
    }

    [Theory]
    [InlineData(16, 1, false)]
    [InlineData(17, 1, true)]
    [InlineData(10, 3, false)]
    [InlineData(11, 3, true)]
    [InlineData(6, 20, true)]
    [InlineData(2, 1_000, false)]
    public async Task Among_healthy_others_a_handful_of_failures_is_enough(int failures, int othersBetween, bool isFound) =>
        Assert.Equal(isFound, await ChanceAsync(failures, othersBetween, failuresOfOthers: 0) < 1e-9);

    [Theory]
    [InlineData(15, 1, 1, false)]
    [InlineData(25, 20, 1, false)]
    [InlineData(50, 20, 1, true)]
    [InlineData(100, 20, 9, false)]
    [InlineData(300, 20, 9, true)]
    public async Task Where_others_fail_as_often_before_they_pass_it_takes_a_row_that_such_a_platform_does_not_make(int failures, int othersBetween, int failuresOfOthers, bool isFound) =>
        Assert.Equal(isFound, await ChanceAsync(failures, othersBetween, failuresOfOthers) < 1e-9);

    [Fact]
    public void Failures_while_nothing_passes_prove_nothing_however_many()
    {
        var part = Of(1);
        for (var i = 0; i < 10_000; i++) Assert.False(part.Failed(gate));
        Assert.Equal((0, 1.0), (part.Row!.Length, part.Row.Chance(gate)));
    }

    // Each other request fails so often before it passes.
    private async Task<double> ChanceAsync(int failures, int othersBetween, int failuresOfOthers)
    {
        var part = Of(1);
        part.Failed(gate);
        for (var i = 0; i < failures; i++)
        {
            for (var other = 0; other < othersBetween; other++) gate.Succeeded(await gate.EnterAsync(TestContext.Current.CancellationToken), failuresOfOthers);
            Assert.True(part.Failed(gate));
        }

        return part.Row!.Chance(gate);
    }

    private static Part Of(params ulong[] traces) => new([.. traces.Select(trace => new Outgoing(
        new OutboundItem { Route = "lines", TraceId = A.TraceId(trace), SpanIds = [new SpanId(1)], Payload = default }, 1, default))]);
}
