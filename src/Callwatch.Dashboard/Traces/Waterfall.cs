using Callwatch.Spans;

namespace Callwatch.Dashboard.Traces;

/// <summary>A row of the waterfall.</summary>
/// <param name="Depth">0 for the top.</param>
/// <param name="Hidden">Spans beneath that are not among the rows; they are fetched when asked for.</param>
public sealed record WaterfallRow(SpanNode Node, int Depth, int Hidden);

/// <summary>
/// Which spans of a large trace stand in the page at once: from the top down, first what leads to the chosen span, to failures and to cost.
/// </summary>
public static class Waterfall
{
    public const int MostRows = 400;

    /// <param name="chosen">Always shown, with all above it; null for none.</param>
    public static IReadOnlyList<WaterfallRow> Rows(IReadOnlyList<SpanNode> tops, SpanNode? chosen, int most = MostRows, int depth = 0)
    {
        var opened = new HashSet<SpanNode>();
        var rows = tops.Count;
        var candidates = new PriorityQueue<SpanNode, (int, decimal, long)>();
        for (var above = chosen?.Parent; above is not null; above = above.Parent) Open(above);
        foreach (var top in tops) Offer(top);
        while (rows < most && candidates.TryDequeue(out var node, out _))
        {
            // A node with thousands of children opens only into an almost empty page.
            if (rows + node.Children.Count > most && rows > most / 4) continue;
            Open(node);
        }

        var list = new List<WaterfallRow>(rows);
        var open = new Stack<(SpanNode Node, int Depth)>(tops.Reverse().Select(top => (top, depth)));
        while (open.TryPop(out var row))
        {
            var unfolded = opened.Contains(row.Node);
            list.Add(new WaterfallRow(row.Node, row.Depth, unfolded ? 0 : row.Node.Below));
            if (!unfolded) continue;
            for (var i = row.Node.Children.Count - 1; i >= 0; i--) open.Push((row.Node.Children[i], row.Depth + 1));
        }

        return list;

        void Open(SpanNode node)
        {
            if (!opened.Add(node)) return;
            rows += node.Children.Count;
            foreach (var child in node.Children) Offer(child);
        }

        // The queue gives the smallest first.
        void Offer(SpanNode node)
        {
            if (node.Children.Count > 0) candidates.Enqueue(node, (node.HasError ? 0 : 1, -(node.CostUsd ?? 0), -(node.Span.DurationNanoseconds ?? 0)));
        }
    }

    /// <summary>The span to look at first: the first failed call, else the most expensive one, else the top.</summary>
    public static SpanNode? First(SpanTree tree) =>
        tree.All.Where(node => node.Span.Kind.IsCall() && node.Span.Outcome == Outcome.Error).MinBy(node => node.Span.Start)
        ?? tree.All.Where(node => node.Span.Kind.IsCall() && node.Span.MergedInto is null).MaxBy(node => node.Span.Call?.Cost.TotalUsd ?? 0)
        ?? (tree.Roots.Count > 0 ? tree.Roots[0] : null);
}
