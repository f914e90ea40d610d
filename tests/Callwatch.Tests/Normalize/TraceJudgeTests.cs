using Callwatch.Normalize;
using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize;

public sealed class TraceJudgeTests
{
    [Fact]
    public void A_chain_that_repeats_usage_counts_nothing()
    {
        var verdicts = Judge(Other(1, 0, SpanKind.Chain), Call(2, 1));
        Assert.Equal([2ul], Counted(verdicts));
    }

    [Fact]
    public void An_agent_with_usage_and_no_call_beneath_counts_as_a_summary()
    {
        var verdicts = Judge(Call(1, 0, kind: SpanKind.Agent, input: 10), Other(2, 1, SpanKind.Tool));
        Assert.Equal([1ul], Counted(verdicts));
        Assert.Equal(CallSource.Summary, verdicts[1].Call!.Source);
    }

    [Fact]
    public void An_agent_over_a_call_counts_nothing_even_when_the_call_failed()
    {
        var verdicts = Judge(Call(1, 0, kind: SpanKind.Agent, input: 10), Other(2, 1, SpanKind.Tool), Call(3, 2, input: null) with { Outcome = Outcome.Error });
        Assert.Equal([3ul], Counted(verdicts));
        Assert.Null(verdicts[1].Call);
    }

    [Fact]
    public void Of_nested_agents_without_a_call_only_the_innermost_counts() =>
        Assert.Equal([2ul], Counted(Judge(Call(1, 0, kind: SpanKind.Agent, input: 10), Call(2, 1, kind: SpanKind.Agent, input: 10))));

    [Fact]
    public void The_same_call_seen_twice_is_the_outer_one_with_the_inner_ones_usage_and_first_token()
    {
        var outer = Call(1, 0, id: "r1", input: 256, model: "claude") with { UserId = "anna" };
        var inner = Call(2, 1, id: "r1", input: 2048, model: "claude", ttft: 5) with { HttpStatus = 200 };
        var verdicts = Judge(outer, inner);
        Assert.Equal([1ul], Counted(verdicts));
        Assert.Equal(new SpanId(1), verdicts[2].MergedInto);
        Assert.Equal((2048, 5, 200), (verdicts[1].Call!.Usage.Input, verdicts[1].Call!.TtftNanoseconds, verdicts[1].HttpStatus));
        Assert.Equal("anna", verdicts[2].UserId);
    }

    [Fact]
    public void Three_layers_of_one_call_end_in_the_outermost()
    {
        var verdicts = Judge(Call(1, 0, id: "r1", input: 1), Call(2, 1, input: 2), Call(3, 2, id: "r1", input: 3));
        Assert.Equal([1ul], Counted(verdicts));
        Assert.Equal((new SpanId(1), new SpanId(1)), (verdicts[2].MergedInto!.Value, verdicts[3].MergedInto!.Value));
        Assert.Equal(3, verdicts[1].Call!.Usage.Input);
    }

    [Fact]
    public void Different_response_ids_are_different_calls() =>
        Assert.Equal([1ul, 2ul], Counted(Judge(Call(1, 0, id: "a"), Call(2, 1, id: "b"))));

    [Fact]
    public void Different_models_without_ids_are_different_calls() =>
        Assert.Equal([1ul, 2ul], Counted(Judge(Call(1, 0, model: "gpt-4o"), Call(2, 1, model: "gpt-4.1"))));

    [Fact]
    public void Different_kinds_are_different_calls() =>
        Assert.Equal([1ul, 2ul], Counted(Judge(Call(1, 0), Call(2, 1, kind: SpanKind.Embedding))));

    [Fact]
    public void A_call_that_began_after_its_ancestor_ended_is_another_one() =>
        Assert.Equal([1ul, 2ul], Counted(Judge(Call(1, 0), Call(2, 1) with { Start = A.Noon.Plus(TimeSpan.FromSeconds(5)) })));

    [Fact]
    public void Tries_beneath_an_outer_span_of_the_call_are_calls_of_their_own_but_for_the_one_that_answered()
    {
        var verdicts = Judge(
            Call(1, 0, input: 10), Call(2, 1, input: null) with { Outcome = Outcome.Error, Start = A.Noon.Plus(TimeSpan.FromMilliseconds(50)) }, Call(3, 1, input: 10));
        Assert.Equal([1ul, 2ul], Counted(verdicts));
        Assert.Equal(new SpanId(1), verdicts[3].MergedInto);
    }

    [Fact]
    public void A_call_made_by_a_tool_that_a_model_asked_for_is_another_one() =>
        Assert.Equal([1ul, 3ul], Counted(Judge(Call(1, 0), Other(2, 1, SpanKind.Tool), Call(3, 2))));

