using Callwatch.Dashboard.Traces;
using Callwatch.Query.Traces;
using Callwatch.Spans;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard;

public sealed class SpanTreeTests
{
    [Fact]
    public void Children_stand_beneath_their_parent_in_order_of_start_and_orphans_at_the_top()
    {
        var tree = new SpanTree([Span(3, 1, 5, 1), Span(1, 0, 0, 10), Span(2, 1, 2, 1), Span(4, 99, 1, 1)]);
        Assert.Equal([1UL, 4UL], tree.Roots.Select(root => root.Span.SpanId.Value));
        Assert.Equal([2UL, 3UL], tree.Roots[0].Children.Select(child => child.Span.SpanId.Value));
        Assert.True(tree.Roots[1].IsOrphan);
        Assert.Equal(2, tree.Roots[0].Below);
    }

    [Fact]
    public void Spans_that_name_each_other_as_parent_or_come_twice_still_make_a_tree()
    {
        var tree = new SpanTree([Span(1, 2, 0, 1), Span(2, 3, 0, 1), Span(3, 1, 0, 1), Span(4, 4, 0, 1), Span(1, 0, 0, 1)]);
        Assert.Equal(4, tree.Count);
        Assert.Equal(4, Waterfall.Items(TracePart.Whole(tree), null).Count);
        Assert.NotEmpty(CriticalPath.Of(tree));
    }

    [Fact]
    public void Tokens_and_cost_are_those_of_calls_that_count()
    {
        var call = Span(2, 1, 1, 2, kind: SpanKind.Chat) with { Call = Call(100, 0.5m) };
        var again = Span(3, 1, 1, 2, kind: SpanKind.Chat) with { Call = Call(100, 0.5m), MergedInto = new SpanId(2) };
        var tree = new SpanTree([Span(1, 0, 0, 10), call, again]);
        Assert.Equal(100, tree.Roots[0].Tokens);
        Assert.Equal(0.5m, tree.Roots[0].CostUsd);
        Assert.Null(new SpanTree([Span(1, 0, 0, 10)]).Roots[0].Tokens);
    }

    [Fact]
    public void The_critical_path_goes_into_what_was_waited_for_and_adds_up_to_the_whole()
    {
        // Two at once, the longer one is waited for; then a gap; then the last.
        var tree = new SpanTree([Span(1, 0, 0, 10), Span(2, 1, 1, 4), Span(3, 1, 1, 2), Span(4, 1, 6, 3)]);
        var path = CriticalPath.Of(tree);
        Assert.Equal([1UL, 2UL, 1UL, 4UL, 1UL], path.Select(piece => piece.Node.Span.SpanId.Value));
        Assert.Equal(10_000_000_000, path.Sum(piece => piece.Nanoseconds));
        Assert.DoesNotContain(tree.Find(new SpanId(3))!, CriticalPath.Extent(path).Keys);
    }

    [Fact]
    public void The_account_of_time_adds_up_to_the_whole()
    {
        var call = Span(2, 1, 1, 4, kind: SpanKind.Chat) with { Call = Call(1, 0) with { TtftNanoseconds = 1_500_000_000 } };
        var failed = Span(3, 1, 6, 2, kind: SpanKind.Tool) with { Outcome = Outcome.Error };
        var account = TimeSpent.Account(CriticalPath.Of(new SpanTree([Span(1, 0, 0, 10), call, failed])));
        Assert.Equal(10_000_000_000, account.Sum(line => line.Nanoseconds));
        Assert.Equal(1_500_000_000, account.Single(line => line.Spending == Spending.FirstToken).Nanoseconds);
        Assert.Equal(2_500_000_000, account.Single(line => line.Spending == Spending.Generating).Nanoseconds);
        Assert.Equal(2_000_000_000, account.Single(line => line.Spending == Spending.Failed).Nanoseconds);
    }

    [Fact]
    public void Ten_thousand_levels_make_a_tree_and_a_critical_path_at_once()
    {
        var spans = Enumerable.Range(0, 10_000).Select(i => Span((ulong)i + 1, (ulong)i, i / 1000.0, 30 - (i / 1000.0))).ToList();
        foreach (var order in new[] { spans, [.. spans.AsEnumerable().Reverse()] })
        {
            var tree = new SpanTree(order);
            Assert.Equal(9_999, tree.Find(new SpanId(10_000))!.Depth);
            var extent = CriticalPath.Extent(CriticalPath.Of(tree));
            Assert.Equal(30_000_000_000, extent[tree.Roots[0]].Nanoseconds);
            Assert.Equal(10_000, extent.Count);
        }
    }

    [Fact]
    public void Any_spans_give_a_waterfall_in_which_each_stands_once()
    {
        var random = new Random(11);
        for (var round = 0; round < 200; round++)
        {
            var spans = Enumerable.Range(0, random.Next(60))
                .Select(_ => Span((ulong)random.Next(1, 30), (ulong)random.Next(0, 40), random.NextDouble() * 10, random.NextDouble() * 5)).ToList();
            var tree = new SpanTree(spans);
            var rows = Waterfall.Items(TracePart.Whole(tree), null).OfType<WaterfallItem.Row>();
            Assert.Equal(tree.Count, rows.Select(row => row.Node).Distinct().Count());
            Assert.All(CriticalPath.Of(tree), piece => Assert.True(piece.Nanoseconds > 0));
        }
    }

    private static Span Span(ulong id, ulong parent, double start, double seconds, SpanKind kind = SpanKind.Chain) => new()
    {
        TenantId = 1,
        AppId = 1,
        TraceId = new TraceId(1, 1),
        SpanId = new SpanId(id),
        ParentSpanId = new SpanId(parent),
        Name = "span",
        DisplayName = "span",
        Kind = kind,
        Start = new Timestamp(1_000_000_000_000 + (long)(start * 1e9)),
        End = new Timestamp(1_000_000_000_000 + (long)((start + seconds) * 1e9)),
        DurationNanoseconds = (long)(seconds * 1e9),
        Outcome = Outcome.Success,
    };

    private static LlmCall Call(long tokens, decimal usd) => new()
    {
        Source = CallSource.Recorded,
        Usage = new TokenUsage { Total = tokens },
        Cost = new CallCost { TotalUsd = usd, Source = "computed" },
    };
}
