using Callwatch.Receive.Records;
using Callwatch.Spans;
using Callwatch.Testing.Scenarios;
using Callwatch.Tests.Forward.Destinations.Weave;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.LangSmith;

/// <summary>What people say of a trace that was delivered long ago, at LangSmith and Weave.</summary>
public sealed class LaterFeedbackTests
{
    private static readonly IReadOnlyList<Span> Message = [.. Scenarios.Get("feedback").Revisions()[0].Spans.Select(span => span.Span)];

    [Fact]
    public async Task At_LangSmith_it_joins_the_run_and_a_changed_mind_is_one_more()
    {
        await using var there = await LangSmithRig.StartAsync();
        await JudgedAsync(there.Rig);
        var runs = there.StandIn.Runs.Count;
        there.Rig.CrashBack(1);
        await there.Rig.DeliverAsync();
        Assert.Equal((runs, 4), (there.StandIn.Runs.Count, there.StandIn.Feedback.Count));
        Assert.Equal(3, there.StandIn.Feedback.Values.Count(judgement => (string?)judgement["run_id"] == (string?)there.StandIn.Named("message")["id"]));
        Assert.Single(there.StandIn.Feedback.Values, judgement => (string?)judgement["run_id"] == (string?)there.StandIn.Named("llm")["id"]);
        Assert.Empty(there.Rig.DeadLetters);
    }

    [Fact]
    public async Task At_Weave_it_joins_the_call_and_a_changed_mind_is_one_more()
    {
        await using var there = await WeaveRig.StartAsync();
        await JudgedAsync(there.Rig);
        Assert.Equal(4, there.StandIn.Requests.Count(request => request.Path.EndsWith("/feedback/create", StringComparison.Ordinal)));
        there.Rig.CrashBack(1);
        await there.Rig.DeliverAsync();
        Assert.Equal(4, there.StandIn.Feedback.Count);
        Assert.Equal(3, there.StandIn.Feedback.Values.Count(judgement => ((string)judgement["weave_ref"]!).EndsWith((string)there.StandIn.Named("message")["id"]!, StringComparison.Ordinal)));
        Assert.Empty(there.Rig.DeadLetters);
    }

    // The message came with one judgement; two more follow on it, and one on its call.
    private static async Task JudgedAsync(ForwardRig rig)
    {
        await rig.AddAsync(Scenarios.Get("feedback"));
        await rig.DeliverAsync();
        await rig.AddFeedbackAsync(On(Message[0], rig, 1));
        await rig.AddFeedbackAsync(On(Message[0], rig, 0));
        await rig.AddFeedbackAsync(On(Message[1], rig, 1));
        await rig.DeliverAsync();
    }

    private static FeedbackEvent On(Span span, ForwardRig rig, double value) =>
        new(span.TraceId, span.SpanId, Scenario.App, Timestamp.From(rig.Time.GetUtcNow()), "user", value, "A closer look.");
}
