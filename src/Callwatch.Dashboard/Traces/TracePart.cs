using System.Globalization;
using Callwatch.Dashboard.Frame;
using Callwatch.Query.Traces;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Traces;

/// <summary>
/// What of a trace is looked at, as its address says: all of it; a span and what lies beneath (<c>under</c>); neighbours under one
/// parent (<c>run</c>, first and last); levels of a deep tree (<c>between</c>, from the first span down to, without, the second).
/// </summary>
/// <param name="Tops">Neighbours; each with all beneath it.</param>
/// <param name="Until">Left out, with all beneath it; null for nothing.</param>
public sealed record TracePart(IReadOnlyList<SpanNode> Tops, SpanNode? Until, bool IsWhole)
{
    private const string Under = "under", Run = "run", Between = "between", Base = "base";

    /// <summary>What is not in the tree, or does not stand there as the address says, is the whole trace.</summary>
    public static TracePart Of(SpanTree tree, Place place)
    {
        if (SpanId.TryParse(place.Find(Under), null, out var under) && tree.Find(under) is { } top) return new TracePart([top], null, false);
        if (Pair(tree, place.Find(Run)) is var (first, last) && first.Parent == last.Parent)
        {
            var siblings = tree.Beside(first);
            var (from, to) = (Index(siblings, first), Index(siblings, last));
            if (from <= to) return new TracePart([.. siblings.Skip(from).Take(to - from + 1)], null, false);
        }

        if (Pair(tree, place.Find(Between)) is var (above, below) && above.Depth < below.Depth)
        {
            var node = below;
            while (node.Depth > above.Depth) node = node.Parent!;
            if (node == above) return new TracePart([above], below, false);
        }

        return Whole(tree);
    }

    public static TracePart Whole(SpanTree tree) => new(tree.Roots, null, true);

    /// <summary>The place without a part: that of the whole trace.</summary>
    public static Place Without(Place place) => place.With(Under, null).With(Run, null).With(Between, null).With(Base, null);

    /// <summary>The same for a script that puts the part into a page whose lines are indented from a depth on.</summary>
    public static Place Indented(Place place, int depth) => depth == 0 ? place : place.With(Base, depth.ToString(CultureInfo.InvariantCulture));

    public static int IndentedFrom(Place place) => int.TryParse(place.Find(Base), NumberStyles.None, CultureInfo.InvariantCulture, out var depth) ? depth : 0;

    /// <summary>The place where what a line does not show is shown; null when it shows everything.</summary>
    public static Place? Behind(WaterfallItem item, Place place) => item switch
    {
        WaterfallItem.Row { Open: false, Node.Children.Count: > 0 } row => Without(place).With(Under, row.Node.Span.SpanId.ToString()),
        WaterfallItem.Run run => Without(place).With(Run, $"{run.First.Span.SpanId}.{run.Last.Span.SpanId}"),
        WaterfallItem.Levels levels => Without(place).With(Between, $"{levels.First.Span.SpanId}.{levels.To.Span.SpanId}"),
        _ => null,
    };

    private static (SpanNode First, SpanNode Last)? Pair(SpanTree tree, string? written) =>
        written?.Split('.') is [var one, var other] && SpanId.TryParse(one, null, out var first) && SpanId.TryParse(other, null, out var last)
            && tree.Find(first) is { } firstNode && tree.Find(last) is { } lastNode ? (firstNode, lastNode) : null;

    private static int Index(IReadOnlyList<SpanNode> siblings, SpanNode node)
    {
        for (var i = 0; i < siblings.Count; i++)
            if (siblings[i] == node) return i;
        return -1;
    }
}
