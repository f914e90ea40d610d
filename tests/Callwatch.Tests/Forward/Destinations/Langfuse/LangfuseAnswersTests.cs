using Callwatch.Forward;
using Callwatch.Forward.Destinations.Langfuse;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Forward.Lanes;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Langfuse;

/// <summary>What becomes of each thing Langfuse may answer.</summary>
public sealed class LangfuseAnswersTests
{
    [Theory]
    [InlineData(200, "anything at all", typeof(Delivery.Accepted))]
    [InlineData(400, """{"message":"Failed to parse"}""", typeof(Delivery.Refused))]
    [InlineData(401, """{"message":"Invalid credentials. Confirm that you've configured the correct host."}""", typeof(Delivery.Blocked))]
    [InlineData(403, """{"message":"Ingestion suspended: Usage threshold exceeded"}""", typeof(Delivery.Blocked))]
    [InlineData(404, "<html>", typeof(Delivery.Blocked))]
    [InlineData(405, "", typeof(Delivery.Blocked))]
    [InlineData(301, "", typeof(Delivery.Blocked))]
    [InlineData(307, "", typeof(Delivery.Blocked))]
    [InlineData(408, "", typeof(Delivery.TryAgain))]
    [InlineData(413, "", typeof(Delivery.TooLarge))]
    [InlineData(429, "", typeof(Delivery.TryAgain))]
    [InlineData(500, "<html>garbage", typeof(Delivery.TryAgain))]
    [InlineData(503, "", typeof(Delivery.TryAgain))]
    [InlineData(504, "", typeof(Delivery.TryAgain))]
    public async Task The_status_decides_on_both_ways_of_ingestion(int status, string body, Type expected)
    {
        foreach (var ingestion in (string[])["otlp", "legacy"])
        {
            await using var langfuse = await LangfuseStandIn.StartedAsync();
            await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config(("ingestion", ingestion)));
            await using var destination = rig.Open();
            if (status == 200 && ingestion == "legacy") continue;
            langfuse.Fail(new StandInAnswer(status, body).With("Location", "http://elsewhere.example/"));
            var delivery = await destination.SendAsync([Sent.Item(ingestion == "otlp" ? OtlpBatch.Route : LegacyMapping.Route)], Cancel);
            Assert.IsType(expected, delivery);
            langfuse.Fail(new StandInAnswer(status, body).With("Location", "http://elsewhere.example/"));
            Assert.IsType(expected, await destination.SendAsync([Sent.Item(Scores.Route)], Cancel));
            Assert.DoesNotContain(langfuse.Requests, request => request.Path == "/");
        }
    }

    [Fact]
    public async Task It_waits_as_long_as_it_is_asked()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config());
        await using var destination = rig.Open();
        langfuse.Fail(new StandInAnswer(429).With("Retry-After", "17"));
        Assert.Equal(TimeSpan.FromSeconds(17), Assert.IsType<Delivery.TryAgain>(await destination.SendAsync([Sent.Item(OtlpBatch.Route)], Cancel)).After);
        langfuse.Fail(new StandInAnswer(503).With("Retry-After", rig.Time.GetUtcNow().AddSeconds(90).ToString("R")).With("Date", rig.Time.GetUtcNow().ToString("R")));
        Assert.Equal(TimeSpan.FromSeconds(90), Assert.IsType<Delivery.TryAgain>(await destination.SendAsync([Sent.Item(Scores.Route)], Cancel)).After);
    }

    [Fact]
    public async Task An_event_refused_without_its_id_is_no_success()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config(("ingestion", "legacy")));
        await using var destination = rig.Open();
        foreach (var error in (string[])["""{"status":400,"message":"unreadable"}""", """{"id":"","status":400,"message":"unreadable"}""", """{"id":"somebody-else's","status":400,"error":"unreadable"}"""])
        {
            langfuse.Fail(new StandInAnswer(207, $$"""{"successes":[{"id":"item-1","status":201}],"errors":[{{error}}]}"""));
            var delivery = await destination.SendAsync([Sent.Item(LegacyMapping.Route, trace: 1), Sent.Item(LegacyMapping.Route, trace: 2)], Cancel);
            Assert.Equal("unreadable", Assert.IsType<Delivery.Refused>(delivery).Words.Message);
        }
    }

    [Fact]
    public async Task A_suspended_project_is_asked_once_an_hour()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        foreach (var (ingestion, route) in new[] { ("otlp", OtlpBatch.Route), ("legacy", LegacyMapping.Route) })
        {
            await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config(("ingestion", ingestion)));
            await using var destination = rig.Open();
            langfuse.Fail(new StandInAnswer(403, """{"message":"Ingestion suspended: Usage threshold exceeded"}"""), 2);
            Assert.Equal(TimeSpan.FromHours(1), Assert.IsType<Delivery.Blocked>(await destination.SendAsync([Sent.Item(route)], Cancel)).After);
            Assert.Equal(TimeSpan.FromHours(1), Assert.IsType<Delivery.Blocked>(await destination.SendAsync([Sent.Item(Scores.Route)], Cancel)).After);
            langfuse.Fail(new StandInAnswer(403, """{"message":"a key of an organisation"}"""));
            Assert.Null(Assert.IsType<Delivery.Blocked>(await destination.SendAsync([Sent.Item(route)], Cancel)).After);
        }
    }

    [Fact]
    public async Task Half_an_answer_and_a_closed_port_are_tried_again()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config());
        await using var destination = rig.Open();
        langfuse.Fail(new StandInAnswer(200, "{}") { IsTorn = true });
        Assert.IsType<Delivery.TryAgain>(await destination.SendAsync([Sent.Item(OtlpBatch.Route)], Cancel));
        await langfuse.DisposeAsync();
        Assert.IsType<Delivery.TryAgain>(await destination.SendAsync([Sent.Item(OtlpBatch.Route)], Cancel));
        Assert.False((await destination.CheckAsync(Cancel)).Ok);
    }

    [Fact]
    public async Task Words_of_the_platform_hold_no_key()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config());
        await using var destination = rig.Open();
        var basic = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{LangfuseStandIn.PublicKey}:{LangfuseStandIn.SecretKey}"));
        langfuse.Fail(new StandInAnswer(401, $$"""{"message":"You said Basic {{basic}} with {{LangfuseStandIn.SecretKey}}."}"""));
        var words = Assert.IsType<Delivery.Blocked>(await destination.SendAsync([Sent.Item(OtlpBatch.Route)], Cancel)).Words;
        Assert.Equal("You said Basic *** with ***.", words.Message);
    }

    [Fact]
    public async Task Of_the_answer_207_single_events_are_refused_and_tried_again()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config(("ingestion", "legacy")));
        await using var destination = rig.Open();
        langfuse.Fail(new StandInAnswer(207, """{"successes":[{"id":"item-1","status":201}],"errors":[{"id":"item-2","status":400,"message":"Invalid request data","error":"body"},{"id":"item-3","status":429,"message":"Slow down"}]}"""));
        var route = LegacyMapping.Route;
        var partly = Assert.IsType<Delivery.Partly>(await destination.SendAsync([Sent.Item(route, trace: 1), Sent.Item(route, trace: 2), Sent.Item(route, trace: 3), Sent.Item(route, trace: 2)], Cancel));
        Assert.Equal([1, 2, 3], partly.Others.Keys.Order());
        Assert.IsType<Delivery.Refused>(partly.Others[1]);
        Assert.IsType<Delivery.TryAgain>(partly.Others[2]);
        foreach (var unreadable in (string[])["garbage", "{}", "[]", "null", ""])
        {
            langfuse.Fail(new StandInAnswer(207, unreadable));
            Assert.IsType<Delivery.TryAgain>(await destination.SendAsync([Sent.Item(route)], Cancel));
        }

        langfuse.Fail(new StandInAnswer(200, "<html>Please log in</html>", "text/html"));
        Assert.IsType<Delivery.Blocked>(await destination.SendAsync([Sent.Item(route)], Cancel));
    }

    [Fact]
    public async Task A_server_of_version_4_has_events_as_dead_letters_with_its_words()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        langfuse.TakesEvents = false;
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config(("ingestion", "legacy")));
        await rig.AddAsync(Scenarios.Get("llm-message"));
        await rig.DeliverAsync();
        Assert.Equal(3, rig.DeadLetters.Count);
        Assert.All(rig.DeadLetters, letter => Assert.Equal(400, letter.Status));
    }

    [Fact]
    public async Task A_server_without_otlp_blocks_the_lane_and_says_what_to_do()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        langfuse.TakesOtlp = false;
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config());
        await rig.AddAsync(Scenarios.Get("llm-message"));
        await rig.DeliverAsync(() => rig.Status.State == LaneState.Blocked);
        Assert.Contains("'legacy'", rig.Status.LastError!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_bad_span_among_many_is_one_dead_letter()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config());
        await rig.AddAsync(Scenarios.All);
        langfuse.Always = request => request.Path.EndsWith("/otel/v1/traces", StringComparison.Ordinal) && OtlpWire.Read(request.Body!).Any(span => span.Name == "Send mail" && span.TraceId == A.TraceId(102))
            ? new StandInAnswer(400, """{"message":"a span without ids"}""") : null;
        await rig.DeliverAsync();
        var letter = Assert.Single(rig.DeadLetters);
        Assert.Equal((0x29ul, "a span without ids"), (Assert.Single(letter.SpanIds).Value, letter.Message));
        Assert.Equal(Scenarios.All.SelectMany(scenario => scenario.Revisions()).SelectMany(revision => revision.Spans).Count() - Folded - 1, langfuse.Spans.Count);
        langfuse.Always = null;
        await rig.RetryLettersAsync(Cancel);
        Assert.Empty(rig.DeadLetters);
        Assert.Contains(langfuse.Spans, span => span.SpanId.Value == 0x29);
    }

    [Fact]
    public async Task A_span_too_large_for_the_platform_goes_with_its_texts_cut()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config());
        var large = A.Traces(A.Span("big").With(("input.value", new string('x', 6_000_000)), ("gen_ai.operation.name", "invoke_workflow")));
        await rig.AddAsync(new Scenario("large", [large]));
        await rig.DeliverAsync();
        Assert.Empty(rig.DeadLetters);
        Assert.InRange(Assert.Single(langfuse.Spans).Text("langfuse.observation.input")!.Length, 1_000, 1_000_000);
    }

    // Calls that go as one with the record they are made of: a node, suggested questions, a name.
    private const int Folded = 3;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
