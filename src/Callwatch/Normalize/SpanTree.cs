using Callwatch.Spans;

namespace Callwatch.Normalize;

/// <summary>
/// Who is above whom in one trace, by index. Total: spans whose parent is unknown are local roots, a ring is cut at its smallest id,
/// and nothing recurses, so neither depth nor breadth can break it. Of spans with the same id the first is the one that others find.
/// </summary>
internal sealed class SpanTree
{
    private readonly int[] parents;
    private readonly int[] firstChild;
    private readonly int[] nextSibling;
    private readonly int[] order;
    private int ordered;

    public SpanTree(IReadOnlyList<JudgedSpan> spans)
    {
        var count = spans.Count;
        var byId = new Dictionary<SpanId, int>(count);
        for (var i = 0; i < count; i++) byId.TryAdd(spans[i].SpanId, i);
        (parents, firstChild, nextSibling, order) = (new int[count], new int[count], new int[count], new int[count]);
        Array.Fill(firstChild, -1);
        for (var i = 0; i < count; i++)
        {
            parents[i] = !spans[i].ParentSpanId.IsNone && byId.TryGetValue(spans[i].ParentSpanId, out var parent) ? parent : -1;
            if (parents[i] < 0) continue;
            nextSibling[i] = firstChild[parents[i]];
            firstChild[parents[i]] = i;
        }

        var seen = new bool[count];
        for (var i = 0; i < count; i++)
            if (parents[i] < 0) AddBelow(i, seen);
        CutRings(spans, seen);
        Root = FindRoot(spans);
    }

    /// <summary>Every index once, parents before children.</summary>
    public ReadOnlySpan<int> ParentsFirst => order;

    /// <summary>The trace's root: of the spans without a parent the earliest, then the smallest id; -1 when it has not come.</summary>
    public int Root { get; }

    /// <summary>-1 for a local root.</summary>
    public int ParentOf(int index) => parents[index];

    private void AddBelow(int top, bool[] seen)
    {
        var next = ordered;
        order[ordered++] = top;
        seen[top] = true;
        for (; next < ordered; next++)
        {
            for (var child = firstChild[order[next]]; child >= 0; child = nextSibling[child])
            {
                if (seen[child]) continue;
                seen[child] = true;
                order[ordered++] = child;
            }
        }
    }

    private void CutRings(IReadOnlyList<JudgedSpan> spans, bool[] seen)
    {
        if (ordered == spans.Count) return;
        var walk = new int[spans.Count];
        for (var i = 0; i < spans.Count; i++)
        {
            if (seen[i]) continue;
            var at = i;
            for (; walk[at] == 0; at = parents[at]) walk[at] = i + 1;

            // `at` lies on the ring; go round it once for the smallest id, which does not depend on the order of arrival.
            var top = at;
            for (var on = parents[at]; on != at; on = parents[on])
                if (spans[on].SpanId.CompareTo(spans[top].SpanId) < 0) top = on;
            parents[top] = -1;
            AddBelow(top, seen);
        }
    }

    private static int FindRoot(IReadOnlyList<JudgedSpan> spans)
    {
        var root = -1;
        for (var i = 0; i < spans.Count; i++)
        {
            if (!spans[i].ParentSpanId.IsNone) continue;
            if (root < 0 || spans[i].Start < spans[root].Start
                || (spans[i].Start == spans[root].Start && spans[i].SpanId.CompareTo(spans[root].SpanId) < 0)) root = i;
        }

        return root;
    }
}
