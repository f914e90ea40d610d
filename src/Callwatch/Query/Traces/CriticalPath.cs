using Callwatch.Spans;

namespace Callwatch.Query.Traces;

/// <summary>A stretch of time in which the trace waited for this span and for nothing beneath it.</summary>
public sealed record PathPiece(SpanNode Node, Timestamp From, Timestamp To)
{
    public long Nanoseconds => To.UnixNanoseconds - From.UnixNanoseconds;
}

/// <summary>
/// The chain of spans that made the trace take as long as it did: walked back from the end, always into the child that ended last
/// before the time still to be explained.
/// </summary>
public static class CriticalPath
{
    /// <summary>Of the longest of its roots; empty for an empty tree.</summary>
    public static IReadOnlyList<PathPiece> Of(SpanTree tree) =>
        tree.Roots.Count == 0 ? [] : Of(tree.Roots.MaxBy(root => root.Span.DurationNanoseconds ?? 0)!);

    /// <summary>For each span on the path the stretch from its first to its last piece, those beneath it included.</summary>
    public static IReadOnlyDictionary<SpanNode, PathPiece> Extent(IReadOnlyList<PathPiece> path)
    {
        var extent = new Dictionary<SpanNode, PathPiece>();
        foreach (var piece in path) Widen(piece.Node, piece.From, piece.To);
        var upwards = new HashSet<SpanNode>();
        foreach (var piece in path)
            for (var node = piece.Node; node is not null && upwards.Add(node); node = node.Parent) { }
        foreach (var node in upwards.OrderByDescending(node => node.Depth))
            if (node.Parent is { } parent) Widen(parent, extent[node].From, extent[node].To);

        return extent;

        void Widen(SpanNode node, Timestamp from, Timestamp to) => extent[node] = extent.TryGetValue(node, out var known)
            ? new PathPiece(node, known.From < from ? known.From : from, known.To > to ? known.To : to)
            : new PathPiece(node, from, to);
    }

    public static IReadOnlyList<PathPiece> Of(SpanNode root)
    {
        var pieces = new List<PathPiece>();
        var open = new Stack<(SpanNode Node, Timestamp From, Timestamp Until)>();
        open.Push((root, root.Span.Start, root.Span.End));
        while (open.TryPop(out var span))
        {
            var until = span.Until;
            foreach (var child in span.Node.Children.OrderByDescending(child => child.Span.End))
            {
                var (start, end) = (Later(child.Span.Start, span.From), child.Span.End < until ? child.Span.End : until);
                if (end <= start) continue;

                // What runs beside a later child was not waited for.
                if (child.Span.End > until && until < span.Until) continue;
                if (end < until) pieces.Add(new PathPiece(span.Node, end, until));
                open.Push((child, start, end));
                until = start;
            }

            if (until > span.From) pieces.Add(new PathPiece(span.Node, span.From, until));
        }

        pieces.Sort((a, b) => a.From.CompareTo(b.From));
        return pieces;
    }

    private static Timestamp Later(Timestamp a, Timestamp b) => a > b ? a : b;
}
