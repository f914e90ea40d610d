using Callwatch.Forward;
using Callwatch.Forward.Lanes;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;
using static Callwatch.Testing.StandIns.PlatformReply;
using static Callwatch.Tests.Forward.Lanes.LaneFaultTests;

namespace Callwatch.Tests.Forward.Lanes;

/// <summary>What a platform refuses becomes a dead letter, alone; everything else arrives.</summary>
public sealed class LaneRefusalTests : IAsyncDisposable
{
    private readonly LaneWorld world = new();
    private readonly ScriptedPlatform platform = new();
    private readonly ScriptedKind kind = new();

    public async ValueTask DisposeAsync()
    {
        await world.DisposeAsync();
        await platform.DisposeAsync();
    }

    [Fact]
    public async Task A_refused_request_is_parted_until_the_bad_item_stands_alone()
    {
        platform.Script = request => request.Items.Any(item => item.Contains("bad", StringComparison.Ordinal)) ? new Answer(400, "{\"error\": \"no bad things\"}") : Ok;
        await SettleAsync(100, bad: 37);
        await StartAsync();
        await world.WhenDoneAsync();
        Assert.Equal(99, platform.Taken.Distinct().Count());
        var letter = Assert.Single(world.Letters.List(1, null, 10));
        Assert.Equal((A.TraceId(37), 400, "no bad things"), (letter.TraceId, letter.Status, letter.Message));
        Assert.Equal(new Spans.SpanId(1), Assert.Single(letter.SpanIds));
        Assert.Equal((99L, 1L), (world.Status().Sent, world.Status().Refused));
        Assert.InRange(platform.Requests.Count, 8, 16);
        Assert.Equal(1, world.Counters.Total(Telemetry.Reason.RefusedByPlatform));
    }

    [Fact]
    public async Task A_request_that_is_too_large_is_parted_and_an_item_that_is_too_large_alone_is_cut()
    {
        platform.Script = request => request.Body.Length > 300 ? new Answer(413) : Ok;
        for (var trace = 1ul; trace <= 8; trace++) await world.SettleAsync(trace, A.Span(trace == 3 ? new string('x', 5_000) : "chat"));
        await StartAsync();
        await world.WhenDoneAsync();
        Assert.Equal(8, platform.Taken.Count);
        Assert.Contains(platform.Taken, item => item.EndsWith(" cut", StringComparison.Ordinal));
        Assert.Empty(world.Letters.List(1, null, 10));
    }

