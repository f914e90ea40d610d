using Callwatch.Forward;
using Callwatch.Forward.Destinations.Opik;
using Callwatch.Forward.Lanes;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Opik;

/// <summary>What becomes of each thing Opik may answer.</summary>
public sealed class OpikAnswersTests
{
    private static readonly string[] Routes = [OpikMapping.Traces, OpikMapping.Spans, OpikMapping.TraceScores, OpikMapping.SpanScores];

    [Theory]
    [InlineData(200, "garbage", typeof(Delivery.Accepted))]
    [InlineData(201, "", typeof(Delivery.Accepted))]
    [InlineData(204, "", typeof(Delivery.Accepted))]
    [InlineData(409, """{"code":409}""", typeof(Delivery.Accepted))]
    [InlineData(400, """{"code":400,"message":"Trace id must be a version 7 UUID"}""", typeof(Delivery.Refused))]
    [InlineData(401, """{"code":401,"message":"No"}""", typeof(Delivery.Blocked))]
    [InlineData(402, """{"code":402,"message":"You have reached the limit of your plan"}""", typeof(Delivery.Blocked))]
    [InlineData(403, "", typeof(Delivery.Blocked))]
    [InlineData(404, "<html>", typeof(Delivery.Blocked))]
    [InlineData(302, "", typeof(Delivery.Blocked))]
    [InlineData(308, "", typeof(Delivery.Blocked))]
    [InlineData(413, "", typeof(Delivery.TooLarge))]
    [InlineData(422, """{"errors":["project_name must not be blank"]}""", typeof(Delivery.Refused))]
    [InlineData(429, "", typeof(Delivery.TryAgain))]
    [InlineData(500, "<html>garbage", typeof(Delivery.TryAgain))]
    [InlineData(503, "", typeof(Delivery.TryAgain))]
    public async Task The_status_decides_on_every_route(int status, string body, Type expected)
    {
        await using var opik = await OpikStandIn.StartedAsync(TimeProvider.System);
        await using var rig = new ForwardRig(new OpikKind(), opik.Config());
        await using var destination = rig.Open();
        foreach (var route in Routes)
        {
            opik.Fail(new StandInAnswer(status, body).With("Location", "http://elsewhere.example/"));
            Assert.IsType(expected, await destination.SendAsync([Sent.Item(route)], Cancel));
        }

        Assert.Equal(Routes.Length, opik.Requests.Count);
    }

    [Theory]
    [InlineData("RateLimit-Reset", "12", 12)]
    [InlineData("Retry-After", "7", 7)]
    [InlineData("X-Other", "7", 60)]
    [InlineData("RateLimit-Reset", "soon", 60)]
    public async Task It_waits_as_long_as_it_is_asked_and_else_a_minute(string header, string value, int seconds)
    {
        await using var opik = await OpikStandIn.StartedAsync(TimeProvider.System);
        await using var rig = new ForwardRig(new OpikKind(), opik.Config());
        await using var destination = rig.Open();
        opik.Fail(new StandInAnswer(429).With(header, value));
        Assert.Equal(TimeSpan.FromSeconds(seconds), Assert.IsType<Delivery.TryAgain>(await destination.SendAsync([Sent.Item(OpikMapping.Traces)], Cancel)).After);
    }

    [Fact]
    public async Task The_words_of_a_refusal_are_the_platforms_without_the_key()
    {
        await using var opik = await OpikStandIn.StartedAsync(TimeProvider.System);
        await using var rig = new ForwardRig(new OpikKind(), opik.Config());
        await using var destination = rig.Open();
        opik.Fail(new StandInAnswer(422, $$"""{"errors":["name must not be blank","key {{OpikStandIn.Key}}"]}"""));
        Assert.Equal("name must not be blank; key ***", Assert.IsType<Delivery.Refused>(await destination.SendAsync([Sent.Item(OpikMapping.Spans)], Cancel)).Words.Message);
    }

