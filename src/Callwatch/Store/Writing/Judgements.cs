using Callwatch.Normalize;
using Callwatch.Spans;

namespace Callwatch.Store.Writing;

/// <summary>
/// Which calls users have judged. A user judges a message or a trace, and it counts at the call that gave the answer: the last to end beneath
/// what was judged; where there is none beneath it, beneath the nearest span above that has one; in a trace of several roots, the last of all.
/// A call counts one judgement at most: its own, else of several the one that was given nearest above it.
/// </summary>
internal static class Judgements
{
    /// <summary>One for each span; null when nobody judged anything.</summary>
    public static Liking[]? Of(SpanState[] states, IReadOnlyList<Verdict> verdicts)
    {
        if (!Array.Exists(states, state => state.Raw.Scores.Count > 0 && Likings.Of(state.Raw.Scores) != Liking.None)) return null;
        var tree = new SpanTree(Array.ConvertAll(states, state => state.ForJudge));
        var last = LastBeneath(states, verdicts, tree, out var lastOfAll);
        var told = new Liking[states.Length];
        foreach (var judged in ByNearness(tree, i => states[i].Raw))
        {
            var at = judged;
            while (at >= 0 && last[at] < 0) at = tree.ParentOf(at);
            var call = at >= 0 ? last[at] : lastOfAll;
            if (call >= 0 && (call == judged || Likings.Of(states[call].Raw.Scores) == Liking.None)) told[call] = Likings.Of(states[judged].Raw.Scores);
        }

        return told;
    }

    /// <summary>The judged spans, those deeper in the tree later, so that the nearest has the last word; in an order that does not depend on who came first.</summary>
    public static IEnumerable<int> ByNearness(SpanTree tree, Func<int, Span> spanOf)
    {
        var depths = new int[tree.ParentsFirst.Length];
        var judged = new List<int>();
        foreach (var i in tree.ParentsFirst)
        {
            depths[i] = tree.ParentOf(i) is >= 0 and var parent ? depths[parent] + 1 : 0;
            if (spanOf(i).Scores.Count > 0 && Likings.Of(spanOf(i).Scores) != Liking.None) judged.Add(i);
        }

        return judged.OrderBy(i => depths[i]).ThenBy(i => spanOf(i).End.UnixNanoseconds).ThenBy(i => spanOf(i).SpanId);
    }

    /// <summary>For each span the call that ends last beneath it, itself included; -1 where there is none.</summary>
    private static int[] LastBeneath(SpanState[] states, IReadOnlyList<Verdict> verdicts, SpanTree tree, out int lastOfAll)
    {
        var byId = new Dictionary<SpanId, int>(states.Length);
        for (var i = 0; i < states.Length; i++) byId.TryAdd(states[i].Raw.SpanId, i);
        var last = new int[states.Length];
        lastOfAll = -1;
        for (var i = 0; i < states.Length; i++)
        {
            // What was merged into another call stands for it here: the call may lie elsewhere in the tree.
            last[i] = verdicts[i].Counts ? i : verdicts[i].MergedInto is { } into && byId.TryGetValue(into, out var call) && verdicts[call].Counts ? call : -1;
            lastOfAll = Later(states, lastOfAll, last[i]);
        }

        var order = tree.ParentsFirst;
        for (var at = order.Length - 1; at >= 0; at--)
            if (tree.ParentOf(order[at]) is >= 0 and var parent) last[parent] = Later(states, last[parent], last[order[at]]);
        return last;
    }

    private static int Later(SpanState[] states, int a, int b)
    {
        if (a < 0 || b < 0) return Math.Max(a, b);
        var (one, other) = (states[a].Raw, states[b].Raw);
        return (one.End.UnixNanoseconds, one.SpanId).CompareTo((other.End.UnixNanoseconds, other.SpanId)) >= 0 ? a : b;
    }
}
