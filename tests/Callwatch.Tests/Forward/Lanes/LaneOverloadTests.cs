using Callwatch.Forward;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;
using static Callwatch.Testing.StandIns.PlatformReply;

namespace Callwatch.Tests.Forward.Lanes;

/// <summary>A platform that fails at random is told from an item that it cannot bear.</summary>
public sealed class LaneOverloadTests : IAsyncDisposable
{
    private readonly LaneWorld world = new(new ForwardOptions { BatchDelay = TimeSpan.Zero, StopGrace = TimeSpan.FromMilliseconds(200), Timeout = TimeSpan.FromDays(40) });
    private readonly ScriptedPlatform platform = new();
    private readonly ScriptedKind kind = new() { Limits = new DestinationLimits(4, 1 << 20, 2) };
    private readonly Random chance = new(20_261_122);
    private readonly Lock gate = new();

    public async ValueTask DisposeAsync()
    {
        await world.DisposeAsync();
        await platform.DisposeAsync();
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.8)]
    public async Task An_hour_of_a_platform_that_fails_requests_at_random_refuses_nothing_and_all_arrives(double share)
    {
        var end = world.Time.GetUtcNow() + TimeSpan.FromHours(1);
        platform.Script = _ => world.Time.GetUtcNow() < end && Fails(share) ? new Answer(503, "overloaded") : Ok;
        await world.StartAsync(world.Destination(platform.Address, kind));
        var trace = 0ul;
        while (world.Time.GetUtcNow() < end)
        {
            for (var i = 0; i < 16; i++) await world.SettleAsync(++trace, A.Span("chat"));
            await world.WhenDoneAsync();
            world.Time.Advance(TimeSpan.FromMinutes(15));
        }

        await world.WhenDoneAsync();
        Assert.Equal(0, world.Letters.Count(1));
        Assert.Equal(((int)trace, (int)trace, (long)trace), (platform.Taken.Count, platform.Taken.Distinct().Count(), world.Status().Sent));
    }

    [Fact]
    public async Task Among_healthy_ones_a_poison_item_is_found_in_a_handful_of_attempts_and_keeps_nobody_waiting()
    {
        kind.Limits = new DestinationLimits(100, 1 << 20, 1);
        var takenBefore = new List<int>();
        platform.Script = request =>
        {
            if (!IsPoison(request)) return Ok;
            takenBefore.Add(platform.Taken.Count);
            return new Answer(500, "stack trace");
        };
        for (var trace = 1ul; trace <= 400; trace++) await world.SettleAsync(trace, A.Span(trace == 123 ? "poison" : "chat"));
        await world.StartAsync(world.Destination(platform.Address, kind));
        await world.WhenDoneAsync();
        Assert.Equal(A.TraceId(123), Assert.Single(world.Letters.List(1, null, 10)).TraceId);
        Assert.Equal(399, platform.Taken.Distinct().Count());

        // Some seventeen to find it in a request of a hundred, a dozen to be sure; more where the machine reads slower than the clock goes, for while nothing else
        // is there to pass its failures prove nothing. How few are enough is told by PartQueueTests.
        Assert.InRange(takenBefore.Count, 20, int.MaxValue);
        Assert.InRange(takenBefore[^1], 100, 399);
    }

    [Fact]
    public async Task A_poison_item_is_also_found_while_the_platform_fails_every_other_request_at_random_and_nothing_else_is_given_up()
    {
        platform.Script = request => IsPoison(request) || Fails(0.5) ? new Answer(503, "overloaded") : Ok;
        for (var trace = 1ul; trace <= 600; trace++) await world.SettleAsync(trace, A.Span(trace == 10 ? "poison" : "chat"));
        await world.StartAsync(world.Destination(platform.Address, kind));
        await world.WhenDoneAsync();
        Assert.Equal(A.TraceId(10), Assert.Single(world.Letters.List(1, null, 10)).TraceId);
        Assert.Equal((599, 599), (platform.Taken.Count, platform.Taken.Distinct().Count()));
    }

    [Fact]
    public async Task Several_poison_items_are_found_beside_each_other()
    {
        platform.Script = request => IsPoison(request) ? new Answer(500) : Ok;
        for (var trace = 1ul; trace <= 400; trace++) await world.SettleAsync(trace, A.Span(trace is 3 or 5 or 9 or 11 or 200 or 201 ? "poison" : "chat"));
        await world.StartAsync(world.Destination(platform.Address, kind));
        await world.WhenDoneAsync();
        Assert.Equal([3, 5, 9, 11, 200, 201], world.Letters.List(1, null, 10).Select(letter => (int)letter.TraceId.Low).Order());
        Assert.Equal((394, 394), (platform.Taken.Count, platform.Taken.Distinct().Count()));
    }

    private static bool IsPoison(PlatformRequest request) => request.Items.Any(item => item.EndsWith("poison", StringComparison.Ordinal));

    private bool Fails(double share)
    {
        lock (gate) return chance.NextDouble() < share;
    }
}