    [Fact]
    public async Task Half_an_answer_and_a_closed_port_are_tried_again()
    {
        await using var opik = await OpikStandIn.StartedAsync(TimeProvider.System);
        await using var rig = new ForwardRig(new OpikKind(), opik.Config());
        await using var destination = rig.Open();
        opik.Fail(new StandInAnswer(500, "{}") { IsTorn = true });
        Assert.IsType<Delivery.TryAgain>(await destination.SendAsync([Sent.Item(OpikMapping.Traces)], Cancel));
        await opik.DisposeAsync();
        Assert.IsType<Delivery.TryAgain>(await destination.SendAsync([Sent.Item(OpikMapping.Traces)], Cancel));
        Assert.False((await destination.CheckAsync(Cancel)).Ok);
    }

    [Fact]
    public async Task A_request_is_gzip_with_the_bare_key_and_the_workspace()
    {
        await using var opik = await OpikStandIn.StartedAsync(TimeProvider.System);
        await using var rig = new ForwardRig(new OpikKind(), opik.Config());
        await using var destination = rig.Open();
        await destination.SendAsync([Sent.Item(OpikMapping.Traces)], Cancel);
        var request = Assert.Single(opik.Requests);
        Assert.Equal((OpikStandIn.Key, OpikStandIn.Workspace, "gzip"), (request.Header("Authorization"), request.Header("Comet-Workspace"), request.Header("Content-Encoding")));
    }

    [Fact]
    public async Task One_bad_row_among_many_is_one_dead_letter_and_goes_when_mended()
    {
        var time = new ManualTime(Scenario.Received.Plus(TimeSpan.FromMinutes(10)).ToDateTimeOffset());
        await using var opik = await OpikStandIn.StartedAsync(time);
        await using var rig = new ForwardRig(new OpikKind(), opik.Config(), time);
        await rig.AddAsync(Scenarios.All);
        opik.Always = request => request.Json()?["spans"] is { } spans && spans.AsArray().Any(span => (string?)span!["name"] == "write_log") ? new StandInAnswer(422, """{"errors":["no"]}""") : null;
        await rig.DeliverAsync();
        Assert.Equal(0x62ul, Assert.Single(Assert.Single(rig.DeadLetters).SpanIds).Value);
        opik.Always = null;
        await rig.RetryLettersAsync(Cancel);
        Assert.Empty(rig.DeadLetters);
        Assert.Empty(opik.Problems);
        Assert.Contains(opik.Spans.Values, span => (string?)span["name"] == "write_log");
    }

    [Fact]
    public async Task A_plan_that_is_used_up_blocks_the_lane_until_it_is_raised()
    {
        var time = new ManualTime(Scenario.Received.Plus(TimeSpan.FromMinutes(10)).ToDateTimeOffset());
        await using var opik = await OpikStandIn.StartedAsync(time);
        await using var rig = new ForwardRig(new OpikKind(), opik.Config(), time);
        await rig.AddAsync(Scenarios.Get("llm-message"));
        opik.Always = _ => new StandInAnswer(402, """{"code":402,"message":"limit"}""");
        await rig.DeliverAsync(() => rig.Status.State == LaneState.Blocked);
        Assert.Contains("plan", rig.Status.LastError!.Advice, StringComparison.Ordinal);
        opik.Always = null;
        await rig.DeliverAsync();
        Assert.Single(opik.Traces);
    }

    [Fact]
    public async Task A_row_too_large_for_the_platform_goes_with_its_texts_cut()
    {
        await using var opik = await OpikStandIn.StartedAsync(TimeProvider.System);
        await using var rig = new ForwardRig(new OpikKind(), opik.Config(), new ManualTime(DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds())));
        opik.Always = request => request.Body?.Length > 1_000_000 ? new StandInAnswer(413) : null;
        var now = Callwatch.Spans.Timestamp.From(rig.Time.GetUtcNow());
        var large = A.Traces(A.Span("big").Between(now.Plus(TimeSpan.FromSeconds(-2)), now.Plus(TimeSpan.FromSeconds(-1))).With(("input.value", new string('x', 2_000_000)), ("gen_ai.operation.name", "invoke_workflow")));
        await rig.AddAsync(new Scenario("large", [large]));
        rig.Options.MaxAge = TimeSpan.FromDays(3_650);
        await rig.DeliverAsync();
        Assert.Empty(rig.DeadLetters);
        Assert.InRange(((string)Assert.Single(opik.Spans.Values)["input"]!["input"]!).Length, 1_000, 300_000);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
