using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Sentry;
using Callwatch.Spans;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Sentry;

/// <summary>The real lane and destination over a real socket into a stand-in that holds to Sentry's written protocol.</summary>
public sealed class SentryDestinationTests : IAsyncLifetime
{
    private SentryStandIn sentry = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Names => [.. Scenarios.Names];

    public async ValueTask InitializeAsync() => sentry = await SentryStandIn.StartedAsync();

    public ValueTask DisposeAsync() => sentry.DisposeAsync();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_scenario_is_taken_and_after_a_crash_before_the_cursor_nothing_is_there_twice(string name)
    {
        await using var rig = Rig();
        await rig.AddAsync(Scenarios.Get(name));
        await rig.DeliverAsync();
        Assert.Empty(rig.DeadLetters);
        var spans = Scenarios.Get(name).Revisions().SelectMany(trace => trace.Spans).ToList();
        Assert.Equal(spans.Count, sentry.Transactions.Sum(transaction => 1 + transaction["spans"]!.AsArray().Count));
        Assert.Equal(spans.Exists(span => span.Span.Outcome == Outcome.Error), sentry.Events.Count > 0);
        var (taken, discarded) = (sentry.Events.Count + sentry.Transactions.Count, sentry.Discarded);
        rig.CrashBack();
        await rig.DeliverAsync();
        Assert.Equal((taken, discarded + taken), (sentry.Events.Count + sentry.Transactions.Count, sentry.Discarded));
    }

    [Theory]
    [InlineData(null, 3_600)]
    [InlineData("90", 90)]
    public async Task A_plan_that_is_used_up_is_asked_again_seldom(string? retryAfter, int seconds)
    {
        var answer = new StandInAnswer(402, "{}");
        sentry.Fail(retryAfter is null ? answer : answer.With("Retry-After", retryAfter));
        await using var rig = Rig();
        await using var platform = rig.Open();
        Assert.Equal(TimeSpan.FromSeconds(seconds), Assert.IsType<Delivery.Blocked>(await platform.SendAsync([ErrorItem()], Cancel)).After);
    }

