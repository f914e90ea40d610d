using Callwatch.Forward;
using Callwatch.Query.Filters;
using Callwatch.Spans;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;
using static Callwatch.Tests.Forward.Lanes.LaneFaultTests;

namespace Callwatch.Tests.Forward.Lanes;

/// <summary>What goes to a destination: by app, filter, sample and time, and masked.</summary>
public sealed class LaneSelectionTests : IAsyncDisposable
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
    public async Task Only_the_apps_it_serves_go_there_and_a_changed_list_holds_from_where_the_lane_stands()
    {
        var destination = world.Destination(platform.Address, kind) with { AppIds = new HashSet<int> { world.Apps.AppIdOf(1, "shop") } };
        await world.StartAsync(destination);
        await world.SettleAsync(1, "shop", 1, A.Span("a"));
        await world.SettleAsync(1, "bank", 2, A.Span("b"));
        await world.SettleAsync(2, "shop", 3, A.Span("of another tenant"));
        await world.WhenDoneAsync();
        world.Directory.Set(destination with { AppIds = new HashSet<int> { world.Apps.AppIdOf(1, "bank") } });
        await Eventually.HoldsAsync(() => kind.Disposed == 1, "the old one is closed");
        await world.SettleAsync(1, "shop", 4, A.Span("c"));
        await world.SettleAsync(1, "bank", 5, A.Span("d"));
        await world.WhenDoneAsync();
        Assert.Equal([Line(1, 1, "a"), Line(5, 1, "d")], platform.Taken);
    }

    [Fact]
    public async Task A_filter_lets_only_what_it_names_go_and_once_a_trace_has_gone_all_that_comes_of_it_goes()
    {
        var filter = Assert.IsType<FilterResult.Parsed>(FilterParser.Parse("outcome:error")).Filter;
        await world.StartAsync(world.Destination(platform.Address, kind) with { Filter = filter });
        await world.SettleAsync(1, A.Span("good"));
        await world.SettleAsync(2, A.Span("failed").Status(2, "no"));
        await world.SettleAsync(2, A.Span("after").Id(2, under: 1));
        await world.SettleAsync(3, A.Span("before").Id(1));
        await world.SettleAsync(3, A.Span("fails later").Id(2, under: 1).Status(2, "no"));
        await world.WhenDoneAsync();
        Assert.Equal([Line(2, 1, "failed"), Line(2, 2, "after"), Line(3, 1, "before"), Line(3, 2, "fails later")], platform.Taken);
        Assert.False(world.Lanes.WasSent(1, A.TraceId(1)));
        Assert.True(world.Lanes.WasSent(1, A.TraceId(2)));
    }

    [Fact]
    public async Task What_a_late_choice_takes_along_goes_again_when_the_lane_was_stopped_before_it_arrived()
    {
        var filter = Assert.IsType<FilterResult.Parsed>(FilterParser.Parse("outcome:error")).Filter;
        var destination = world.Destination(platform.Address, kind) with { Filter = filter };
        platform.Script = _ => new PlatformReply.Answer(503);
        await world.StartAsync(destination);
        await world.SettleAsync(3, A.Span("before").Id(1));
        await world.SettleAsync(3, A.Span("fails later").Id(2, under: 1).Status(2, "no"));
        await Eventually.HoldsAsync(() => platform.Requests.Count > 0, "it was tried");
        world.Directory.Set(destination with { SampleRate = 0.999999 });
        await Eventually.HoldsAsync(() => kind.Disposed == 1, "the lane was stopped");
        platform.Script = _ => PlatformReply.Ok;
        await world.WhenDoneAsync();
        Assert.Equal([Line(3, 1, "before"), Line(3, 2, "fails later")], platform.Taken);
    }

    [Fact]
    public async Task A_sample_takes_its_share_by_trace_and_every_error_if_wanted()
    {
        await world.StartAsync(
            world.Destination(platform.Address, kind) with { SampleRate = 0.25 },
            world.Destination(platform.Address, new ScriptedKind { Line = (span, _) => "without " + span.Span.TraceId }, id: 2) with { SampleRate = 0.25, KeepErrors = false });
        for (var trace = 1ul; trace <= 1_000; trace++) await world.SettleAsync(trace, trace % 10 == 0 ? A.Span("failed").Status(2, "no") : A.Span("chat"));
        await world.WhenDoneAsync();
        await world.WhenDoneAsync(2);
        Assert.Equal(100, platform.Taken.Count(item => item.EndsWith("failed", StringComparison.Ordinal)));
        Assert.InRange(platform.Taken.Count(item => item.EndsWith("chat", StringComparison.Ordinal)), 170, 280);
        Assert.InRange(platform.Taken.Count(item => item.StartsWith("without", StringComparison.Ordinal)), 200, 300);
    }

    [Fact]
    public async Task What_the_mask_hides_never_leaves()
    {
        kind.Line = (span, anchor) => $"{span.Span.Name}|{span.Span.UserId}|{span.Span.SessionId}|{anchor.UserId}|{anchor.SessionId}|{anchor.Name}|{span.Content.Attributes.ToJsonString()}|{span.Body.Length}";
        var destination = world.Destination(platform.Address, kind) with { Mask = Mask.Of(["email"]).Mask! };
        await world.StartAsync(destination);
        await world.SettleAsync(1, A.Span("mail anna@example.com").With(("user.id", "anna@example.com"), ("session.id", "s-anna@example.com"), ("gen_ai.prompt", "write to anna@example.com")));
        await world.WhenDoneAsync();
        Assert.Contains("***", Assert.Single(platform.Taken), StringComparison.Ordinal);
        Assert.DoesNotContain("anna", platform.Taken[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_destination_begins_now_at_the_beginning_or_at_a_time_as_it_says()
    {
        await world.SettleAsync(1, A.Span("old"));
        world.Time.Advance(TimeSpan.FromDays(9));
        var since = Timestamp.From(world.Time.GetUtcNow());
        await world.SettleAsync(2, A.Span("later"));
        await world.StartAsync(
            world.Destination(platform.Address, Named("now")) with { Start = new StartAt.Now() }, world.Destination(platform.Address, Named("beginning"), id: 2),
            world.Destination(platform.Address, Named("time"), id: 3) with { Start = new StartAt.Time(since) });
        await world.SettleAsync(3, A.Span("newest"));
        for (var id = 1; id <= 3; id++) await world.WhenDoneAsync(id);
        Assert.Equal(["now newest"], Of("now"));
        Assert.Equal(["beginning old", "beginning later", "beginning newest"], Of("beginning"));
        Assert.Equal(["time later", "time newest"], Of("time"));
        Assert.Null(world.Lanes.DeliveredAt(1, 1));
    }

    private static ScriptedKind Named(string name) => new() { Line = (span, _) => name + " " + span.Span.Name };

    private IEnumerable<string> Of(string name) => platform.Taken.Where(item => item.StartsWith(name + " ", StringComparison.Ordinal));
}
