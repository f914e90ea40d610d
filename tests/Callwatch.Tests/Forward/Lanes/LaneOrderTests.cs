using System.Collections.Concurrent;
using Callwatch.Forward;
using Callwatch.Forward.Lanes;
using Callwatch.Settle;
using Callwatch.Spans;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;
using static Callwatch.Testing.StandIns.PlatformReply;
using static Callwatch.Tests.Forward.Lanes.LaneFaultTests;

namespace Callwatch.Tests.Forward.Lanes;

/// <summary>In which order what goes to a destination arrives, and what happens when it is paused, stopped or gone.</summary>
public sealed class LaneOrderTests : IAsyncDisposable
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
    public async Task With_several_requests_at_once_the_spans_of_a_trace_still_arrive_in_order()
    {
        kind.Limits = new DestinationLimits(7, 1 << 20, 4);
        var several = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var failed = new ConcurrentDictionary<string, bool>();
        platform.Script = request =>
        {
            // The first is answered when others have come beside it.
            if (request.Number == 4) several.SetResult();
            if (request.Number == 1) return new Later(several.Task, Ok);

            // Not the same again and again while others pass, for then it would be the item's fault and no longer the platform's.
            return request.Number % 5 == 0 && failed.TryAdd(request.Items[0], true) ? new Answer(503) : Ok;
        };
        for (var round = 0; round < 5; round++)
            for (var trace = 1ul; trace <= 40; trace++) await world.SettleAsync(trace, [.. Enumerable.Range(0, 3).Select(i => A.Span("s").Id((ulong)((round * 3) + i + 1), under: (ulong)((round * 3) + i)))]);
        await world.StartAsync(world.Destination(platform.Address, kind));
        await world.WhenDoneAsync();
        Assert.Equal(600, platform.Taken.Count);
        foreach (var trace in platform.Taken.GroupBy(item => item[..32]))
            Assert.Equal(trace.OrderBy(item => item, StringComparer.Ordinal), trace);
        Assert.InRange(platform.MostAtOnce, 2, 4);
    }

    [Fact]
    public async Task What_comes_within_half_a_second_goes_together()
    {
        await using var batching = new LaneWorld(new ForwardOptions());
        await batching.StartAsync(batching.Destination(platform.Address, kind));
        await batching.SettleAsync(1, A.Span("first"));
        await Eventually.HoldsAsync(() => platform.Requests.Count == 1, "the first goes at once");
        await Eventually.HoldsAsync(() => batching.Status().State == LaneState.Idle, "it is answered");
        for (var trace = 2ul; trace <= 20; trace++) await batching.SettleAsync(trace, A.Span("next"));
        await batching.UntilAsync(() => platform.Taken.Count == 20, "the others go");
        Assert.Equal([1, 19], platform.Requests.Select(request => request.Items.Count));
    }

    [Fact]
    public async Task What_is_not_taken_within_seven_days_expires_and_is_counted_and_what_comes_later_goes()
    {
        platform.Script = _ => new Answer(503);
        await world.StartAsync(world.Destination(platform.Address, kind));
        await world.SettleAsync(1, A.Span("old").Id(1), A.Span("old").Id(2));
        await Eventually.HoldsAsync(() => world.Status().NextAttempt is not null, "it waits");
        world.Time.Advance(TimeSpan.FromDays(7) + TimeSpan.FromMinutes(1));
        await world.SettleAsync(2, A.Span("new"));
        await world.UntilAsync(() => world.Status().Expired == 2, "the old has expired");
        platform.Script = _ => Ok;
        await world.WhenDoneAsync();
        Assert.Equal([Line(2, 1, "new")], platform.Taken);
        Assert.Equal(2, world.Counters.Total(Telemetry.Reason.ExpiredBeforeDelivery));
        Assert.Equal(("expired", null), (world.Lanes.LossOf(1, 1), world.Lanes.LossOf(1, 2)));
    }

    [Fact]
    public async Task A_clock_that_is_wrong_by_a_year_for_some_hours_lets_nothing_expire()
    {
        platform.Script = _ => new Answer(503);
        await world.StartAsync(world.Destination(platform.Address, kind));
        await world.SettleAsync(1, A.Span("waits"));
        await Eventually.HoldsAsync(() => world.Status().NextAttempt is not null, "it waits");
        world.Time.Leap(TimeSpan.FromDays(365));
        var before = platform.Requests.Count;
        await world.UntilAsync(() => platform.Requests.Count > before + 3, "it is tried all the same");
        world.Time.Leap(TimeSpan.FromDays(-365));
        platform.Script = _ => Ok;
        await world.WhenDoneAsync();
        Assert.Equal([Line(1, 1, "waits")], platform.Taken);
        Assert.Equal((1L, 0L), (world.Status().Sent, world.Status().Expired));
    }

    [Fact]
    public async Task What_the_journal_no_longer_holds_is_counted_once_and_the_lane_goes_on()
    {
        var gone = (await world.SettleAsync(1, A.Span("x"))) with { Seq = 2, TraceId = A.TraceId(2), FirstNumber = 1_000, LastNumber = 1_000, Spans = [new(new SpanId(1), 1_000, 0), new(new SpanId(2), 1_000, 50)] };
        world.Append(gone);
        await world.SettleAsync(3, A.Span("y"));
        await world.StartAsync(world.Destination(platform.Address, kind));
        await world.WhenDoneAsync();
        Assert.Equal([Line(1, 1, "x"), Line(3, 1, "y")], platform.Taken);
        Assert.Equal((2L, 2L), (world.Status().Expired, world.Counters.Total(Telemetry.Reason.ExpiredBeforeDelivery)));
        Assert.Equal("gone", world.Lanes.LossOf(1, gone.Seq));
    }

    [Fact]
    public async Task Paused_in_the_middle_of_a_request_it_takes_the_answer_and_sends_nothing_twice()
    {
        var gate = new TaskCompletionSource();
        await using var patient = new LaneWorld(new ForwardOptions { BatchDelay = TimeSpan.Zero, StopGrace = Patience.Long });
        kind.Limits = new DestinationLimits(1, 1 << 20, 1);
        platform.Script = request => request.Number == 2 ? new Later(gate.Task, Ok) : Ok;
        for (var trace = 1ul; trace <= 4; trace++) await patient.SettleAsync(trace, A.Span("chat"));
        var destination = patient.Destination(platform.Address, kind);
        await patient.StartAsync(destination);
        await Eventually.HoldsAsync(() => platform.Requests.Count == 2, "the second is on its way");
        patient.Directory.Set(destination with { Paused = true });
        await Eventually.HoldsAsync(() => patient.Status().State == LaneState.Paused, "it is paused");
        gate.SetResult();
        await Eventually.HoldsAsync(() => kind.Disposed == 1, "it has stopped");
        Assert.Equal((2, 2L, 2L), (platform.Requests.Count, patient.Status().Position, patient.Status().Backlog));

        patient.Directory.Set(destination);
        await patient.WhenDoneAsync();
        Assert.Equal(4, platform.Taken.Count);
        Assert.Equal(4, platform.Taken.Distinct().Count());
    }

    [Fact]
    public async Task Changed_in_the_middle_of_a_request_it_takes_the_answer_and_goes_on_behind_it_with_the_new_config()
    {
        var gate = new TaskCompletionSource();
        await using var elsewhere = new ScriptedPlatform();
        await using var patient = new LaneWorld(new ForwardOptions { BatchDelay = TimeSpan.Zero, StopGrace = Patience.Long });
        kind.Limits = new DestinationLimits(1, 1 << 20, 1);
        platform.Script = request => request.Number == 2 ? new Later(gate.Task, Ok) : Ok;
        for (var trace = 1ul; trace <= 4; trace++) await patient.SettleAsync(trace, A.Span("chat"));
        await patient.StartAsync(patient.Destination(platform.Address, kind));
        await Eventually.HoldsAsync(() => platform.Requests.Count == 2, "the second is on its way");
        patient.Directory.Set(patient.Destination(elsewhere.Address, kind));
        gate.SetResult();
        await Eventually.HoldsAsync(() => kind.Disposed == 1, "the one before has stopped");
        await patient.WhenDoneAsync();

        // Whether a third request was begun before the change was seen is a matter of chance; that nothing is lost or comes twice is none.
        Assert.Equal(4, platform.Taken.Concat(elsewhere.Taken).Distinct().Count());
        Assert.Equal(4, platform.Taken.Count + elsewhere.Taken.Count);
        await patient.SettleAsync(5, A.Span("chat"));
        await patient.WhenDoneAsync();
        Assert.Contains(Line(5, 1, "chat"), elsewhere.Taken);
    }

    [Fact]
    public async Task It_stops_within_its_bound_while_platforms_hang_and_goes_on_where_it_was()
    {
        platform.Script = _ => new Hangs();
        await world.StartAsync([.. Enumerable.Range(1, 10).Select(id => world.Destination(platform.Address, kind, id))]);
        await world.SettleAsync(1, A.Span("chat"));
        await Eventually.HoldsAsync(() => platform.AtOnce == 10, "all hang");
        // By the clock of the world no time passes, and no request is ever given up: what has no bound of its own waits for ever.
        await world.Host.StopAsync(CancellationToken.None).WithPatience("the host stops");
        platform.Script = _ => Ok;
        await world.RestartAsync();
        for (var id = 1; id <= 10; id++) await world.WhenDoneAsync(id);
        Assert.Equal(10, platform.Taken.Count);
    }

    [Fact]
    public async Task After_a_restart_a_trace_keeps_its_anchor_and_what_was_delivered_is_not_sent_again()
    {
        kind.Line = (span, anchor) => $"{span.Span.Name} {anchor.Seq} {anchor.RootSpanId} {anchor.FirstAttemptAt.UnixNanoseconds}";
        await world.StartAsync(world.Destination(platform.Address, kind));
        await world.SettleAsync(1, A.Span("first"));
        await world.WhenDoneAsync();
        await world.RestartAsync();
        world.Time.Advance(TimeSpan.FromHours(2));
        await world.SettleAsync(1, A.Span("late").Id(9, under: 1));
        await world.WhenDoneAsync();
        Assert.Equal(2, platform.Taken.Count);
        Assert.Equal(platform.Taken[0].Split(' ')[1..], platform.Taken[1].Split(' ')[1..]);
    }

    [Fact]
    public async Task A_place_beyond_what_has_settled_stops_the_lane_which_never_skips_on_its_own()
    {
        // Before the lanes look for the first time, who forget the places of destinations that are gone.
        world.Table.Begin(new LaneKey(1, 0), 500);
        await world.StartAsync(world.Destination(platform.Address, kind));
        await Eventually.HoldsAsync(() => world.Status().State == LaneState.Blocked, "it is stopped");
        Assert.Contains("restored", world.Status().LastError!.Message, StringComparison.Ordinal);
        await world.SettleAsync(1, A.Span("before"));
        await world.RestartAsync();
        await Eventually.HoldsAsync(() => world.Status().State == LaneState.Blocked, "also after a restart");
        Assert.Empty(platform.Requests);

        await Eventually.HoldsAsync(
            () =>
            {
                world.Lanes.TryAtOnce(1);
                return world.Status().State == LaneState.Idle && world.Status().Position == 1;
            },
            "resumed it stands at the head");
        await world.SettleAsync(2, A.Span("after"));
        await world.WhenDoneAsync();
        Assert.Equal([Line(2, 1, "after")], platform.Taken);
    }

    [Fact]
    public async Task A_destination_that_is_gone_leaves_nothing_behind_and_others_keep_their_places()
    {
        await world.StartAsync(world.Destination(platform.Address, kind), world.Destination(platform.Address, kind, id: 2));
        await world.SettleAsync(1, A.Span("chat"));
        await world.WhenDoneAsync();
        await world.WhenDoneAsync(2);
        world.Directory.Remove(1);
        await Eventually.HoldsAsync(() => world.Table.Find(new LaneKey(1, 0)) is null, "its place is gone");
        Assert.Null(world.Anchors.Find(1, A.TraceId(1)));
        Assert.NotNull(world.Anchors.Find(2, A.TraceId(1)));
    }

    [Fact]
    public async Task A_trace_with_a_span_every_30_seconds_for_two_hours_arrives_whole_under_one_anchor()
    {
        kind.Line = (span, anchor) => $"{span.Span.SpanId} {anchor.Seq}";
        await world.StartAsync(world.Destination(platform.Address, kind));
        var open = new OpenTraces(new SettleOptions());
        var revisions = 0;
        for (var i = 0; i < 240; i++)
        {
            await ReceiveAsync(open, A.Span("step").Id((ulong)i + 2, under: 1));
            world.Time.Advance(TimeSpan.FromSeconds(30));
            revisions += Settle(open);
            await world.WhenDoneAsync();
        }

        await ReceiveAsync(open, A.Span("root").Id(1));
        world.Time.Advance(TimeSpan.FromSeconds(2));
        revisions += Settle(open);
        await world.WhenDoneAsync();
        Assert.InRange(revisions, 20, 30);
        Assert.Equal(241, platform.Taken.Count);
        Assert.Equal(241, platform.Taken.Distinct().Count());
        Assert.Single(platform.Taken.Select(item => item.Split(' ')[1]).Distinct());
    }

    [Fact]
    public async Task The_status_tells_backlog_and_the_age_of_the_oldest_also_while_paused()
    {
        var destination = world.Destination(platform.Address, kind) with { Paused = true };
        await world.StartAsync(destination with { Paused = false });
        world.Directory.Set(destination);
        await Eventually.HoldsAsync(() => kind.Disposed == 1, "it is paused");
        await world.SettleAsync(1, A.Span("chat"));
        world.Time.Advance(TimeSpan.FromMinutes(5));
        await world.SettleAsync(2, A.Span("chat"));
        Assert.Equal((LaneState.Paused, 2L, 300.0), (world.Status().State, world.Status().Backlog, world.Status().OldestAgeSeconds));
    }

    private async Task ReceiveAsync(OpenTraces open, SpanBuilder span)
    {
        var entry = TestJournal.Entry(A.Traces(span)) with { TenantId = 1, AppId = world.Apps.AppIdOf(1, "shop"), ReceivedAt = Timestamp.From(world.Time.GetUtcNow()) };
        await world.Journal.AppendAsync([entry], TestContext.Current.CancellationToken);
        open.Take(world.Journal.Find(world.Journal.Head.Number)!, null);
    }

    private int Settle(OpenTraces open)
    {
        var settled = open.Settle(Timestamp.From(world.Time.GetUtcNow()));
        foreach (var (trace, reason) in settled) world.Append(trace.Settle(world.Log.Head + 1, world.Log.RevisionsOf(1, trace.TraceId) + 1, reason, Timestamp.From(world.Time.GetUtcNow())));
        return settled.Count;
    }
}
