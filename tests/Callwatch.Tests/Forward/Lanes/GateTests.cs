using Callwatch.Forward;
using Callwatch.Forward.Lanes;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Forward.Lanes;

/// <summary>The circuit breaker by itself.</summary>
public sealed class GateTests
{
    private static readonly PlatformWords Words = new(503, "busy");

    private readonly ManualTime time = new();
    private readonly Gate gate;

    public GateTests() => gate = new Gate(new ForwardOptions(), new Random(7), time);

    [Fact]
    public async Task In_health_everybody_enters_at_once()
    {
        for (var i = 0; i < 10; i++) Assert.False((await EnterAsync()).IsProbe);
        Assert.Null(gate.Trouble);
        Assert.Null(gate.NextAttempt);
    }

    [Fact]
    public async Task After_a_failure_one_looks_whether_it_has_passed_and_then_all_go_on()
    {
        gate.Failed(await EnterAsync(), Words, null, false);
        var waiting = Enumerable.Range(0, 5).Select(_ => EnterAsync()).ToList();
        Assert.Equal(LaneState.Retrying, gate.Trouble);
        await PassAsync();
        await Eventually.HoldsAsync(() => waiting.Count(one => one.IsCompleted) == 1, "one enters");
        var probe = await waiting.Single(one => one.IsCompleted);
        Assert.True(probe.IsProbe);
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, waiting.Count(one => one.IsCompleted));
        gate.Succeeded(probe);
        await Task.WhenAll(waiting);
        Assert.Null(gate.Trouble);
    }

    [Fact]
    public async Task Waits_double_up_to_a_minute_less_up_to_half_by_chance()
    {
        var longest = 1.0;
        for (var i = 0; i < 20; i++)
        {
            var ticket = EnterAsync();
            await PassAsync();
            var wait = gate.Failed(await ticket, Words, null, false).TotalSeconds;
            Assert.InRange(wait, longest / 2, longest + 0.001);
            longest = Math.Min(60, longest * 2);
        }
    }

    [Fact]
    public async Task What_several_find_out_at_the_same_time_is_one_failure()
    {
        var tickets = new List<Ticket>();
        for (var i = 0; i < 4; i++) tickets.Add(await EnterAsync());
        foreach (var ticket in tickets) gate.Failed(ticket, Words, null, false);
        Assert.InRange((gate.Failed(tickets[0], Words, null, false)).TotalSeconds, 0.4, 1.001);
    }

    [Fact]
    public async Task What_one_was_told_to_wait_all_wait_also_when_an_older_request_succeeds()
    {
        var (first, second, third) = (await EnterAsync(), await EnterAsync(), await EnterAsync());
        gate.Failed(first, Words, null, false);
        gate.Failed(second, new PlatformWords(429, ""), TimeSpan.FromSeconds(300), false);
        gate.Succeeded(third);
        var next = EnterAsync();
        time.Advance(TimeSpan.FromSeconds(299));
        Assert.False(next.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1.1));
        Assert.True((await next).IsProbe);
    }

    [Fact]
    public async Task A_person_ends_the_wait()
    {
        gate.Failed(await EnterAsync(), Words, TimeSpan.FromMinutes(30), false);
        var next = EnterAsync();
        Assert.False(next.IsCompleted);
        gate.TryAtOnce();
        Assert.True((await next).IsProbe);
    }

    [Fact]
    public async Task A_probe_that_is_broken_off_leaves_its_turn_to_another()
    {
        gate.Failed(await EnterAsync(), Words, null, false);
        time.Advance(TimeSpan.FromSeconds(2));
        var probe = await EnterAsync();
        var next = EnterAsync();
        gate.BrokenOff(probe);
        Assert.True((await next).IsProbe);
    }

    [Fact]
    public async Task A_clock_that_leaps_moves_no_wait()
    {
        gate.Failed(await EnterAsync(), Words, null, false);
        time.Leap(TimeSpan.FromDays(-30));
        var next = EnterAsync();
        time.Advance(TimeSpan.FromSeconds(2));
        await next;
    }

    [Fact]
    public async Task Trouble_without_anything_that_waits_is_none_to_speak_of()
    {
        gate.Failed(await EnterAsync(), Words, null, false);
        Assert.Null(gate.Trouble);
        Assert.Equal("busy", gate.LastError!.Message);
    }

    private Task<Ticket> EnterAsync() => gate.EnterAsync(TestContext.Current.CancellationToken);

    private async Task PassAsync()
    {
        await Task.Yield();
        if (gate.NextAttempt is { } next) time.Advance(next - time.GetUtcNow());
    }
}
