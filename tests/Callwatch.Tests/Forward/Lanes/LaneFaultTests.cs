using Callwatch.Forward.Lanes;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;
using static Callwatch.Testing.StandIns.PlatformReply;

namespace Callwatch.Tests.Forward.Lanes;

/// <summary>Whatever a platform or the network does, everything arrives with the same ids, and people are told what is wrong.</summary>
public sealed class LaneFaultTests : IAsyncDisposable
{
    private readonly LaneWorld world = new();
    private readonly ScriptedPlatform platform = new();

    public async ValueTask DisposeAsync()
    {
        await world.DisposeAsync();
        await platform.DisposeAsync();
    }

    [Fact]
    public async Task A_trace_that_has_settled_is_delivered()
    {
        await world.StartAsync(world.Destination(platform.Address));
        await world.SettleAsync(1, A.Span("chat").Id(1), A.Span("tool").Id(2, under: 1));
        await world.WhenDoneAsync();
        Assert.Equal([Line(1, 1, "chat"), Line(1, 2, "tool")], platform.Taken);
        Assert.Equal((2L, 0L, 0L, 0L), Counts());
        Assert.Equal(LaneState.Idle, world.Status().State);
        Assert.NotNull(world.Lanes.DeliveredAt(1, 1));
    }

    public static TheoryData<string> Troubles() => [.. Faults.Keys];

    [Theory]
    [MemberData(nameof(Troubles))]
    public async Task What_may_pass_is_tried_again_until_it_is_taken(string trouble)
    {
        platform.Script = request => request.Number <= 3 ? Faults[trouble] : Ok;
        await world.StartAsync(world.Destination(platform.Address));
        await world.SettleAsync(1, A.Span("chat"));
        await world.WhenDoneAsync();
        Assert.Equal([Line(1, 1, "chat")], platform.Taken);
        Assert.Equal((1L, 0L, 3L, 0L), Counts());
        Assert.Empty(world.Letters.List(1, null, 10));
        Assert.False(string.IsNullOrEmpty(world.Status().LastError!.Message));
    }