    [Fact]
    public void A_given_cost_wins_over_the_price_of_the_inner_usage()
    {
        var given = new CallCost { TotalUsd = 3, Source = "given" };
        var outer = Call(1, 0, id: "r", input: 5);
        var verdicts = Judge(
            outer with { Call = outer.Call! with { Cost = given } },
            Priced(Call(2, 1, id: "r", input: 7), 9));
        Assert.Equal(given, verdicts[1].Call!.Cost);
        Assert.Equal(9, Judge(Priced(Call(1, 0, id: "r", input: 5), 8), Priced(Call(2, 1, id: "r", input: 7), 9))[1].Call!.Cost.TotalUsd);
    }

    [Fact]
    public void Parts_of_the_outer_usage_that_do_not_fit_the_inner_totals_are_left_out()
    {
        var outer = Call(1, 0, id: "r", input: 2000);
        outer = outer with { Call = outer.Call! with { Usage = outer.Call.Usage with { CacheRead = 1500, Reasoning = 2 } } };
        var usage = Judge(outer, Call(2, 1, id: "r", input: 100))[1].Call!.Usage;
        Assert.Equal((100, null, 2), (usage.Input, usage.CacheRead, usage.Reasoning));
    }

    [Fact]
    public void A_failed_call_learns_its_status_from_the_last_request_that_carried_it()
    {
        var verdicts = Judge(
            Call(1, 0) with { Outcome = Outcome.Error },
            Other(2, 1, SpanKind.Http) with { HttpStatus = 503 },
            Other(3, 1, SpanKind.Http) with { HttpStatus = 429, Start = A.Noon.Plus(TimeSpan.FromMilliseconds(10)) });
        Assert.Equal(429, verdicts[1].HttpStatus);
        Assert.Equal([1ul], Counted(verdicts));
    }

    [Fact]
    public void Requests_of_a_tool_say_nothing_of_the_call_above() =>
        Assert.Null(Judge(Call(1, 0), Other(2, 1, SpanKind.Tool), Other(3, 2, SpanKind.Http) with { HttpStatus = 500 })[1].HttpStatus);

    [Fact]
    public void What_is_not_given_comes_from_the_nearest_ancestor_and_then_from_the_root()
    {
        var verdicts = Judge(
            Other(1, 0, SpanKind.Chain) with { UserId = "root", SessionId = "s", Environment = "staging" },
            Other(2, 1, SpanKind.Agent) with { UserId = "near", Tags = ["a"], Environment = Environments.Default },
            Call(3, 2),
            Call(4, 99));
        Assert.Equal(("near", "s", "staging"), (verdicts[3].UserId, verdicts[3].SessionId, verdicts[3].Environment));
        Assert.Equal(["a"], verdicts[3].Tags);
        Assert.Equal("root", verdicts[4].UserId);
    }

    [Fact]
    public void A_synthetic_call_gives_way_to_a_recorded_one_beneath_the_same_parent()
    {
        var verdicts = Judge(Other(1, 0, SpanKind.Node), Synthetic(2, 1), Other(3, 1, SpanKind.Chain), Call(4, 3));
        Assert.Equal([4ul], Counted(verdicts));
        Assert.Equal(new SpanId(4), verdicts[2].MergedInto);
        Assert.Equal([2ul, 4ul], Counted(Judge(Other(1, 0, SpanKind.Node), Synthetic(2, 1), Other(3, 0, SpanKind.Node), Call(4, 3))));
        Assert.Equal([2ul, 4ul], Counted(Judge(Other(1, 0, SpanKind.Node), Synthetic(2, 1), Call(4, 1, model: "another"))));
    }

    [Fact]
    public void A_synthetic_call_gives_way_to_one_recorded_beside_its_record_within_the_records_time()
    {
        var record = Other(1, 9, SpanKind.Message);
        Assert.Equal([4ul], Counted(Judge(Other(9, 0, SpanKind.Http), record, Synthetic(2, 1), Call(4, 9))));
        // Also where the span it was handed over in never came, and where the call stands deeper.
        Assert.Equal([4ul], Counted(Judge(record, Synthetic(2, 1), Other(3, 9, SpanKind.Chain), Call(4, 3))));
        var later = Call(4, 9) with { Start = A.Noon.Plus(TimeSpan.FromSeconds(2)), End = A.Noon.Plus(TimeSpan.FromSeconds(3)) };
        Assert.Equal([2ul, 4ul], Counted(Judge(Other(9, 0, SpanKind.Http), record, Synthetic(2, 1), later)));
    }

    [Fact]
    public void Rings_orphans_and_spans_that_are_their_own_parent_are_judged_too()
    {
        var verdicts = Judge(Call(1, 2), Call(2, 1, model: "b"), Call(3, 3, model: "c"), Call(4, 77, model: "d"));
        Assert.Equal([1ul, 2ul, 3ul, 4ul], Counted(verdicts));
    }

    [Fact]
    public void A_hundred_thousand_spans_in_one_line_are_judged_without_recursion_and_in_passing()
    {
        var spans = Enumerable.Range(1, 100_000).Select(i => Call((ulong)i, (ulong)i - 1, model: "m" + (i % 50))).ToList();
        Assert.Equal(100_000, TraceJudge.Judge(spans).Count(verdict => verdict.Counts));
    }

