using Callwatch.Forward.Destinations.Opik;
using Callwatch.Forward.Lanes;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Opik;

/// <summary>Ids of version 7 within the server's window, whatever the age of what is sent and whatever happens on the way.</summary>
public sealed class OpikAgeTests
{
    private static readonly DateTimeOffset Received = Scenario.Received.ToDateTimeOffset();

    [Fact]
    public async Task What_is_older_than_23_hours_takes_the_time_of_its_first_attempt_and_keeps_it_across_a_crash()
    {
        await using var world = await World.AtAsync(Received + TimeSpan.FromHours(30));
        await world.Rig.AddAsync(Scenarios.All);
        await world.Rig.DeliverAsync();
        Assert.Empty(world.Opik.Problems);
        Assert.All(world.Opik.Traces.Keys.Concat(world.Opik.Spans.Keys), id => Assert.InRange(OpikTests.TimeIn(id), (Received + TimeSpan.FromHours(30)).ToUnixTimeMilliseconds(), world.Time.GetUtcNow().ToUnixTimeMilliseconds()));
        Assert.All(world.Opik.Traces.Values, trace => Assert.InRange(OpikTests.Milliseconds((string)trace["start_time"]!), 0, Received.ToUnixTimeMilliseconds() + 600_000));
        var before = world.Ids;

        // The process is killed before the cursor moves, and comes back hours later.
        world.Rig.CrashBack();
        world.Time.Advance(TimeSpan.FromHours(20));
        await world.Rig.DeliverAsync();
        Assert.Equal(before, world.Ids);
        Assert.Empty(world.Rig.DeadLetters);
    }

    [Fact]
    public async Task What_was_sent_before_and_is_too_old_by_now_is_not_sent_as_something_new()
    {
        await using var world = await World.AtAsync(Received + TimeSpan.FromMinutes(10));
        await world.Rig.AddAsync(Scenarios.All);
        await world.Rig.DeliverAsync();
        var before = world.Ids;
        world.Rig.CrashBack();
        world.Time.Advance(TimeSpan.FromDays(3));
        await world.Rig.DeliverAsync();
        Assert.Equal(before, world.Ids);
        Assert.Empty(world.Rig.DeadLetters);
        Assert.Empty(world.Opik.Problems);
    }

    [Fact]
    public async Task A_trace_frozen_before_a_long_outage_gets_ids_of_the_moment_it_can_be_sent()
    {
        await using var world = await World.AtAsync(Received + TimeSpan.FromMinutes(10));
        world.Rig.Options.MaxDelay = TimeSpan.FromMinutes(1);
        await world.Rig.AddAsync(Scenarios.Get("workflow"));
        world.Opik.Always = _ => new StandInAnswer(503);
        await world.Rig.DeliverAsync(() => world.Opik.Requests.Count > 2);
        world.Opik.Always = null;
        world.Time.Advance(TimeSpan.FromDays(2));
        await world.Rig.DeliverAsync();
        Assert.Empty(world.Rig.DeadLetters);
        Assert.Empty(world.Opik.Problems);
        Assert.Single(world.Opik.Traces);
        Assert.Equal(10, world.Opik.Spans.Count);
        var before = world.Ids;
        world.Rig.CrashBack();
        await world.Rig.DeliverAsync();
        Assert.Equal(before, world.Ids);
    }

