using Callwatch.Forward;
using Callwatch.Forward.Lanes;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;
using static Callwatch.Testing.StandIns.PlatformReply;

namespace Callwatch.Tests.Forward.Lanes;

/// <summary>A lane whose platform is down holds one batch: what it had read beyond is given back, and read again when the platform is.</summary>
public sealed class LaneGiveBackTests : IAsyncDisposable
{
    private const int Traces = 20;

    private readonly LaneWorld world = new(new ForwardOptions { BatchDelay = TimeSpan.Zero, StopGrace = TimeSpan.FromMilliseconds(200), Timeout = TimeSpan.FromDays(40) });
    private readonly List<ScriptedPlatform> platforms = [];
    private readonly TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool isDown = true;

    public async ValueTask DisposeAsync()
    {
        gate.TrySetResult();
        await world.DisposeAsync();
        foreach (var platform in platforms) await platform.DisposeAsync();
    }

    [Fact]
    public async Task Lanes_that_are_down_keep_no_healthy_one_from_reading_ahead_and_send_everything_once_when_they_are_up()
    {
        for (var trace = 1ul; trace <= Traces; trace++) await world.SettleAsync(trace, A.Span("chat"));
        int[] lanes = [1, 2, 3];
        foreach (var id in lanes)
        {
            platforms.Add(new ScriptedPlatform { Script = _ => isDown ? new Later(gate.Task, new Answer(503)) : Ok });
            var kind = new ScriptedKind { Limits = new DestinationLimits(1_000, 1 << 22, 1), Line = (span, _) => span.Span.TraceId + new string('x', 1 << 20) };
            world.Directory.Set(world.Destination(platforms[^1].Address, kind, id));
        }

        await world.StartAsync();
        await Eventually.HoldsAsync(() => platforms.TrueForAll(platform => platform.AtOnce == 1) && world.ReadAhead.Held > 3 * (4 << 20), "while it is asked for the first time each has read another batch");
        gate.SetResult();
        await world.UntilAsync(() => world.ReadAhead.Held == 0 && platforms.TrueForAll(platform => platform.Requests.Count >= 3), "all but the oldest is given back");
        Assert.All(lanes, id => Assert.Equal((0L, (long)Traces), (world.Status(id).Position, world.Status(id).Backlog)));

        isDown = false;
        foreach (var id in lanes) await world.WhenDoneAsync(id);
        Assert.All(platforms, platform => Assert.Equal((Traces, Traces), (platform.Taken.Count, platform.Taken.Distinct().Count())));
        Assert.All(lanes, id => Assert.Equal((Traces, 0L), ((int)world.Status(id).Sent, world.Status(id).Refused)));
        Assert.Equal(0, world.ReadAhead.Held);
    }

    [Fact]
    public async Task A_lane_that_is_stopped_after_it_has_given_back_begins_again_where_its_cursor_stands()
    {
        var platform = new ScriptedPlatform { Script = _ => isDown ? new Answer(503) : Ok };
        platforms.Add(platform);
        var kind = new ScriptedKind { Limits = new DestinationLimits(10, 1 << 20, 1) };
        for (var trace = 1ul; trace <= 700; trace++) await world.SettleAsync(trace, A.Span("chat"));
        await world.StartAsync(world.Destination(platform.Address, kind));
        await world.UntilAsync(() => platform.Requests.Count >= 6, "it has failed several times");
        await world.RestartAsync();
        isDown = false;
        await world.WhenDoneAsync();
        Assert.Equal((700, 700), (platform.Taken.Count, platform.Taken.Distinct().Count()));
    }

    [Fact]
    public async Task A_replay_whose_platform_goes_down_in_the_middle_still_sends_all_of_its_range()
    {
        var platform = new ScriptedPlatform { Script = _ => Ok };
        platforms.Add(platform);
        var kind = new ScriptedKind { Limits = new DestinationLimits(10, 1 << 20, 1) };
        for (var trace = 1ul; trace <= 700; trace++) await world.SettleAsync(trace, A.Span("chat"));
        await world.StartAsync(world.Destination(platform.Address, kind));
        await world.WhenDoneAsync();
        platform.Script = request => isDown && request.Number > 100 ? new Answer(503) : Ok;
        world.Lanes.Replay(1, A.Noon.Plus(TimeSpan.FromDays(-1)), A.Noon.Plus(TimeSpan.FromDays(1)));
        await world.UntilAsync(() => platform.Requests.Count >= 110, "it has failed several times");
        isDown = false;
        await world.UntilAsync(() => world.Lanes.Replays(1) is [{ Ended: not null }], "the replay has come to its end");
        Assert.Equal((1_400, 700), (platform.Taken.Count, platform.Taken.Distinct().Count()));
    }

    [Fact]
    public void What_is_begun_stays_and_what_is_given_back_is_never_begun()
    {
        var shared = new ReadAhead();
        var way = new OnTheWay(most: 3, shared);
        Batch[] batches = [.. Enumerable.Range(1, 3).Select(through => Filled(through * 10))];
        foreach (var batch in batches) way.Add(batch);
        Assert.Equal(batches[1].Bytes + batches[2].Bytes, shared.Held);
        Assert.True(batches[0].TryBegin());
        Assert.True(batches[1].TryBegin());
        Assert.Equal(20, way.GiveBack());
        Assert.Equal((true, false, batches[1].Bytes), (batches[2].IsGivenBack, batches[2].TryBegin(), shared.Held));
        Assert.Null(way.GiveBack());
        way.Remove(batches[0]);
        Assert.Equal(0, shared.Held);
    }

    private Batch Filled(long through)
    {
        var batch = new Batch(new AnchorDraft(world.Anchors, 1));
        batch.Replace(through, []);
        batch.Close(through);
        return batch;
    }
}