    [Fact]
    public async Task An_item_that_is_too_large_even_when_cut_is_a_dead_letter_and_the_rest_arrives()
    {
        platform.Script = request => request.Items.Any(item => item.Contains("xxx", StringComparison.Ordinal)) ? new Answer(413) : Ok;
        for (var trace = 1ul; trace <= 5; trace++) await world.SettleAsync(trace, A.Span(trace == 3 ? new string('x', 5_000) : "chat"));
        await StartAsync();
        await world.WhenDoneAsync();
        Assert.Equal(4, platform.Taken.Count);
        Assert.Equal(413, Assert.Single(world.Letters.List(1, null, 10)).Status);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(0)]
    public async Task A_poison_item_that_the_platform_fails_on_is_found_and_set_aside_while_all_others_arrive(int status)
    {
        platform.Script = request => !request.Items.Any(item => item.Contains("bad", StringComparison.Ordinal)) ? Ok : status == 0 ? new Torn("") : new Answer(status, "stack trace");
        await SettleAsync(400, bad: 123);
        await StartAsync();
        await world.WhenDoneAsync();
        Assert.Equal(399, platform.Taken.Distinct().Count());
        var letter = Assert.Single(world.Letters.List(1, null, 10));
        Assert.Equal(A.TraceId(123), letter.TraceId);
        Assert.Contains("Given up", letter.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lone_poison_item_holds_up_nothing_that_comes_after_it()
    {
        platform.Script = request => request.Items.Any(item => item.Contains("bad", StringComparison.Ordinal)) ? new Answer(500) : Ok;
        await StartAsync();
        await world.SettleAsync(1, A.Span("bad"));
        await world.UntilAsync(() => world.Status().Retried > 0 || platform.Requests.Count > 8, "it has been tried often");
        Assert.Empty(world.Letters.List(1, null, 10));
        for (var trace = 2ul; trace <= 30; trace++) await world.SettleAsync(trace, A.Span("chat"));
        await world.WhenDoneAsync();
        Assert.Equal(29, platform.Taken.Distinct().Count());
        Assert.Equal(29, platform.Taken.Count);
        Assert.Single(world.Letters.List(1, null, 10));
    }

    [Fact]
    public async Task A_poison_item_of_a_large_trace_with_nothing_behind_it_says_what_it_waits_for_and_goes_when_a_person_asks()
    {
        kind.Limits = new DestinationLimits(4, 1 << 20, 1);
        var isMended = false;
        platform.Script = request => !isMended && request.Items.Any(item => item.EndsWith("bad", StringComparison.Ordinal)) ? new Answer(500, "stack trace") : Ok;
        await StartAsync();
        await world.SettleAsync(1, [.. Enumerable.Range(1, 12).Select(number => A.Span(number == 6 ? "bad" : "chat").Id((ulong)number, under: number == 1 ? 0 : 1ul))]);
        await world.UntilAsync(() => world.Status().LastError?.Advice.Contains("by itself", StringComparison.Ordinal) == true, "it is told");
        await Eventually.HoldsAsync(() => world.Status().NextAttempt is not null, "it waits");
        var status = world.Status();
        Assert.Equal((LaneState.Retrying, 1L, 500, "stack trace"), (status.State, status.Backlog, status.LastError!.Status, status.LastError.Message));
        Assert.Contains("Resume", status.LastError.Advice, StringComparison.Ordinal);
        Assert.Empty(world.Letters.List(1, null, 10));

        isMended = true;
        world.Lanes.TryAtOnce(1);
        await Eventually.HoldsAsync(() => platform.Taken.Count == 12, "it goes at once");
        await world.WhenDoneAsync();
        Assert.Equal(12, platform.Taken.Distinct().Count());
    }

    [Fact]
    public async Task A_warning_of_the_platform_is_shown_and_holds_up_nothing()
    {
        platform.Script = _ => new Answer(200, "{\"warning\": \"old names will go\"}");
        await SettleAsync(3);
        await StartAsync();
        await world.WhenDoneAsync();
        Assert.Equal(3, platform.Taken.Count);
        Assert.Equal("All was taken, with a warning: old names will go", world.Status().LastError!.Message);
        Assert.Equal(LaneState.Idle, world.Status().State);
    }

    [Fact]
    public async Task Of_an_answer_that_speaks_of_each_item_the_taken_are_done_the_refused_are_letters_and_the_rest_goes_again()
    {
        kind.Limits = new DestinationLimits(100, 1 << 20, 1);
        platform.Script = request => request.Number switch
        {
            1 => new Partly("{\"items\": {\"1\": [400, \"bad id\"], \"3\": [429, \"slow down\"], \"4\": [500, \"oops\"]}}", index => index is not (1 or 3 or 4)),
            2 => new Partly("{\"items\": {\"1\": [503, \"not yet\"]}}", index => index != 1),
            _ => Ok,
        };
        await SettleAsync(6);
        await StartAsync();
        await world.WhenDoneAsync();
        Assert.Equal(5, platform.Taken.Count);
        Assert.Equal([6, 2, 1], platform.Requests.Select(request => request.Items.Count));
        Assert.Equal("bad id", Assert.Single(world.Letters.List(1, null, 10)).Message);
        Assert.Equal((5L, 1L, 3L), (world.Status().Sent, world.Status().Refused, world.Status().Retried));
    }

    [Fact]
    public async Task Where_every_item_of_an_answer_is_blocked_the_lane_is()
    {
        platform.Script = _ => new Partly("{\"items\": {\"0\": [401, \"who are you\"]}}", _ => false);
        await SettleAsync(1);
        await StartAsync();
        await Eventually.HoldsAsync(() => world.Status().State == LaneState.Blocked, "it is blocked");
        Assert.Equal("who are you", world.Status().LastError!.Message);
    }

    [Fact]
    public async Task A_trace_the_platform_wants_in_another_form_is_sent_in_it_but_not_what_it_has_taken_before()
    {
        platform.Script = request => request.Number == 1 ? new Partly("{\"items\": {\"1\": [409, \"newer\"]}}", index => index == 0) : Ok;
        await world.SettleAsync(1, A.Span("chat").Id(1), A.Span("tool").Id(2, under: 1));
        await StartAsync();
        await world.WhenDoneAsync();
        Assert.Equal([Line(1, 1, "chat"), Line(1, 2, "toolv2")], platform.Taken);
        Assert.Equal("v2", world.Anchors.Find(1, A.TraceId(1))!.Form);

        // Later revisions have the form from the start.
        await world.SettleAsync(1, A.Span("late").Id(3, under: 1));
        await world.WhenDoneAsync();
        Assert.Equal(Line(1, 3, "latev2"), platform.Taken[^1]);
    }

    [Fact]
    public async Task A_platform_that_refuses_both_forms_has_refused_it()
    {
        platform.Script = request => new Partly("{\"form\": \"v2\"}", _ => false);
        await SettleAsync(1);
        await StartAsync();
        await world.WhenDoneAsync();
        Assert.Equal("The platform refused both forms of it.", Assert.Single(world.Letters.List(1, null, 10)).Message);
        Assert.Equal(2, platform.Requests.Count);
    }

    [Fact]
    public async Task A_trace_that_cannot_be_mapped_is_a_dead_letter_that_does_not_quote_it()
    {
        kind.Mapping = trace =>
        {
            if (trace.Revision.TraceId == A.TraceId(2)) throw new InvalidOperationException("my secret question");
        };
        await SettleAsync(3);
        await StartAsync();
        await world.WhenDoneAsync();
        Assert.Equal(2, platform.Taken.Count);
        var letter = Assert.Single(world.Letters.List(1, null, 10));
        Assert.Equal((A.TraceId(2), 1L), (letter.TraceId, world.Status().Refused));
        Assert.DoesNotContain("secret", letter.Message, StringComparison.Ordinal);

        kind.Mapping = null;
        world.Letters.Retry(1, LetterChoice.All);
        world.Lanes.TryAtOnce(1);
        await Eventually.HoldsAsync(() => platform.Taken.Count == 3 && world.Letters.Count(1) == 0, "it is sent once it can be");
    }

    [Fact]
    public async Task Dead_letters_are_sent_again_by_number_or_all_and_those_refused_again_stay()
    {
        var stillBad = new HashSet<string>(StringComparer.Ordinal) { "bad 1", "bad 2", "bad 3", "bad 4" };
        platform.Script = request => request.Items.Any(item => stillBad.Any(name => item.EndsWith(name, StringComparison.Ordinal))) ? new Answer(422, "bad") : Ok;
        for (var trace = 1ul; trace <= 6; trace++) await world.SettleAsync(trace, A.Span(trace <= 4 ? "bad " + trace : "good"));
        await StartAsync();
        await world.WhenDoneAsync();
        Assert.Equal(4, world.Letters.Count(1));

        stillBad.Remove("bad 1");
        stillBad.Remove("bad 2");
        stillBad.Remove("bad 3");
        var second = world.Letters.List(1, null, 10).Single(letter => letter.TraceId == A.TraceId(2));
        Assert.Equal(1, world.Letters.Retry(1, new LetterChoice { Ids = [second.Id] }));
        world.Lanes.TryAtOnce(1);
        await Eventually.HoldsAsync(() => world.Letters.Count(1) == 3, "the one is gone");
        Assert.Equal([Line(2, 1, "bad 2")], platform.Taken.Where(item => item.Contains("bad", StringComparison.Ordinal)));

        world.Letters.Retry(1, LetterChoice.All);
        world.Lanes.TryAtOnce(1);
        await Eventually.HoldsAsync(() => world.Letters.Count(1) == 1 && !world.Letters.List(1, null, 10)[0].IsMarked, "only what is refused again stays");
        Assert.Equal(A.TraceId(4), world.Letters.List(1, null, 10)[0].TraceId);
        await Eventually.HoldsAsync(() => world.Status().Sent == 5, "what was sent again is counted");
        Assert.Equal(1, world.Letters.Discard(1, LetterChoice.All));
        Assert.Empty(world.Letters.List(1, null, 10));
    }

    [Fact]
    public async Task Marked_letters_survive_a_restart_and_a_platform_that_is_down()
    {
        var state = 400;
        platform.Script = _ => state == 200 ? Ok : new Answer(state);
        await SettleAsync(1);
        await StartAsync();
        await world.WhenDoneAsync();
        state = 503;
        world.Letters.Retry(1, LetterChoice.All);
        world.Lanes.TryAtOnce(1);
        await Eventually.HoldsAsync(() => world.Status().NextAttempt is not null, "it waits");
        await world.RestartAsync();
        state = 200;
        await world.UntilAsync(() => world.Letters.Count(1) == 0, "it is sent after the restart");
        Assert.Single(platform.Taken);
    }

    [Fact]
    public async Task A_letter_whose_trace_the_journal_no_longer_holds_stays_and_says_so()
    {
        platform.Script = _ => new Answer(400);
        await world.SettleAsync(1, A.Span("chat"));
        world.Append((await world.SettleAsync(2, A.Span("chat"))) with { Seq = 3, FirstNumber = 99, LastNumber = 99, Spans = [new(new Spans.SpanId(1), 99, 0)] });
        await StartAsync();
        await world.WhenDoneAsync();
        world.Letters.Add(1, [new Refusal(3, new OutboundItem { Route = "lines", TraceId = A.TraceId(2), SpanIds = [new Spans.SpanId(1)], Payload = default }, new PlatformWords(400, "bad"), 1)]);
        world.Letters.Retry(1, new LetterChoice { Ids = [world.Letters.List(1, null, 1)[0].Id] });
        world.Lanes.TryAtOnce(1);
        await Eventually.HoldsAsync(() => world.Letters.List(1, null, 1)[0] is { IsMarked: false, Message: var message } && message.Contains("no longer holds", StringComparison.Ordinal), "it says so");
    }

    private Task StartAsync() => world.StartAsync(world.Destination(platform.Address, kind));

    private async Task SettleAsync(int count, int bad = 0)
    {
        for (var trace = 1; trace <= count; trace++) await world.SettleAsync((ulong)trace, A.Span(trace == bad ? "bad" : "chat"));
    }
}
