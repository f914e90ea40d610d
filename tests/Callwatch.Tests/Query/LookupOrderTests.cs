using Callwatch.Forward;
using Callwatch.Forward.Lanes;
using Callwatch.Query;
using Callwatch.Settle;
using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Query;

/// <summary>What goes on while somebody asks.</summary>
public sealed class LookupOrderTests : IDisposable
{
    private readonly TempFolder temp = new();
    private readonly ForwardDb db;

    public LookupOrderTests() => db = new ForwardDb(temp.At("forward.db"));

    public void Dispose()
    {
        db.Dispose();
        temp.Dispose();
    }

    [Fact]
    public async Task A_trace_that_settles_and_is_delivered_while_somebody_asks_is_never_shown_as_delivered_before_it_has_settled()
    {
        using var world = new QueryWorld(chunks: 1);
        var trace = world.AllCalls()[0].TraceId;
        var settling = new Settling();
        var deliveries = new DeliveryQueries(null, new MeanwhileSettles(settling), new NoLanes(), new DeadLetters(db, world.Time));
        var match = Assert.Single(await world.LookupBeside(settling, deliveries).FindAsync(QueryWorld.Tenant, trace.ToString(), TestContext.Current.CancellationToken));
        Assert.Equal("done", match.Steps.Single(step => step.Step == "settled").State);
    }

    private sealed class Settling : ISettleState
    {
        public bool IsDone { get; set; }

        public SettleStatus Status => throw new NotSupportedException();

        public bool IsOpen(int tenantId, TraceId trace, long lastNumber) => !IsDone;

        public bool? IsSettled(int tenantId, TraceId trace, long asOf, Timestamp receivedAt) => IsDone;
    }

    /// <summary>Asked for destinations, the trace has settled in that moment.</summary>
    private sealed class MeanwhileSettles(Settling settling) : IDestinationDirectory
    {
        public IReadOnlyList<Destination> All
        {
            get
            {
                settling.IsDone = true;
                return [];
            }
        }

        public Task ChangedAsync(CancellationToken cancel) => Task.Delay(Timeout.InfiniteTimeSpan, cancel);
    }

    private sealed class NoLanes : ILanes
    {
        public LaneStatus? Status(int destination) => null;

        public void TryAtOnce(int destination) => throw new NotSupportedException();

        public ReplayStatus Replay(int destination, Timestamp from, Timestamp to) => throw new NotSupportedException();

        public IReadOnlyList<ReplayStatus> Replays(int destination) => [];

        public bool EndReplay(int destination, int replay) => false;

        public Timestamp? DeliveredAt(int destination, long seq) => null;

        public string? LinkTo(int destination, TraceId trace) => null;
    }
}