    [Fact]
    public void The_order_of_arrival_changes_no_verdict()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var spans = Enumerable.Range(1, 12).Select(i => Any(random, (ulong)i)).ToList();
            var expected = TraceJudge.Judge(spans).OrderBy(verdict => verdict.SpanId).Select(Facts);
            random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(spans));
            Assert.Equal(expected, TraceJudge.Judge(spans).OrderBy(verdict => verdict.SpanId).Select(Facts));
        }

        static string Facts(Verdict v) => string.Join('|', v.SpanId, v.Counts, v.MergedInto, v.UserId, v.HttpStatus, v.Call?.Usage.Input, v.Call?.Source, v.Call?.TtftNanoseconds);
    }

    [Fact]
    public void A_tower_of_the_same_call_ends_in_its_outermost_and_costs_no_more_than_its_height()
    {
        // By its square this would be some billions of steps.
        const ulong Height = 100_000;
        var verdicts = TraceJudge.Judge([.. Range(1, Height).Select(id => Call(id, id - 1))]);
        Assert.All(verdicts.Skip(1), verdict => Assert.Equal(new SpanId(1), verdict.MergedInto));
        Assert.True(verdicts[0].Counts);
    }

    [Fact]
    public void As_many_records_as_recorded_calls_beside_them_find_theirs_without_being_compared_each_with_each()
    {
        const int Many = 30_000;
        var spans = new List<JudgedSpan>();
        for (var i = 0; i < Many; i++)
        {
            var (start, id) = (A.Noon.Plus(TimeSpan.FromSeconds(2 * i)), (ulong)i * 4);
            var end = start.Plus(TimeSpan.FromSeconds(1));
            spans.Add(Other(id + 1, 0, SpanKind.Message) with { Start = start, End = end });
            spans.Add(Synthetic(id + 2, id + 1) with { Start = start, End = end });
            spans.Add(Call(id + 3, 0) with { Start = start.Plus(TimeSpan.FromMilliseconds(500)), End = end });
        }

        var verdicts = TraceJudge.Judge(spans);
        for (var i = 0; i < Many; i++)
        {
            Assert.Equal(verdicts[(3 * i) + 2].SpanId, verdicts[(3 * i) + 1].MergedInto);
            Assert.True(verdicts[(3 * i) + 2].Counts);
        }
    }

    private static IEnumerable<ulong> Range(ulong from, ulong through)
    {
        for (var i = from; i <= through; i++) yield return i;
    }

    private static JudgedSpan Any(Random random, ulong id)
    {
        var parent = (ulong)random.Next(0, 14);
        var span = random.Next(6) switch
        {
            0 => Other(id, parent, SpanKind.Http) with { HttpStatus = 400 + random.Next(3) },
            1 => Other(id, parent, SpanKind.Tool),
            2 => Call(id, parent, kind: SpanKind.Agent, input: random.Next(3)),
            3 => Synthetic(id, parent),
            _ => Call(id, parent, id: random.Next(3) == 0 ? "r" + random.Next(3) : null, input: random.Next(100), model: "m" + random.Next(2)),
        };
        return span with
        {
            UserId = random.Next(3) == 0 ? "u" + id : null,
            Start = A.Noon.Plus(TimeSpan.FromMilliseconds(random.Next(3))),
            Outcome = random.Next(3) == 0 ? Outcome.Error : Outcome.Success,
        };
    }

    private static Dictionary<ulong, Verdict> Judge(params JudgedSpan[] spans) =>
        TraceJudge.Judge(spans).ToDictionary(verdict => verdict.SpanId.Value);

    private static IEnumerable<ulong> Counted(Dictionary<ulong, Verdict> verdicts) =>
        verdicts.Values.Where(verdict => verdict.Counts).Select(verdict => verdict.SpanId.Value).Order();

    private static JudgedSpan Other(ulong id, ulong parent, SpanKind kind) => new()
    {
        SpanId = new SpanId(id),
        ParentSpanId = new SpanId(parent),
        Kind = kind,
        Start = A.Noon,
        End = A.Noon.Plus(TimeSpan.FromSeconds(1)),
        Outcome = Outcome.Success,
    };

    private static JudgedSpan Call(
        ulong span, ulong parent, SpanKind kind = SpanKind.Chat, string? id = null, long? input = 10, string model = "gpt-4o", long? ttft = null) =>
        Other(span, parent, kind) with
        {
            Call = new LlmCall
            {
                Source = CallSource.Recorded,
                RequestModel = model,
                ResponseId = id,
                TtftNanoseconds = ttft,
                Usage = new TokenUsage { Input = input, Output = input is null ? null : 3 },
            },
        };

    private static JudgedSpan Synthetic(ulong id, ulong parent)
    {
        var call = Call(id, parent);
        return call with { Call = call.Call! with { Source = CallSource.Synthetic } };
    }

    private static JudgedSpan Priced(JudgedSpan span, decimal usd) =>
        span with { Call = span.Call! with { Cost = new CallCost { TotalUsd = usd, Source = "computed" } } };
}
