using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Phoenix;
using Callwatch.Receive.Records;
using Callwatch.Spans;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Phoenix;

public sealed class PhoenixDestinationTests : OtlpPlatformTests
{
    private const string Key = "ph-key-1234";

    private protected override IDestinationKind Kind { get; } = new PhoenixKind();

    private protected override string Folder => "Phoenix";

    private protected override WireHost NewPlatform() => new PhoenixStandIn { ApiKey = Key, RootPath = "/s/space" };

    private protected override JsonObject ConfigFor(WireHost platform) => new() { ["endpoint"] = platform.Address + "/s/space/", ["api_key"] = Key, ["project"] = "support bot" };

    private protected override IReadOnlyList<WireSpan> TakenBy(WireHost platform) => ((PhoenixStandIn)platform).Spans;

    private protected override IReadOnlyList<string> LostBy(WireHost platform) => ((PhoenixStandIn)platform).Lost;

    private protected override IReadOnlyList<string> SecretsOf(WireHost platform) => [Key];

    [Fact]
    public async Task A_judgement_becomes_one_annotation_of_its_span_however_often_it_is_sent()
    {
        await using var phoenix = (PhoenixStandIn)await StartAsync();
        await using var rig = new ForwardRig(Kind, ConfigFor(phoenix));
        await rig.AddAsync(Scenarios.Get("feedback"));
        await rig.DeliverAsync();
        rig.CrashBack();
        await rig.DeliverAsync();
        var annotation = Assert.Single(phoenix.Annotations);
        Golden.Matches("Callwatch.Tests/Forward/Destinations/Phoenix/golden/feedback.annotation.json", annotation.ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true }));
        Assert.Equal("message", phoenix.Spans.Single(span => span.SpanId.ToString() == (string)annotation["span_id"]!).Name);
        Assert.Equal(["/s/space/v1/traces", "/s/space/v1/span_annotations"], phoenix.Requests.Take(2).Select(request => request.Path));
        Assert.Empty(phoenix.Lost);
    }

    [Fact]
    public async Task Feedback_that_comes_when_the_trace_was_delivered_is_an_annotation_of_the_span_that_is_there()
    {
        await using var phoenix = (PhoenixStandIn)await StartAsync();
        await using var rig = new ForwardRig(Kind, ConfigFor(phoenix));
        await rig.AddAsync(Scenarios.Get("record-message"));
        await rig.DeliverAsync();
        var span = Scenarios.Get("record-message").Revisions()[0].Spans[0].Span;
        await rig.AddFeedbackAsync(new FeedbackEvent(span.TraceId, span.SpanId, Scenario.App, Timestamp.From(rig.Time.GetUtcNow()), "user", 0, "Too short."));
        await rig.DeliverAsync();
        var annotation = Assert.Single(phoenix.Annotations);
        Assert.Equal((span.SpanId.ToString(), "Too short."), ((string)annotation["span_id"]!, (string)annotation["result"]!["explanation"]!));
        Assert.Single(phoenix.Requests, request => request.Path.EndsWith("/v1/traces", StringComparison.Ordinal));
        Assert.Empty(phoenix.Lost);
        Assert.Empty(rig.DeadLetters);
    }

    [Fact]
    public async Task A_server_without_annotations_gets_its_spans_and_the_judgement_is_a_dead_letter()
    {
        await using var phoenix = new PhoenixStandIn { ApiKey = Key, RootPath = "/s/space", IsOld = true };
        await phoenix.StartAsync();
        await using var rig = new ForwardRig(Kind, ConfigFor(phoenix));
        await rig.AddAsync(Scenarios.Get("feedback"));
        await rig.DeliverAsync();
        Assert.NotEmpty(phoenix.Spans);
        Assert.Equal("annotations", Assert.Single(rig.DeadLetters).Route);
    }

    [Fact]
    public async Task A_server_at_capacity_is_waited_for_and_nothing_is_lost()
    {
        await using var phoenix = await StartAsync();
        phoenix.Next(new WireAnswer(503, "Server is at capacity and cannot process more requests"), times: 3);
        await using var rig = new ForwardRig(Kind, ConfigFor(phoenix));
        await rig.AddAsync(Scenarios.Get("workflow"));
        await rig.DeliverAsync();
        Assert.Equal(10, TakenBy(phoenix).Count);
        Assert.Equal(4, phoenix.Requests.Count);
        Assert.Empty(rig.DeadLetters);
    }

    [Fact]
    public async Task A_check_asks_for_projects_with_the_key()
    {
        await using var phoenix = await StartAsync();
        var result = await CheckAsync(phoenix);
        Assert.True(result.Ok, result.Detail);
        Assert.Equal(phoenix.Address + "/s/space/redirects/projects/support%20bot", result.ProjectUrl);
        Assert.Empty(TakenBy(phoenix));
        var config = ConfigFor(phoenix);
        config["api_key"] = "another";
        Assert.Contains("does not know this key", (await CheckAsync(phoenix, config)).Detail, StringComparison.Ordinal);
        config.Remove("api_key");
        Assert.Contains("asks for a key", (await CheckAsync(phoenix, config)).Detail, StringComparison.Ordinal);
        config["endpoint"] = phoenix.Address + "/elsewhere";
        Assert.Contains("No Phoenix", (await CheckAsync(phoenix, config)).Detail, StringComparison.Ordinal);
        phoenix.Next(new WireAnswer(403, """{"detail":"Viewers may not"}""", "application/json"));
        Assert.Contains("Viewers may not", (await CheckAsync(phoenix)).Detail, StringComparison.Ordinal);
        phoenix.Next(new WireAnswer(302, "").With("Location", "https://elsewhere.example"));
        Assert.Contains("redirects", (await CheckAsync(phoenix)).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_check_of_an_old_server_says_what_it_does_not_prove()
    {
        await using var phoenix = new PhoenixStandIn { RootPath = "/s/space", IsOld = true };
        await phoenix.StartAsync();
        var result = await CheckAsync(phoenix);
        Assert.True(result.Ok);
        Assert.Contains("4.1.0", result.Detail, StringComparison.Ordinal);
        phoenix.Always = new WireAnswer(200, "<!doctype html>", "text/html");
        Assert.False((await CheckAsync(phoenix)).Ok);
    }

    [Fact]
    public async Task A_trace_is_found_by_its_own_id()
    {
        await using var phoenix = await StartAsync();
        await using var rig = new ForwardRig(Kind, ConfigFor(phoenix));
        await rig.AddAsync(Scenarios.Get("error"));
        await rig.DeliverAsync();
        Assert.Equal($"{phoenix.Address}/s/space/redirects/traces/{A.TraceId(104)}", await rig.LinkToAsync(A.TraceId(104)));
    }

    [Theory]
    [InlineData("https://phoenix.example/root/v1/traces", "https://phoenix.example/root")]
    [InlineData("https://phoenix.example/root/", "https://phoenix.example/root")]
    [InlineData("  http://phoenix.example:6006  ", "http://phoenix.example:6006")]
    [InlineData("", "https://app.phoenix.arize.com")]
    public void The_address_is_kept_with_its_path_and_without_the_signal(string given, string kept)
    {
        var config = Assert.IsType<ConfigResult.Good>(Kind.Normalize(new JsonObject { ["endpoint"] = given, ["project"] = "  " }, new OutboundRules(false, []))).Config;
        Assert.Equal((kept, "default"), ((string)config["endpoint"]!, (string)config["project"]!));
    }
}
