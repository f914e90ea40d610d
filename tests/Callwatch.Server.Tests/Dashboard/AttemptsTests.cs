using Callwatch.Dashboard.Traces;
using Callwatch.Query.Traces;
using Callwatch.Spans;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard;

public sealed class AttemptsTests
{
    [Fact]
    public void Failed_attempts_stand_beneath_the_one_that_came_after_them()
    {
        var tree = new SpanTree([Tool(1, 0, 0, 100, name: "root"), Tool(2, 1, 0, 10, failed: true), Tool(3, 1, 12, 20, failed: true), Tool(4, 1, 25, 30), Tool(5, 1, 40, 50)], foldAttempts: true);
        var root = Assert.Single(tree.Roots);
        Assert.Equal([4UL, 5UL], root.Children.Select(node => node.Span.SpanId.Value));
        var last = root.Children[0];
        Assert.Equal(3, last.Attempts);
        Assert.Equal([(2UL, 1), (3UL, 2)], last.Children.Select(node => (node.Span.SpanId.Value, node.Attempt)));
        Assert.Equal((2, 2), (last.Errors, last.Below));
        Assert.Equal((2, 4), (root.Errors, root.Below));
        Assert.Equal(2, last.Children[0].Depth);
    }

    [Fact]
    public void What_ran_side_by_side_bears_another_name_or_ended_well_was_no_attempt()
    {
        var tree = new SpanTree(
            [
                Tool(1, 0, 0, 100, name: "root"), Tool(2, 1, 0, 10, failed: true), Tool(3, 1, 5, 20), Tool(4, 1, 30, 40, failed: true, name: "another"), Tool(5, 1, 50, 60), Tool(6, 1, 70, 80),
            ],
            foldAttempts: true);
        Assert.Equal(5, tree.Roots[0].Children.Count);
        Assert.All(tree.All, node => Assert.Equal(0, node.Attempts));
    }

    [Fact]
    public void They_are_folded_until_somebody_opens_them()
    {
        var tree = new SpanTree([Tool(1, 0, 0, 100, name: "root"), Tool(2, 1, 0, 10, failed: true), Tool(3, 1, 12, 20)], foldAttempts: true);
        var rows = Waterfall.Items(TracePart.Whole(tree), null).OfType<WaterfallItem.Row>().ToList();
        Assert.Equal([1UL, 3UL], rows.Select(row => row.Node.Span.SpanId.Value));
        Assert.False(rows[1].Open);
        var chosen = Waterfall.Items(TracePart.Whole(tree), tree.Find(new SpanId(2)));
        Assert.Contains(chosen.OfType<WaterfallItem.Row>(), row => row.Node.Attempt == 1);
    }

    private static Span Tool(ulong id, ulong parent, int start, int end, bool failed = false, string name = "get_refund") => new()
    {
        TenantId = 1,
        AppId = 1,
        TraceId = new TraceId(1, 1),
        SpanId = new SpanId(id),
        ParentSpanId = new SpanId(parent),
        Name = name,
        DisplayName = name,
        Kind = id == 1 ? SpanKind.Agent : SpanKind.Tool,
        Start = new Timestamp(1_000_000_000 + start),
        End = new Timestamp(1_000_000_000 + end),
        DurationNanoseconds = end - start,
        Outcome = failed ? Outcome.Error : Outcome.Success,
    };
}
