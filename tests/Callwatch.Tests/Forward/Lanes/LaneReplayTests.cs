using Callwatch.Forward;
using Callwatch.Spans;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;
using static Callwatch.Testing.StandIns.PlatformReply;
using static Callwatch.Tests.Forward.Lanes.LaneFaultTests;

namespace Callwatch.Tests.Forward.Lanes;

/// <summary>What was received in a range, sent once more.</summary>
public sealed class LaneReplayTests : IAsyncDisposable
{
    // The clock goes quicker than requests, none of which is to be given up here.
    private readonly LaneWorld world = new(new ForwardOptions { BatchDelay = TimeSpan.Zero, StopGrace = TimeSpan.FromMilliseconds(200), Timeout = TimeSpan.FromDays(40) });
    private readonly ScriptedPlatform platform = new();
    private readonly ScriptedKind kind = new();

    public async ValueTask DisposeAsync()
    {
        await world.DisposeAsync();
        await platform.DisposeAsync();
    }

    [Fact]
    public async Task A_replay_sends_what_was_received_in_its_range_once_more_with_the_same_ids_while_live_goes_on()
    {
        await world.StartAsync(world.Destination(platform.Address, kind));
        for (var trace = 1ul; trace <= 10; trace++)
        {
            await world.SettleAsync(trace, A.Span("chat"));
            await world.WhenDoneAsync();
            world.Time.Advance(TimeSpan.FromMinutes(1));
        }

        await world.WhenDoneAsync();
        world.Time.Advance(TimeSpan.FromDays(8));
        var position = world.Status().Position;
        var replay = world.Lanes.Replay(1, At(3), At(7));
        await world.SettleAsync(5, A.Span("late").Id(2, under: 1));
        await UntilEndedAsync(replay.Id);
        await world.WhenDoneAsync();
        Assert.Equal([Line(4, 1, "chat"), Line(5, 1, "chat"), Line(6, 1, "chat"), Line(7, 1, "chat")], platform.Taken.GroupBy(item => item).Where(item => item.Count() == 2).Select(item => item.Key));
        Assert.Contains(Line(5, 2, "late"), platform.Taken);
        Assert.Equal(15, platform.Taken.Count);
        Assert.Equal(position + 1, world.Status().Position);
        var ended = Assert.Single(world.Lanes.Replays(1));
        Assert.Equal((4L, 0L, 0L), (ended.Sent, ended.Refused, ended.Expired));
        Assert.NotNull(ended.Ended);
    }

    [Fact]
    public async Task A_replay_survives_a_restart_and_can_be_ended_by_a_person()
    {
        for (var trace = 1ul; trace <= 3; trace++) await world.SettleAsync(trace, A.Span("chat"));
        await world.StartAsync(world.Destination(platform.Address, kind));
        await world.WhenDoneAsync();
        platform.Script = _ => new Answer(503);
        var first = world.Lanes.Replay(1, At(0), At(10));
        await Eventually.HoldsAsync(() => world.Status().NextAttempt is not null, "it waits");
        await world.RestartAsync();
        await Eventually.HoldsAsync(() => world.Status().NextAttempt is not null, "it goes on");
        Assert.True(world.Lanes.EndReplay(1, first.Id));
        Assert.False(world.Lanes.EndReplay(1, first.Id));
        platform.Script = _ => Ok;
        var second = world.Lanes.Replay(1, At(0), At(10));
        await UntilEndedAsync(second.Id);
        Assert.Equal(6, platform.Taken.Count);
        Assert.Equal([0L, 3L], world.Lanes.Replays(1).Select(replay => replay.Sent));
    }

    [Fact]
    public async Task A_replay_of_nothing_ends_at_once()
    {
        await world.SettleAsync(1, A.Span("chat"));
        await world.StartAsync(world.Destination(platform.Address, kind));
        await world.WhenDoneAsync();
        world.Time.Advance(TimeSpan.FromHours(1));
        var replay = world.Lanes.Replay(1, At(30), At(40));
        await UntilEndedAsync(replay.Id);
        Assert.Single(platform.Taken);
    }

    private Task UntilEndedAsync(int replay) => world.UntilAsync(() => world.Lanes.Replays(1).Single(known => known.Id == replay).Ended is not null, "the replay has ended");

    private Timestamp At(int minutes) => Timestamp.From(new ManualTime().GetUtcNow().AddMinutes(minutes));
}
