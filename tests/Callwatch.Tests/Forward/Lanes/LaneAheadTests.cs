using System.Collections.Concurrent;
using Callwatch.Forward;
using Callwatch.Forward.Lanes;
using Callwatch.Spans;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;
using static Callwatch.Testing.StandIns.PlatformReply;
using static Callwatch.Tests.Forward.Lanes.LaneFaultTests;

namespace Callwatch.Tests.Forward.Lanes;

/// <summary>While requests are on their way the next ones are made ready; what is promised of order, places and crashes holds all the same.</summary>
public sealed class LaneAheadTests : IAsyncDisposable
{
    private readonly LaneWorld world = new(new ForwardOptions { BatchDelay = TimeSpan.Zero, StopGrace = TimeSpan.FromMilliseconds(200), Timeout = TimeSpan.FromDays(40) });
    private readonly ScriptedPlatform platform = new();
    private readonly ScriptedKind kind = new() { Limits = new DestinationLimits(1_000, 1 << 22, 4) };
    private readonly ConcurrentQueue<TraceId> mapped = new();
    private readonly TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LaneAheadTests() => kind.Mapping = trace => mapped.Enqueue(trace.Revision.TraceId);

    public async ValueTask DisposeAsync()
    {
        gate.TrySetResult();
        await world.DisposeAsync();
        await platform.DisposeAsync();
    }

    [Fact]
    public async Task While_requests_are_on_their_way_the_next_batches_are_made_ready_and_no_more_than_two()
    {
        platform.Script = _ => new Later(gate.Task, Ok);
        await SettleAsync(1_200);
        await StartAsync();
        await Eventually.HoldsAsync(() => mapped.Count == 3 * 256 && platform.AtOnce == 4, "two more are ready while four requests wait");
        await world.SettleAsync(2_000, A.Span("later"));
        Assert.Equal((3 * 256, 4, 0L, 1_201L), (mapped.Count, platform.Requests.Count, world.Status().Position, world.Status().Backlog));
        gate.SetResult();
        await world.WhenDoneAsync();
        Assert.Equal((1_201, 1_201), (platform.Taken.Count, platform.Taken.Distinct().Count()));
        Assert.Equal(1_201, world.Status().Sent);
        Assert.Equal(4, platform.MostAtOnce);
    }

    [Fact]
    public async Task The_cursor_passes_nothing_that_has_no_answer_however_much_behind_it_has_arrived()
    {
        // One of four streams hangs; the others go on as far as the lane reads ahead.
        platform.Script = request => request.Items.Any(item => item.StartsWith(Line(4, 1, ""), StringComparison.Ordinal)) ? new Later(gate.Task, Ok) : Ok;
        await SettleAsync(1_024);
        await StartAsync();
        await Eventually.HoldsAsync(() => platform.Taken.Count == 64 + (3 * 192), "three streams of three batches have arrived, and the first request of the fourth");
        Assert.Equal((0L, 1_024L, 0L), (world.Status().Position, world.Status().Backlog, world.Table.Find(new LaneKey(1, 0))!.Cursor));
        gate.SetResult();
        await world.WhenDoneAsync();
        Assert.Equal(1_024, platform.Taken.Count);
        Assert.Equal(1_024, platform.Taken.Distinct().Count());
    }

    [Fact]
    public async Task Stopped_in_the_middle_it_begins_again_at_the_first_without_an_answer_with_the_same_ids()
    {
        platform.Script = request => request.Items.Any(item => item.StartsWith(Line(300, 1, ""), StringComparison.Ordinal)) ? new Hangs(Keeps: true) : Ok;
        kind.Limits = new DestinationLimits(10, 1 << 20, 1);
        kind.Line = (span, anchor) => $"{span.Span.TraceId} {span.Span.SpanId} {anchor.Seq} {anchor.FirstAttemptAt.UnixNanoseconds}";
        await SettleAsync(600);
        await StartAsync();
        await Eventually.HoldsAsync(() => platform.Requests.Count == 31, "the request that hangs has come");
        await world.Host.StopAsync(CancellationToken.None);
        Assert.Equal(296, world.Table.Find(new LaneKey(1, 0))!.Cursor);
        Assert.Equal(296, world.Table.Find(new LaneKey(1, 0))!.Sent);
        platform.Script = _ => Ok;
        await world.RestartAsync();
        await world.WhenDoneAsync();
        Assert.Equal((610, 600), (platform.Taken.Count, platform.Taken.Distinct().Count()));
    }

