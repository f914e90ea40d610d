using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.LangSmith;

/// <summary>The order of runs as LangSmith shows it, and what its ingestion would refuse.</summary>
public sealed class RunTreeTests
{
    [Fact]
    public async Task Runs_hang_where_their_spans_did()
    {
        await using var there = await LangSmithRig.StartAsync();
        await there.DeliverAsync("workflow");
        Assert.Equal(
            [
                "order-workflow (chain)", "  chat gpt-4o-mini (llm)", "  lookup_order (tool)", "  search terms (retriever)", "  Each parcel (chain)", "    Round 1 (chain)",
                "      chat gpt-4o-mini (llm)", "    Round 2 (chain)", "      chat gpt-4o-mini (llm)", "  Send mail (chain)",
            ],
            there.StandIn.Outline());
    }

    [Fact]
    public async Task A_late_span_finds_the_parent_that_was_sent_before()
    {
        await using var there = await LangSmithRig.StartAsync();
        await there.Rig.AddAsync(new Scenario("late", [
            A.Traces(A.Span("root").Id(1), A.Span("step").Id(2, under: 1).At(10, 50)),
            A.Traces(A.Span("afterthought").Id(3, under: 2).At(40, 500), A.Span("deeper").Id(4, under: 3).At(45, 100)),
            A.Traces(A.Span("last").Id(5, under: 4).At(60, 10)),
        ]));
        await there.Rig.DeliverAsync();
        Assert.Equal(["root (chain)", "  step (chain)", "    afterthought (chain)", "      deeper (chain)", "        last (chain)"], there.StandIn.Outline());
    }

    [Fact]
    public async Task A_root_that_comes_last_completes_the_run_that_held_its_place()
    {
        await using var there = await LangSmithRig.StartAsync();
        await there.DeliverAsync("root-last");
        Assert.Equal(["write-story (chain)", "  chat gpt-4o-mini (llm)"], there.StandIn.Outline());
        var root = there.StandIn.Named("write-story");
        Assert.Equal("Once upon a time.", (string?)root["outputs"]!["output"]);
        Assert.NotNull(root["end_time"]);
    }

    [Fact]
    public async Task What_waits_for_its_root_is_shown_meanwhile()
    {
        await using var there = await LangSmithRig.StartAsync();
        var rootLast = Scenarios.Get("root-last");
        await there.Rig.AddAsync(new Scenario("no-root", [rootLast.Requests[0]]));
        await there.Rig.DeliverAsync();
        Assert.Equal(["shop (chain)", "  chat gpt-4o-mini (llm)"], there.StandIn.Outline());
        Assert.Null(there.StandIn.Named("shop")["end_time"]);
    }

    [Fact]
    public async Task Siblings_of_one_moment_keep_their_order_and_no_child_begins_before_its_parent()
    {
        await using var there = await LangSmithRig.StartAsync();
        await there.Rig.AddAsync(new Scenario("order", [A.Traces(
            A.Span("root").Id(1).At(0, 100), A.Span("a").Id(2, under: 1).At(10, 5), A.Span("b").Id(3, under: 1).At(10, 5), A.Span("c").Id(4, under: 1).At(10, 5),
            A.Span("early").Id(5, under: 4).At(-20, 5))]));
        await there.Rig.DeliverAsync();
        Assert.Equal(["root (chain)", "  a (chain)", "  b (chain)", "  c (chain)", "    early (chain)"], there.StandIn.Outline());
        Assert.Equal(3, there.StandIn.Runs.Values.Where(run => ((string)run["name"]!).Length == 1).Select(run => (string)run["start_time"]!).Distinct().Count());
    }

    [Fact]
    public async Task A_tower_of_spans_does_not_make_orders_without_end()
    {
        await using var there = await LangSmithRig.StartAsync();
        var tower = Enumerable.Range(1, 400).Select(i => A.Span("floor " + i).Id((ulong)i, under: (ulong)(i - 1)).At(i, 1_000 - i));
        await there.Rig.AddAsync(new Scenario("tower", [A.Traces([.. tower])]));
        await there.Rig.DeliverAsync();
        Assert.Equal(400, there.StandIn.Outline().Count);
        Assert.Equal(100, there.StandIn.Runs.Values.Max(run => ((string)run["dotted_order"]!).Split('.').Length));
        Assert.Empty(there.Rig.DeadLetters);
    }

    [Fact]
    public async Task Spans_that_are_each_others_parents_arrive()
    {
        await using var there = await LangSmithRig.StartAsync();
        await there.Rig.AddAsync(new Scenario("circle", [
            A.Traces(A.Span("root").Id(1), A.Span("a").Id(2, under: 3), A.Span("b").Id(3, under: 2), A.Span("own").Id(4, under: 4)),
            A.Traces(A.Span("late").Id(5, under: 3)),
        ]));
        await there.Rig.DeliverAsync();
        Assert.Equal(5, there.StandIn.Runs.Count);
        Assert.Empty(there.Rig.DeadLetters);
    }

    [Fact]
    public async Task A_call_seen_twice_has_its_tokens_once()
    {
        await using var there = await LangSmithRig.StartAsync();
        await there.Rig.AddAsync(new Scenario("twice", [A.Traces(
            A.Span("ai.generateText").Id(1).With(("ai.operationId", "ai.generateText"), ("ai.model.id", "gpt-4o-mini"), ("ai.usage.promptTokens", 10), ("ai.usage.completionTokens", 5)),
            Chat("chat gpt-4o-mini", 2, 1), Chat("chat gpt-4o-mini (again)", 3, 2))]));
        await there.Rig.DeliverAsync();
        Assert.Single(there.StandIn.Runs.Values, run => run["outputs"]?["usage_metadata"] is not null);
        Assert.Single(there.StandIn.Runs.Values, run => (string?)run["run_type"] == "llm");
    }

    private static SpanBuilder Chat(string name, ulong id, ulong under) => A.Span(name).Id(id, under).With(
        ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o-mini"), ("gen_ai.response.id", "r-1"),
        ("gen_ai.usage.input_tokens", 10), ("gen_ai.usage.output_tokens", 5));
}
