using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Lanes;
using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Callwatch.Tests.Settle;
using Xunit;
using static Callwatch.Testing.OtlpBytes;

namespace Callwatch.Tests.Forward;

/// <summary>What lanes lose when retention takes what they had still to deliver, and what is told of a trace.</summary>
public sealed class LaneLossesTests : IDisposable
{
    private readonly TempFolder temp = new();
    private readonly ManualTime time = new();
    private readonly InMemoryJournal journal = new();
    private readonly ForwardDb db;
    private readonly LaneTable table;
    private readonly DeadLetters letters;

    public LaneLossesTests()
    {
        db = new ForwardDb(temp.At("forward.db"), time);
        (table, letters) = (new LaneTable(db, time), new DeadLetters(db, time));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        db.Dispose();
        temp.Dispose();
    }

    [Fact]
    public async Task Traces_that_a_lane_had_still_to_deliver_are_counted_for_it_when_their_records_go()
    {
        await using var running = await SettledAsync(6);
        var counters = new Counters();
        var losses = new LaneLosses(new Directory(To(1, "behind"), To(2, "up to date"), To(3, "never ran")), table, () => running.Log, counters);
        table.Begin(new LaneKey(1, 0), 2);
        table.Begin(new LaneKey(2, 0), 6);
        Assert.Equal(6, losses.HighestSeq);

        Assert.Equal([("lane behind", 2L)], losses.LossesOf(1, 4));
        Assert.Empty(losses.LossesOf(1, 2));

        losses.Forgets(4, (tenantId, after) => tenantId == 1 ? 4 - after : 0);
        Assert.Equal((2, 0), (table.Find(new LaneKey(1, 0))!.Expired, table.Find(new LaneKey(2, 0))!.Expired));
        Assert.Equal(2, counters.Snapshot(1)[Reason.ExpiredBeforeDelivery]);
    }

    [Fact]
    public async Task Of_a_trace_it_is_told_how_far_each_destination_is_with_it_and_why()
    {
        await using var running = await SettledAsync(2);
        var old = To(7, "old");
        var lanes = new Told
        {
            States =
            {
                [1] = (LaneState.Running, 2), [2] = (LaneState.Blocked, 1), [3] = (LaneState.Running, 2), [4] = (LaneState.Paused, 1), [5] = (LaneState.Running, 2), [7] = (LaneState.Idle, 2),
            },
            Sent = { 1, 3, 7 },
            At = { [1] = running.Log.Find(2)!.SettledAt, [7] = running.Log.Find(2)!.SettledAt.Plus(TimeSpan.FromDays(8)) },
        };
        letters.Add(3, [new Refusal(2, new OutboundItem { Route = "otlp", TraceId = RunningSettler.TraceOf(2), SpanIds = [new SpanId(1)], Payload = default }, new PlatformWords(400, "bad span"), 3)]);
        var directory = new Directory(
            To(1, "done"), To(2, "blocked"), To(3, "refused"), To(4, "paused"), To(5, "filtered"),
            To(6, "other app") with { AppIds = new HashSet<int> { 99 } }, old, To(8, "of another tenant") with { TenantId = 2 });
        var queries = new DeliveryQueries(running.Log, directory, lanes, letters);

        Assert.Equal(
            [
                ("done", DeliveryState.Done, null), ("blocked", DeliveryState.Waiting, "blocked"), ("refused", DeliveryState.Refused, "400 bad span"), ("paused", DeliveryState.Waiting, "paused"),
                ("filtered", DeliveryState.LeftOut, "filter_sample_or_start"), ("old", DeliveryState.Expired, "too_old"),
            ],
            queries.Of(1, RunningSettler.TraceOf(2), [2]).Select(delivery => (delivery.Destination, delivery.State, delivery.Reason)));
        Assert.Equal(running.Log.Find(2)!.SettledAt, queries.SettledAt(1, RunningSettler.TraceOf(2)));
        Assert.All(queries.Of(1, RunningSettler.TraceOf(77), [2]).Where(delivery => delivery.Destination != "refused"), delivery => Assert.Equal((DeliveryState.Waiting, "not_settled"), (delivery.State, delivery.Reason)));
        Assert.Null(queries.SettledAt(1, RunningSettler.TraceOf(77)));
    }

    private async Task<RunningSettler> SettledAsync(int traces)
    {
        var running = await RunningSettler.StartAsync(temp, journal, time);
        for (var trace = 1; trace <= traces; trace++)
        {
            await journal.AppendSpansAsync(time, Span(trace));
            await running.AdvanceUntilAsync(time, () => running.Log.Head == trace);
        }

        return running;
    }

    private static Destination To(int id, string name) => new()
    {
        Id = id,
        TenantId = 1,
        Revision = 1,
        Name = name,
        Kind = new Kind(),
        Start = new StartAt.Now(),
        Enabled = true,
    };

    private sealed class Directory(params Destination[] all) : IDestinationDirectory
    {
        public IReadOnlyList<Destination> All => all;

        public Task ChangedAsync(CancellationToken cancel) => Task.Delay(Timeout.InfiniteTimeSpan, cancel);
    }

    private sealed class Told : ILanes
    {
        public Dictionary<int, (LaneState State, long Position)> States { get; } = [];

        public HashSet<int> Sent { get; } = [];

        public Dictionary<int, Timestamp> At { get; } = [];

        public LaneStatus? Status(int destination) =>
            States.TryGetValue(destination, out var state) ? new LaneStatus(state.State, state.Position, 0, 0, 0, 0, 0, 0, null, null) : null;

        public bool WasSent(int destination, TraceId trace) => Sent.Contains(destination);

        public Timestamp? DeliveredAt(int destination, long seq) => At.TryGetValue(destination, out var at) ? at : null;

        public string? LinkTo(int destination, TraceId trace) => null;

        public void TryAtOnce(int destination) => throw new NotSupportedException();

        public ReplayStatus Replay(int destination, Timestamp from, Timestamp to) => throw new NotSupportedException();

        public IReadOnlyList<ReplayStatus> Replays(int destination) => [];

        public bool EndReplay(int destination, int replay) => false;
    }

    private sealed class Kind : IDestinationKind
    {
        public string Name => "none";

        public string Title => "None";

        public IReadOnlyList<DestinationField> Fields => [];

        public bool Deduplicates => true;

        public ConfigResult Normalize(JsonObject config, OutboundRules rules) => new ConfigResult.Good(config, []);

        public IDestination Create(JsonObject config, DestinationContext context) => throw new NotSupportedException();
    }
}
