using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Langfuse;
using Callwatch.Forward.Destinations.Opik;
using Callwatch.Receive.Records;
using Callwatch.Spans;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations;

/// <summary>Feedback that comes when its trace was delivered long ago.</summary>
public sealed class LateFeedbackTests
{
    private static readonly TraceToSend Message = Scenarios.Get("record-message").Revisions()[0];

    public static TheoryData<string> Kinds => [.. new ServiceCollection().AddForward().BuildServiceProvider().GetServices<IDestinationKind>().Select(kind => kind.Name)];

    [Fact]
    public async Task It_is_a_score_at_langfuse_and_the_spans_are_not_sent_again()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config());
        await rig.AddAsync(Scenarios.Get("record-message"));
        await rig.DeliverAsync();
        var sent = langfuse.Requests.Count(request => request.Path.EndsWith("/otel/v1/traces", StringComparison.Ordinal));
        await rig.AddFeedbackAsync(On(Message.Spans[0].Span, rig.Time));
        await rig.AddFeedbackAsync(On(Message.Spans[1].Span, rig.Time));
        await rig.DeliverAsync();
        Assert.Equal(2, langfuse.Scores.Count);
        Assert.Equal([null, Message.Spans[1].Span.SpanId.ToString()], langfuse.Scores.Values.Select(score => (string?)score["observationId"]).Order());
        Assert.Equal(sent, langfuse.Requests.Count(request => request.Path.EndsWith("/otel/v1/traces", StringComparison.Ordinal)));
        Assert.Empty(rig.DeadLetters);
    }

    [Fact]
    public async Task It_is_a_score_of_the_very_row_at_opik()
    {
        var time = new ManualTime(Scenario.Received.Plus(TimeSpan.FromMinutes(10)).ToDateTimeOffset());
        await using var opik = await OpikStandIn.StartedAsync(time);
        await using var rig = new ForwardRig(new OpikKind(), opik.Config(), time);
        await rig.AddAsync(Scenarios.Get("record-message"));
        await rig.DeliverAsync();
        time.Advance(TimeSpan.FromHours(40));
        await rig.AddFeedbackAsync(On(Message.Spans[0].Span, time));
        await rig.AddFeedbackAsync(On(Message.Spans[1].Span, time));
        await rig.DeliverAsync();
        Assert.Equal(opik.Traces.Keys.Concat(opik.Spans.Keys).Order(), opik.Scores.Select(score => (string)score["id"]!).Order());
        Assert.Empty(opik.Problems);
        Assert.Empty(rig.DeadLetters);
    }

    [Fact]
    public async Task Where_the_trace_never_went_nothing_goes()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config()) { Settings = destination => destination with { SampleRate = 0 } };
        await rig.AddAsync(Scenarios.Get("record-message"));
        await rig.AddFeedbackAsync(On(Message.Spans[0].Span, rig.Time));
        await rig.DeliverAsync();
        Assert.Empty(langfuse.Requests);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_revision_of_scores_alone_has_a_form_on_every_platform(string name)
    {
        await using var services = new ServiceCollection().AddForward().BuildServiceProvider();
        var kind = services.GetServices<IDestinationKind>().Single(kind => kind.Name == name);
        using var http = new HttpClient();
        var config = new JsonObject();
        foreach (var field in kind.Fields) config[field.Name] = field.Default?.DeepClone() ?? ValueOf(field);
        await using var destination = kind.Create(config, new DestinationContext(http, TimeProvider.System, "1.0.0"));
        var span = Message.Spans[0] with { Span = Message.Spans[0].Span with { Scores = [new Score("user", 1, "Good.", "feedback")] } };
        var alone = Message with { Revision = Message.Revision with { Seq = 2, Revision = 2, Spans = [] }, Spans = [], Scored = [new ScoredSpan(1, span)] };
        var anchor = new Anchor
        {
            TraceId = span.Span.TraceId,
            Seq = 1,
            FirstThrough = 2,
            RootSpanId = span.Span.SpanId,
            RootKind = span.Span.Kind,
            Start = span.Span.Start,
            FirstAttemptAt = span.Span.End,
            App = span.App,
            Name = "message",
        };
        Assert.All(destination.Map(alone, anchor), item => Assert.Equal([span.Span.SpanId], item.SpanIds));
    }

    private static JsonNode? ValueOf(DestinationField field) => (field.Name, field.Type) switch
    {
        ("dsn", _) => "https://key@platform.example/1",
        (_, "url") => "https://platform.example",
        (_, "number") => 1.0,
        (_, "switch") => false,
        (_, "pairs") => null,
        _ => "value",
    };

    private static FeedbackEvent On(Span span, TimeProvider time) => new(span.TraceId, span.SpanId, Scenario.App, Timestamp.From(time.GetUtcNow()), "user", 1, "That helped.");
}