    [Theory]
    [InlineData(401, typeof(Delivery.Blocked))]
    [InlineData(403, typeof(Delivery.Blocked))]
    [InlineData(404, typeof(Delivery.Blocked))]
    [InlineData(301, typeof(Delivery.Blocked))]
    [InlineData(400, typeof(Delivery.Refused))]
    [InlineData(413, typeof(Delivery.TooLarge))]
    [InlineData(429, typeof(Delivery.TryAgain))]
    [InlineData(500, typeof(Delivery.TryAgain))]
    [InlineData(503, typeof(Delivery.TryAgain))]
    public async Task The_answer_decides_the_delivery_and_its_words_are_told_without_the_key(int status, Type expected)
    {
        sentry.Fail(new StandInAnswer(status, $"{{\"detail\":\"no: {SentryStandIn.Key}\"}}").With("Location", "https://elsewhere.example/"));
        await using var rig = Rig();
        await using var platform = rig.Open();
        var delivery = await platform.SendAsync([ErrorItem()], Cancel);
        Assert.IsType(expected, delivery);
        Assert.DoesNotContain(SentryStandIn.Key, delivery.ToString(), StringComparison.Ordinal);
        if (status is 400 or 401) Assert.Contains("no: ***", delivery.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_or_half_an_answer_instead_of_sentrys_own_is_no_delivery()
    {
        await using var rig = Rig();
        await using var platform = rig.Open();
        sentry.Fail(new StandInAnswer(200, "<html>Sign in to the network</html>", "text/html"));
        Assert.Contains("Something else", Assert.IsType<Delivery.TryAgain>(await platform.SendAsync([ErrorItem()], Cancel)).Words.Message, StringComparison.Ordinal);
        sentry.Fail(new StandInAnswer(200, "{\"id\":") { IsTorn = true });
        Assert.IsType<Delivery.TryAgain>(await platform.SendAsync([ErrorItem()], Cancel));
        Assert.IsType<Delivery.Accepted>(await platform.SendAsync([ErrorItem()], Cancel));
    }

    [Theory]
    [InlineData("120:error:organization:quota_exceeded", 120.0, null)]
    [InlineData("120:transaction;span:organization, 30:error:key:", 30.0, 120.0)]
    [InlineData("2.5::project", 2.5, 2.5)]
    [InlineData("60:default:key, 10:span:key:a:b:c", null, 10.0)]
    [InlineData("60:error:key, 20:error:key", 60.0, null)]
    [InlineData("nonsense:error, -5:error, 1e400:error", null, null)]
    public async Task Limits_are_kept_by_category_whatever_answer_they_come_with(string limits, double? errors, double? transactions)
    {
        await using var rig = Rig();
        await using var platform = rig.Open();
        sentry.Fail(new StandInAnswer(200, "{}").With("X-Sentry-Rate-Limits", limits));
        Assert.IsType<Delivery.Accepted>(await platform.SendAsync([ErrorItem()], Cancel));
        foreach (var (item, seconds) in new[] { (ErrorItem(), errors), (RunItem(), transactions) })
        {
            var asked = sentry.Requests.Count;
            var delivery = await platform.SendAsync([item], Cancel);
            if (seconds is null) Assert.IsType<Delivery.Accepted>(delivery);
            else
            {
                Assert.Equal(TimeSpan.FromSeconds(seconds.Value), Assert.IsType<Delivery.TryAgain>(delivery).After);
                Assert.Equal(asked, sentry.Requests.Count);
            }
        }

        rig.Time.Advance(TimeSpan.FromSeconds(121));
        Assert.IsType<Delivery.Accepted>(await platform.SendAsync([RunItem()], Cancel));
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("", 60)]
    [InlineData("Thu, 01 Jan 2026 00:00:00 GMT", 0)]
    public async Task A_429_without_categories_holds_up_all_for_as_long_as_it_says_or_a_minute(string after, int seconds)
    {
        await using var rig = Rig();
        await using var platform = rig.Open();
        sentry.Fail(after.Length == 0 ? new StandInAnswer(429) : new StandInAnswer(429).With("Retry-After", after));
        var delivery = Assert.IsType<Delivery.TryAgain>(await platform.SendAsync([ErrorItem()], Cancel));
        Assert.Equal(seconds, delivery.After?.TotalSeconds ?? 0);
        if (seconds > 0) Assert.IsType<Delivery.TryAgain>(await platform.SendAsync([RunItem()], Cancel));
    }

    [Fact]
    public async Task A_lane_waits_for_the_quota_and_loses_nothing()
    {
        await using var rig = Rig();
        await rig.AddAsync(Scenarios.Get("workflow"), Scenarios.Get("error"));
        sentry.Fail(new StandInAnswer(429).With("X-Sentry-Rate-Limits", "5:error;transaction;span:organization:quota_exceeded"), times: 2);
        await rig.DeliverAsync();
        Assert.Empty(rig.DeadLetters);
        Assert.Equal((2, 2), (sentry.Events.Count, sentry.Transactions.Count));
        Assert.True(rig.Status.Retried > 0);
    }

    [Fact]
    public async Task What_is_too_large_is_sent_smaller_and_what_is_refused_is_a_dead_letter_that_can_be_sent_again()
    {
        await using var rig = Rig();
        await rig.AddAsync(Scenarios.Get("error"));
        sentry.Fail(request => request.Body!.Length > 100 ? new StandInAnswer(400, "{\"detail\":\"event_id: invalid\"}") : null);
        await rig.DeliverAsync();
        var letter = Assert.Single(rig.DeadLetters);
        Assert.Equal((400, "event_id: invalid"), (letter.Status, letter.Message));
        await rig.RetryLettersAsync(Cancel);
        Assert.Empty(rig.DeadLetters);
        Assert.Equal((1, 1), (sentry.Events.Count, sentry.Transactions.Count));

        await using var platform = rig.Open();
        var large = RunItem() with { Payload = Encoding.UTF8.GetBytes($$"""{"a":"{{new string('x', 600_000)}}"}""") };
        Assert.InRange(platform.Shrink(large)!.Payload.Length, 1, 300_000);
        Assert.Null(platform.Shrink(RunItem()));
    }

    [Fact]
    public async Task The_check_sends_a_message_and_says_what_was_found()
    {
        await using var rig = Rig(new JsonObject { ["web_url"] = "https://acme.sentry.io/" });
        await using var platform = rig.Open();
        var good = await platform.CheckAsync(Cancel);
        Assert.True(good.Ok, good.Detail);
        Assert.Equal("https://acme.sentry.io/issues/?project=42", good.ProjectUrl);
        Assert.Equal("info", (string?)Assert.Single(sentry.Events)["level"]);
        foreach (var (answer, said) in new[]
        {
            (new StandInAnswer(403, "{\"detail\":\"disabled\"}"), "refuses this key"), (new StandInAnswer(404), "No such project"), (new StandInAnswer(200, "<html></html>"), "Something else"),
            (new StandInAnswer(302), "redirects"), (new StandInAnswer(400, "{}").With("X-Sentry-Error", "bad header"), "bad header"),
        })
        {
            sentry.Fail(answer);
            var bad = await platform.CheckAsync(Cancel);
            Assert.False(bad.Ok);
            Assert.Contains(said, bad.Detail, StringComparison.Ordinal);
        }

        await sentry.DisposeAsync();
        Assert.False((await platform.CheckAsync(Cancel)).Ok);
        Assert.IsType<Delivery.TryAgain>(await platform.SendAsync([ErrorItem()], Cancel));
    }

    [Fact]
    public async Task A_link_leads_to_the_errors_of_the_trace_where_the_pages_address_is_known()
    {
        await using var rig = Rig(new JsonObject { ["web_url"] = "https://acme.sentry.io" });
        await rig.AddAsync(Scenarios.Get("error"));
        await rig.DeliverAsync();
        var trace = Scenarios.Get("error").Revisions()[0].Revision.TraceId;
        Assert.Equal($"https://acme.sentry.io/issues/?project=42&query=trace%3A{trace}", await rig.LinkToAsync(trace));
    }

    [Theory]
    [InlineData("""{}""", "dsn")]
    [InlineData("""{"dsn":"o12.ingest.us.sentry.io/42"}""", "dsn")]
    [InlineData("""{"dsn":"https://o12.ingest.us.sentry.io/42"}""", "dsn")]
    [InlineData("""{"dsn":"https://key@o12.ingest.us.sentry.io/"}""", "dsn")]
    [InlineData("""{"dsn":"https://key@o12.ingest.us.sentry.io/42?a=b"}""", "dsn")]
    [InlineData("""{"dsn":"ftp://key@o12.ingest.us.sentry.io/42"}""", "dsn")]
    [InlineData("""{"dsn":"https://key@host/42","environment":"a b"}""", "environment")]
    [InlineData("""{"dsn":"https://key@host/42","environment":"None"}""", "environment")]
    [InlineData("""{"dsn":"https://key@host/42","release":"a/b"}""", "release")]
    [InlineData("""{"dsn":"https://key@host/42","traces_sample_rate":1.5}""", "traces_sample_rate")]
    [InlineData("""{"dsn":"https://key@host/42","errors_only":"no"}""", "errors_only")]
    [InlineData("""{"dsn":"https://key@host/42","colour":"red"}""", "colour")]
    public void A_wrong_config_is_refused_naming_the_field(string config, string field) =>
        Assert.Equal(field, Assert.IsType<ConfigResult.Wrong>(new SentryKind().Normalize(JsonNode.Parse(config)!.AsObject(), new OutboundRules(false, []))).Field);

    [Theory]
    [InlineData("https://abc@o12.ingest.us.sentry.io/42", "https://o12.ingest.us.sentry.io/api/42/envelope/", null)]
    [InlineData("https://abc:old@sentry.example.org:9000/prefix/7", "https://sentry.example.org:9000/prefix/api/7/envelope/", "old")]
    public void A_dsn_is_read_with_path_port_and_the_old_secret(string text, string endpoint, string? secret)
    {
        var dsn = SentryDsn.Parse(text).Dsn!;
        Assert.Equal((endpoint, "abc", secret), (dsn.Envelopes.AbsoluteUri, dsn.PublicKey, dsn.Secret));
    }

    internal static OutboundItem ErrorItem() => Items().First(item => item.Route == SentryMapping.Event);

    internal static OutboundItem RunItem() => Items().First(item => item.Route == SentryMapping.Transaction);

    private static IReadOnlyList<OutboundItem> Items()
    {
        var trace = Scenarios.Get("workflow").Revisions()[0];
        return SentryMapping.Items(trace, new Anchor { TraceId = trace.Revision.TraceId, Seq = 1, RootSpanId = trace.Spans[0].Span.SpanId, Start = trace.Spans[0].Span.Start, FirstAttemptAt = default, App = "shop", Name = "order-workflow" }, SentryMappingTests.Options);
    }

    private ForwardRig Rig(JsonObject? more = null)
    {
        var config = new JsonObject { ["dsn"] = sentry.Dsn, ["errors_only"] = false, ["send_default_pii"] = true };
        foreach (var (name, value) in more ?? []) config[name] = value?.DeepClone();
        return new ForwardRig(new SentryKind(), config);
    }
}
