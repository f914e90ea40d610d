using Callwatch.Forward.Lanes;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Tests.Forward.Destinations.LangSmith;
using Callwatch.Tests.Forward.Destinations.Weave;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations;

/// <summary>Whatever applications send arrives at LangSmith and Weave: nothing of it is put into a form that they refuse.</summary>
public sealed class AnyTraceTests
{
    private static readonly string Long = new('n', 3_000);

    [Fact]
    public async Task What_real_clients_were_recorded_to_send_arrives_at_LangSmith()
    {
        await using var there = await LangSmithRig.StartAsync();
        await DeliverAsync(there.Rig, Recorded());
        Assert.True(there.StandIn.Runs.Count > 40, $"{there.StandIn.Runs.Count} runs");
        Assert.Equal(there.StandIn.Runs.Count, there.StandIn.Outline().Count);
    }

    [Fact]
    public async Task What_real_clients_were_recorded_to_send_arrives_at_Weave()
    {
        await using var there = await WeaveRig.StartAsync();
        await DeliverAsync(there.Rig, Recorded());
        Assert.True(there.StandIn.Calls.Count > 40, $"{there.StandIn.Calls.Count} calls");
    }

    [Fact]
    public async Task Odd_spans_arrive_at_LangSmith()
    {
        await using var there = await LangSmithRig.StartAsync();
        await DeliverAsync(there.Rig, [Odd()]);
        Assert.Equal(OddSpans().Length, there.StandIn.Runs.Count);
    }

    [Fact]
    public async Task Odd_spans_arrive_at_Weave()
    {
        await using var there = await WeaveRig.StartAsync();
        await DeliverAsync(there.Rig, [Odd()]);
        Assert.Equal(OddSpans().Length, there.StandIn.Calls.Count);
    }

    [Fact]
    public async Task A_trace_with_a_span_every_half_minute_for_two_hours_is_one_trace_at_LangSmith_over_a_crash()
    {
        await using var there = await LangSmithRig.StartAsync();
        await DeliverAsync(there.Rig, [TwoHours(until: 12)]);
        there.Rig.CrashBack(5);
        await DeliverAsync(there.Rig, [TwoHours(from: 12)]);
        Assert.Equal(241, there.StandIn.Runs.Count);
        Assert.Equal(241, there.StandIn.Outline().Count);
        Assert.Equal("research (chain)", there.StandIn.Outline()[0]);
        Assert.Equal("done", (string?)there.StandIn.Named("research")["outputs"]!["output"]);
    }

    [Fact]
    public async Task A_trace_with_a_span_every_half_minute_for_two_hours_is_one_trace_at_Weave_over_a_crash()
    {
        await using var there = await WeaveRig.StartAsync();
        await DeliverAsync(there.Rig, [TwoHours(until: 12)]);
        there.Rig.CrashBack(5);
        await DeliverAsync(there.Rig, [TwoHours(from: 12)]);
        Assert.Equal(241, there.StandIn.Calls.Count);
        Assert.Equal(241, there.StandIn.Outline().Count);
        Assert.Equal("research (success)", there.StandIn.Outline()[0]);
    }

    [Fact]
    public async Task After_an_hour_of_trouble_everything_arrives_once()
    {
        await using var langSmith = await LangSmithRig.StartAsync();
        await using var weave = await WeaveRig.StartAsync();
        langSmith.StandIn.Always = weave.StandIn.Always = _ => new Testing.StandIns.StandInAnswer(500, "<html>trouble</html>", "text/html");
        await langSmith.Rig.AddAsync(Scenarios.Get("workflow"), Scenarios.Get("llm-message"));
        await weave.Rig.AddAsync(Scenarios.Get("workflow"), Scenarios.Get("llm-message"));
        foreach (var (rig, mend) in new[] { (langSmith.Rig, (Action)(() => langSmith.StandIn.Always = null)), (weave.Rig, () => weave.StandIn.Always = null) })
        {
            var mended = rig.Time.GetUtcNow().AddHours(1);
            var states = new HashSet<LaneState>();
            await rig.DeliverAsync(until: () =>
            {
                states.Add(rig.Status.State);
                if (rig.Time.GetUtcNow() >= mended) mend();
                return rig.Cursor == 2;
            });
            Assert.Contains(LaneState.Retrying, states);
            Assert.Empty(rig.DeadLetters);
        }

        Assert.Equal(12, langSmith.StandIn.Runs.Count);
        Assert.All(weave.StandIn.Calls.Keys, id => Assert.Equal(1, weave.StandIn.Times(id)));
        Assert.Equal(12, weave.StandIn.Calls.Count);
    }

    private static async Task DeliverAsync(ForwardRig rig, IEnumerable<Scenario> scenarios)
    {
        await rig.AddAsync(scenarios);
        await rig.DeliverAsync();
        Assert.True(rig.DeadLetters.Count == 0, string.Join("; ", rig.DeadLetters.Take(5).Select(letter => letter.Message)));
    }