    private static readonly Dictionary<string, PlatformReply> Faults = new()
    {
        ["503"] = new Answer(503, "{\"message\": \"busy\"}"),
        ["500"] = new Answer(500, "boom"),
        ["408"] = new Answer(408),
        ["425"] = new Answer(425),
        ["429"] = new Answer(429, "", ("Retry-After", "2")),
        ["401, later mended"] = new Answer(401),
        ["403, later mended"] = new Answer(403),
        ["404, later mended"] = new Answer(404),
        ["redirect, later mended"] = new Answer(307, "", ("Location", "http://127.0.0.1:9/")),
        ["no answer at all"] = new Torn(""),
        ["reset in the middle of the status line"] = new Torn("HTTP/1."),
        ["reset in the middle of the headers"] = new Torn("HTTP/1.1 200 OK\r\nContent-Le"),
        ["reset in the middle of the body"] = new Torn("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"it"),
        ["no HTTP"] = new Torn("SSH-2.0-OpenSSH_9.6\r\n"),
        ["200 with garbage"] = new Partly("<html>", _ => false),
        ["200 with nothing"] = new Partly("", _ => false),
        ["200 with a chunk that is none"] = new Torn("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    };

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")]
    [InlineData("HTTP/1.1 503 No\r\nContent-Length: 100\r\n\r\n{")]
    public async Task A_platform_that_stops_answering_in_the_middle_is_given_up_after_the_time_limit(string beginning)
    {
        platform.Script = request => request.Number == 1 ? new Hangs(beginning) : Ok;
        await world.StartAsync(world.Destination(platform.Address));
        await world.SettleAsync(1, A.Span("chat"));
        await Eventually.HoldsAsync(() => platform.AtOnce == 1, "the request has come");
        await world.PassLimitAsync();
        await world.UntilAsync(() => platform.Taken.Count > 0, "it is sent again");
        await world.WhenDoneAsync();
        Assert.Equal([Line(1, 1, "chat")], platform.Taken.Distinct());
        Assert.True(world.Time.GetUtcNow() - new ManualTime().GetUtcNow() >= world.Options.Timeout);
    }

    [Fact]
    public async Task What_was_taken_though_the_answer_was_lost_is_sent_again_with_the_same_ids()
    {
        platform.Script = request => request.Number == 1 ? new Torn("HTTP/1.1 2", Keeps: true) : Ok;
        await world.StartAsync(world.Destination(platform.Address));
        await world.SettleAsync(1, A.Span("chat"));
        await world.WhenDoneAsync();
        Assert.Equal([Line(1, 1, "chat"), Line(1, 1, "chat")], platform.Taken);
    }

    [Fact]
    public async Task A_refused_connection_is_tried_again_and_told_in_words()
    {
        await world.StartAsync(world.Destination(Ports.DeadEnd));
        await world.SettleAsync(1, A.Span("chat"));
        await Eventually.HoldsAsync(() => world.Status().State == LaneState.Retrying, "it is tried again");
        Assert.Equal("No connection: ConnectionRefused.", world.Status().LastError!.Message);
        Assert.Equal(1, world.Status().Backlog);
        Assert.Contains("firewall", world.Status().LastError!.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_no_name_server_knows_is_told_in_words()
    {
        await world.StartAsync(world.Destination(new Uri("http://no-such-host.invalid/")));
        await world.SettleAsync(1, A.Span("chat"));
        await Eventually.HoldsAsync(() => world.Status().State == LaneState.Retrying, "it is tried again");
        Assert.Equal("The name of the host is not known.", world.Status().LastError!.Message);
    }

    [Fact]
    public async Task Where_no_TLS_is_spoken_nothing_is_sent_and_people_are_told()
    {
        await world.StartAsync(world.Destination(new Uri($"https://127.0.0.1:{platform.Address.Port}/")));
        await world.SettleAsync(1, A.Span("chat"));

        // The stand-in waits for the end of a head that never comes: the handshake is given up after the time limit.
        await world.PassLimitAsync();
        await Eventually.HoldsAsync(() => world.Status().State == LaneState.Retrying, "it is tried again");
        Assert.Empty(platform.Requests);
    }

    [Theory]
    [InlineData("3", 3)]
    [InlineData("2.5", 2.5)]
    [InlineData("120", 120)]
    [InlineData("Thu, 17 Sep 2026 12:00:30 GMT", 30)]
    [InlineData("Thursday, 17-Sep-26 12:00:30 GMT", 30)]
    [InlineData("2026-09-17T12:00:30Z", 30)]
    [InlineData("86400", 3600)]
    [InlineData("99999999999999999999", 3600)]
    [InlineData("Infinity", 3600)]
    [InlineData("Fri, 01 Jan 2100 00:00:00 GMT", 3600)]
    public async Task Retry_After_is_honored_in_seconds_and_as_a_date_up_to_an_hour(string retryAfter, double seconds)
    {
        platform.Script = request => request.Number == 1 ? new Answer(429, "", ("Retry-After", retryAfter)) : Ok;
        await world.StartAsync(world.Destination(platform.Address));
        await world.SettleAsync(1, A.Span("chat"));
        await Eventually.HoldsAsync(() => world.Status().NextAttempt is not null, "it waits");
        Assert.Equal(seconds, (world.Status().NextAttempt!.Value.ToDateTimeOffset() - world.Time.GetUtcNow()).TotalSeconds, 0.01);
        await world.WhenDoneAsync();
    }

    [Theory]
    [InlineData("-5")]
    [InlineData("0")]
    [InlineData("NaN")]
    [InlineData("soon")]
    [InlineData("")]
    [InlineData("1e3")]
    [InlineData("5, 10")]
    [InlineData("Wed, 16 Sep 2026 12:00:00 GMT")]
    [InlineData("Thu, 99 Sep 2026 12:00:00 GMT")]
    public async Task A_Retry_After_that_is_past_or_nonsense_leaves_the_wait_to_the_lane(string retryAfter)
    {
        platform.Script = request => request.Number == 1 ? new Answer(503, "", ("Retry-After", retryAfter)) : Ok;
        await world.StartAsync(world.Destination(platform.Address));
        await world.SettleAsync(1, A.Span("chat"));
        await Eventually.HoldsAsync(() => world.Status().NextAttempt is not null, "it waits");
        Assert.InRange((world.Status().NextAttempt!.Value.ToDateTimeOffset() - world.Time.GetUtcNow()).TotalSeconds, 0.4, 1.01);
        await world.WhenDoneAsync();
    }

    [Fact]
    public async Task An_hour_of_500_loses_nothing_and_asks_at_least_once_a_minute()
    {
        var begun = world.Time.GetUtcNow();
        var attempts = new List<DateTimeOffset>();
        platform.Script = _ =>
        {
            attempts.Add(world.Time.GetUtcNow());
            return world.Time.GetUtcNow() - begun < TimeSpan.FromHours(1) ? new Answer(500, "down") : Ok;
        };
        await world.StartAsync(world.Destination(platform.Address));
        for (var trace = 1ul; trace <= 50; trace++) await world.SettleAsync(trace, A.Span("chat").Id(1), A.Span("tool").Id(2, under: 1));
        await world.WhenDoneAsync();
        Assert.Equal(100, platform.Taken.Count);
        Assert.Equal(100, platform.Taken.Distinct().Count());
        Assert.Empty(world.Letters.List(1, null, 10));
        Assert.All(attempts.Zip(attempts.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, TimeSpan.Zero, TimeSpan.FromMinutes(1)));
        Assert.InRange(attempts.Count, 60, 300);
        Assert.Single(world.Logged, line => line.Contains("does not take what is sent", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    public async Task Who_refuses_our_key_blocks_the_lane_with_the_platforms_words_and_is_asked_once_a_minute(int status)
    {
        var mended = false;
        platform.Script = _ => mended ? Ok : new Answer(status, "{\"message\": \"key hunter2secret is unknown here\"}");
        await world.StartAsync(world.Destination(platform.Address));
        await world.SettleAsync(1, A.Span("chat"));
        await Eventually.HoldsAsync(() => world.Status().State == LaneState.Blocked, "it is blocked");
        var error = world.Status().LastError!;
        Assert.Equal((status, "key *** is unknown here"), (error.Status, error.Message));
        await world.PassWaitAsync();
        await Eventually.HoldsAsync(() => platform.Requests.Count == 2 && world.Status().NextAttempt is not null, "it was looked at again");
        Assert.Equal(60, (world.Status().NextAttempt!.Value.ToDateTimeOffset() - world.Time.GetUtcNow()).TotalSeconds, 0.01);

        mended = true;
        world.Lanes.TryAtOnce(1);
        await Eventually.HoldsAsync(() => platform.Taken.Count == 1, "a person's wish is not kept waiting");
        await world.WhenDoneAsync();
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var other = new ScriptedPlatform();
        platform.Script = _ => new Answer(302, "", ("Location", other.Address.AbsoluteUri));
        await world.StartAsync(world.Destination(platform.Address));
        await world.SettleAsync(1, A.Span("chat"));
        await Eventually.HoldsAsync(() => world.Status().State == LaneState.Blocked, "it is blocked");
        Assert.Contains("redirects", world.Status().LastError!.Advice, StringComparison.Ordinal);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task Every_platform_that_is_slow_or_dead_costs_the_others_nothing()
    {
        await using var slow = new ScriptedPlatform { Script = _ => new Hangs() };
        await using var dead = new ScriptedPlatform { Script = _ => new Answer(500) };
        await world.StartAsync(world.Destination(platform.Address), world.Destination(slow.Address, id: 2), world.Destination(dead.Address, id: 3));
        for (var trace = 1ul; trace <= 600; trace++) await world.SettleAsync(trace, A.Span("chat"));
        await Eventually.HoldsAsync(() => platform.Taken.Count == 600, "the healthy one has all without the clock going on");
        Assert.Equal(600, platform.Taken.Distinct().Count());
        Assert.Equal(600, world.Status(2).Backlog);
        Assert.Equal(600, world.Status(3).Backlog);
    }

    [Fact]
    public async Task Nothing_of_prompts_keys_or_the_platforms_words_is_logged()
    {
        platform.Script = request => request.Number switch { 1 => new Answer(401, "the prompt was: my secret question"), 2 => new Answer(200, "garbage of my secret question"), 3 => new Answer(400, "my secret question"), _ => Ok };
        await world.StartAsync(world.Destination(platform.Address));
        await world.SettleAsync(1, A.Span("my secret question"));
        await world.WhenDoneAsync();
        Assert.NotEmpty(world.Logged);
        Assert.DoesNotContain(world.Logged, line => line.Contains("secret", StringComparison.Ordinal));
    }

    private (long Sent, long Refused, long Retried, long Expired) Counts() => (world.Status().Sent, world.Status().Refused, world.Status().Retried, world.Status().Expired);

    internal static string Line(ulong trace, ulong span, string name) => $"{A.TraceId(trace)} {new Spans.SpanId(span)} {name}";
}