    [Fact]
    public async Task What_comes_of_a_trace_that_is_on_its_way_waits_until_it_has_arrived_and_has_its_form()
    {
        kind.Limits = new DestinationLimits(1_000, 1 << 22, 1);
        platform.Script = request => request.Number == 1 ? new Later(gate.Task, new Answer(200, "{\"form\": \"v2\"}")) : Ok;
        await SettleAsync(256);
        await world.SettleAsync(1, A.Span("late").Id(2, under: 1));
        await StartAsync();
        await Eventually.HoldsAsync(() => platform.AtOnce == 1 && world.Status().State == LaneState.Running, "the first batch is on its way");
        gate.SetResult();
        await world.WhenDoneAsync();

        // Once in the first form, once in the other, and the late one in the other alone.
        Assert.Equal((513, 3), (mapped.Count, mapped.Count(trace => trace == A.TraceId(1))));
        Assert.Equal(Line(1, 2, "latev2"), platform.Taken[^1]);
        Assert.Equal("v2", world.Anchors.Find(1, A.TraceId(1))!.Form);
    }

    [Fact]
    public void While_the_platform_is_in_trouble_or_all_lanes_hold_much_nothing_more_is_read()
    {
        var shared = new ReadAhead();
        var way = new OnTheWay(most: 3, shared);
        Assert.True(way.HasRoom(isWell: false));
        way.Add(new Batch(new AnchorDraft(world.Anchors, 1)));
        Assert.Equal((true, false), (way.HasRoom(isWell: true), way.HasRoom(isWell: false)));
        shared.Add(32 << 20);
        Assert.False(way.HasRoom(isWell: true));
        Assert.True(new OnTheWay(most: 3, shared).HasRoom(isWell: true));
    }

    [Fact]
    public async Task Large_traces_are_read_ahead_by_their_size_and_not_by_their_number()
    {
        platform.Script = _ => new Later(gate.Task, Ok);
        kind.Line = (span, _) => span.Span.TraceId + new string('x', 1 << 20);
        for (var trace = 1ul; trace <= 40; trace++) await world.SettleAsync(trace, A.Span("chat").With(("text", new string('x', 1 << 20))));
        await StartAsync();
        await Eventually.HoldsAsync(() => platform.AtOnce == 4, "four are on their way");
        await Eventually.HoldsAsync(() => mapped.Count >= 8, "some more are ready");
        Assert.InRange(mapped.Count, 8, 12);
        gate.SetResult();
        await world.WhenDoneAsync();
        Assert.Equal(40, platform.Taken.Distinct().Count());
    }

    [Fact]
    public async Task A_filter_that_lets_little_through_still_fills_its_requests()
    {
        await SettleAsync(2_000);
        await world.StartAsync(world.Destination(platform.Address, kind) with { SampleRate = 0.1 });
        await world.WhenDoneAsync();
        Assert.InRange(platform.Taken.Count, 150, 250);
        Assert.InRange(platform.Requests.Count, 1, 8);
    }

    [Fact]
    public async Task A_fault_of_ours_in_one_batch_stops_all_of_them_and_they_begin_again_where_the_cursor_stands()
    {
        await SettleAsync(700);
        await StartAsync();
        await Eventually.HoldsAsync(() => platform.Taken.Count >= 256, "some has arrived");
        await world.WhenDoneAsync();

        // Somebody else moves the cursor: the lane notices at its next step, and goes on from there.
        world.Table.ContinueAt(new LaneKey(1, 0), 10);
        for (var trace = 701ul; trace <= 710; trace++) await world.SettleAsync(trace, A.Span("chat"));
        await world.WhenDoneAsync();
        Assert.Equal(710, platform.Taken.Distinct().Count());
        Assert.Equal(710, world.Table.Find(new LaneKey(1, 0))!.Cursor);
    }

    private Task StartAsync() => world.StartAsync(world.Destination(platform.Address, kind));

    private async Task SettleAsync(int count)
    {
        for (var trace = 1; trace <= count; trace++) await world.SettleAsync((ulong)trace, A.Span("chat"));
    }
}