    internal static IEnumerable<Scenario> Recorded() =>
        from fixture in Fixtures.Otlp
        let requests = fixture.Requests.Where(request => request is { Signal: "traces", Protocol: "grpc" or "http/protobuf" }).Select(request => request.Message()).ToList()
        where requests.Count > 0
        select new Scenario(fixture.Name, requests);

    internal static Scenario Odd() => new("odd", [A.Traces(OddSpans())]);

    private static SpanBuilder[] OddSpans() =>
    [
        A.Span("").Trace(900).Id(1).At(0, 1_000),
        Odd(Long, 2), Odd("weave:///acme/bot/op/half", 3), Odd("\u0000\u0007\"\\ \ud83d\ude00", 4), Odd("no end", 5).At(500, -200), Odd("metadata", 6).With(
            ("metadata.weave", "mine"), ("metadata.callwatch", "mine"), ("metadata.tags", "a,b"), ("metadata.usage_metadata", """{"input_tokens":7}"""), ("metadata.session_id", "s"), ("metadata.", "empty"),
            ("metadata." + Long, "x"), ("metadata.ls_model_name", "gpt-4o"), ("metadata.nested", """{"a":{"b":[1,2]}}"""), ("tag.tags", new[] { "", "a", "a" })),
        Odd("numbers", 7).With(
            ("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "m"), ("gen_ai.request.temperature", double.NaN), ("gen_ai.request.top_p", double.PositiveInfinity),
            ("gen_ai.usage.input_tokens", 5), ("gen_ai.usage.cache_read.input_tokens", 500), ("gen_ai.usage.output_tokens", -3), ("gen_ai.usage.cost", double.NaN)),
        Odd("messages", 8).With(
            ("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "m"), ("gen_ai.input.messages", """[{"role":"user","parts":[{"type":"text","content":"\ud800 lone"}]},{"role":"","parts":[]},7,null]"""),
            ("gen_ai.output.messages", """[{"role":"assistant","parts":[{"type":"tool_call","id":null,"name":null,"arguments":"{not json"}]}]"""), ("gen_ai.tool.definitions", """["x",null,{"a":1}]""")),
        Odd("bodies", 9).With(("input.value", """{"usage_metadata":{"input_tokens":1},"messages":5,"tools":null,"":1}"""), ("output.value", """[[],{},null,1e400]""")),
        Odd("deep", 13).With(("input.value", Deep(300)), ("output.value", Deep(64)), ("metadata.deep", Deep(300))),
        Odd("deep call", 14).With(
            ("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "m"), ("gen_ai.tool.definitions", "[" + Deep(60) + "]"), ("gen_ai.input.messages",
            "[{\"role\":\"user\",\"parts\":[{\"type\":\"tool_call\",\"id\":\"a\",\"name\":\"b\",\"arguments\":" + Deep(50) + "},{\"type\":\"tool_call_response\",\"id\":\"a\",\"response\":" + Deep(200) + "}]}]")),
        Odd("deep tool", 15).With(("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.call.arguments", Deep(64)), ("gen_ai.tool.call.result", Deep(64))),
        Odd("retrieval", 10).With(("gen_ai.operation.name", "retrieval"), ("gen_ai.retrieval.documents", """[1,null,"text",{"metadata":"text","score":"high"},{"metadata":{"score":1,"id":2},"id":3,"score":4}]""")),
        Odd("judged", 11).EventAt(5, "gen_ai.evaluation.result", ("gen_ai.evaluation.name", "wandb.annotation.x"), ("gen_ai.evaluation.score.value", double.NaN), ("gen_ai.evaluation.explanation", "no number"))
            .EventAt(6, "gen_ai.evaluation.result", ("gen_ai.evaluation.name", "same"), ("gen_ai.evaluation.score.value", 1))
            .EventAt(7, "gen_ai.evaluation.result", ("gen_ai.evaluation.name", "same"), ("gen_ai.evaluation.score.value", 0)),
        Odd("failed", 12).Status(2, "").With("error.type", ""),
    ];

    private static string Deep(int levels) => string.Concat(Enumerable.Repeat("{\"a\":[", levels / 2)) + "1" + string.Concat(Enumerable.Repeat("]}", levels / 2));

    private static SpanBuilder Odd(string name, ulong id) => A.Span(name).Trace(900).Id(id, under: 1).At(10 * id, 5);

    // Each request is a revision of five minutes; the root comes with the last.
    internal static Scenario TwoHours(int from = 0, int until = 24) => new($"two-hours-{from}", [.. Enumerable.Range(from, until - from).Select(part => A.Traces([
        .. Enumerable.Range(part * 10, 10).Select(i => A.Span("step " + i).Trace(901).Id((ulong)i + 2, under: 1).At(i * 30_000, 20_000)),
        .. part == 23 ? new[] { A.Span("research").Trace(901).Id(1).At(0, 7_200_000).With(("gen_ai.operation.name", "invoke_workflow"), ("output.value", "done")) } : [],
    ]))]);
}