    [Fact]
    public async Task A_part_that_comes_two_days_later_joins_the_trace_with_an_id_of_its_own_time()
    {
        await using var world = await World.AtAsync(Received + TimeSpan.FromMinutes(1));
        await world.Rig.AddAsync(Scenarios.Get("late-span"), request: 0);
        await world.Rig.DeliverAsync();
        var before = world.Ids;
        world.Time.Advance(TimeSpan.FromDays(2));
        await world.Rig.AddAsync(Scenarios.Get("late-span"), request: 1);
        await world.Rig.DeliverAsync();
        world.Rig.CrashBack(cursor: 1);
        await world.Rig.DeliverAsync();
        Assert.Empty(world.Rig.DeadLetters);
        Assert.Empty(world.Opik.Problems);
        Assert.Single(world.Opik.Traces);
        Assert.Equal(3, world.Opik.Spans.Count);
        Assert.Empty(before.Except(world.Ids));
        var log = world.Opik.Spans.Values.Single(span => (string?)span["name"] == "write_log");
        Assert.Equal((string?)world.Opik.Spans.Values.Single(span => (string?)span["name"] == "answer-question")["id"], (string?)log["parent_span_id"]);
        Assert.InRange(OpikTests.TimeIn((string)log["id"]!), (Received + TimeSpan.FromDays(2)).ToUnixTimeMilliseconds(), world.Time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    [Fact]
    public async Task A_server_with_a_smaller_window_gets_newer_ids()
    {
        await using var world = await World.AtAsync(Received + TimeSpan.FromHours(15));
        world.Opik.Window = TimeSpan.FromHours(12);
        await world.Rig.AddAsync(Scenarios.Get("workflow"), Scenarios.Get("feedback"), Scenarios.Get("error"));
        await world.Rig.DeliverAsync();
        Assert.Empty(world.Rig.DeadLetters);
        Assert.Empty(world.Opik.Problems);
        Assert.Equal(3, world.Opik.Traces.Count);
        Assert.Equal(1, world.Opik.Scores.Count(score => world.Opik.Traces.ContainsKey((string)score["id"]!)));
    }

    [Fact]
    public async Task A_server_that_wants_no_id_at_all_makes_dead_letters_and_the_lane_goes_on()
    {
        await using var world = await World.AtAsync(Received + TimeSpan.FromHours(1));
        world.Opik.Always = request => request.Method == "POST" && System.Text.Encoding.UTF8.GetString(request.Body!).Contains("order-workflow", StringComparison.Ordinal)
            ? new StandInAnswer(400, """{"code":400,"message":"Trace id timestamp is not within the accepted window: too_old"}""") : null;
        await world.Rig.AddAsync(Scenarios.Get("workflow"), Scenarios.Get("error"));
        await world.Rig.DeliverAsync();
        Assert.NotEmpty(world.Rig.DeadLetters);
        Assert.All(world.Rig.DeadLetters, letter => Assert.Contains("too_old", letter.Message, StringComparison.Ordinal));
        Assert.Equal(LaneState.Idle, world.Rig.Status.State);
        Assert.Contains(world.Opik.Traces.Values, trace => (string?)trace["name"] == "chat gpt-4o-mini");
    }

    [Theory]
    [InlineData(-2)]
    [InlineData(2)]
    public async Task A_platform_whose_clock_is_days_off_says_so_in_the_dead_letters_which_go_when_it_is_right(int days)
    {
        var (ours, theirs) = (new ManualTime(Received + TimeSpan.FromMinutes(10)), new ManualTime(Received + TimeSpan.FromDays(days)));
        await using var opik = await OpikStandIn.StartedAsync(theirs);
        await using var rig = new ForwardRig(new OpikKind(), opik.Config(), ours);
        await rig.AddAsync(Scenarios.Get("workflow"));
        await rig.DeliverAsync();
        Assert.NotEmpty(rig.DeadLetters);
        Assert.All(rig.DeadLetters, letter => Assert.Contains("too_", letter.Message, StringComparison.Ordinal));
        Assert.Empty(opik.Traces);
        theirs.Leap(ours.GetUtcNow() - theirs.GetUtcNow());
        await rig.RetryLettersAsync(TestContext.Current.CancellationToken);
        Assert.Empty(rig.DeadLetters);
        Assert.Single(opik.Traces);
        Assert.Empty(opik.Problems);
    }

    [Fact]
    public async Task An_id_of_version_7_and_of_now_stays_what_the_application_knows_it_by()
    {
        await using var world = await World.AtAsync(Received + TimeSpan.FromMinutes(10));
        var own = Guid.CreateVersion7(Received - TimeSpan.FromMinutes(2)).ToString("D");
        await world.Rig.AddAsync(new Scenario("own-id", [A.Traces(RecordScenarios.Message(own, "Hello", "Hi.").At(0, 100))]));
        await world.Rig.DeliverAsync();
        Assert.Equal(own, Assert.Single(world.Opik.Traces).Key);
        world.Rig.CrashBack();
        world.Time.Advance(TimeSpan.FromDays(2));
        await world.Rig.DeliverAsync();
        Assert.Equal(own, Assert.Single(world.Opik.Traces).Key);
    }

    [Fact]
    public async Task A_span_without_a_name_is_called_by_its_kind()
    {
        await using var world = await World.AtAsync(Received + TimeSpan.FromMinutes(10));
        await world.Rig.AddAsync(new Scenario("nameless", [A.Traces(A.Span("").With("gen_ai.operation.name", "invoke_workflow"))]));
        await world.Rig.DeliverAsync();
        Assert.Empty(world.Opik.Problems);
        Assert.Equal("chain", (string?)Assert.Single(world.Opik.Traces.Values)["name"]);
    }

    [Fact]
    public async Task A_clock_ahead_of_ours_makes_no_id_of_the_future()
    {
        await using var world = await World.AtAsync(Received - TimeSpan.FromHours(30));
        await world.Rig.AddAsync(Scenarios.Get("llm-message"));
        await world.Rig.DeliverAsync();
        Assert.All(world.Ids, id => Assert.True(OpikTests.TimeIn(id) <= world.Time.GetUtcNow().ToUnixTimeMilliseconds()));
    }

    private sealed class World(ManualTime time, OpikStandIn opik, ForwardRig rig) : IAsyncDisposable
    {
        public ManualTime Time => time;

        public OpikStandIn Opik => opik;

        public ForwardRig Rig => rig;

        public IReadOnlyList<string> Ids => [.. opik.Traces.Keys.Concat(opik.Spans.Keys).Order(StringComparer.Ordinal)];

        public static async Task<World> AtAsync(DateTimeOffset now)
        {
            var time = new ManualTime(now);
            var opik = await OpikStandIn.StartedAsync(time);
            return new World(time, opik, new ForwardRig(new OpikKind(), opik.Config(), time));
        }

        public async ValueTask DisposeAsync()
        {
            await rig.DisposeAsync();
            await opik.DisposeAsync();
        }
    }
}
