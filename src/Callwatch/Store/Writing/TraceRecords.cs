using Callwatch.Normalize;
using Callwatch.Spans;
using Callwatch.Store.Rollups;

namespace Callwatch.Store.Writing;

/// <summary>
/// The business records of a trace, with what the calls beneath each come to: a function of the set of its judged spans. A call belongs to the
/// nearest record above it, so that none counts twice; one that took the place of a record's own made-up call belongs to that record, wherever it lies.
/// </summary>
internal static class TraceRecords
{
    /// <summary>The sums of each span that is a record to be counted; null for all others. Null altogether when there is none.</summary>
    public static long[]?[]? Of(List<(SpanState State, Span Judged, bool Counts)> judged)
    {
        if (!judged.Exists(item => RecordFigures.IsRecord(item.Judged.Kind))) return null;
        var tree = new SpanTree(judged.ConvertAll(item => item.State.ForJudge));
        var owner = Owners(judged, tree, out var any);
        if (!any) return null;
        var sums = new long[judged.Count][];
        var likings = Likes(judged, tree, owner);
        for (var i = 0; i < sums.Length; i++)
            if (owner[i] == i) sums[i] = RecordFigures.Begin(judged[i].Judged, likings[i]);
        var standsFor = StandIns(judged, owner);
        for (var i = 0; i < sums.Length; i++)
        {
            if (!judged[i].Counts) continue;
            var of = owner[i] >= 0 ? owner[i] : standsFor.GetValueOrDefault(judged[i].Judged.SpanId, -1);
            if (of >= 0) RecordFigures.Add(judged[i].Judged, sums[of]);
        }

        return sums;
    }

    /// <summary>For each span the nearest counted record at or above it.</summary>
    private static int[] Owners(List<(SpanState State, Span Judged, bool Counts)> judged, SpanTree tree, out bool any)
    {
        var owner = new int[judged.Count];
        var within = new bool[judged.Count];
        any = false;
        foreach (var i in tree.ParentsFirst)
        {
            var (span, parent) = (judged[i].Judged, tree.ParentOf(i));
            within[i] = parent >= 0 && (within[parent] || judged[parent].Judged.Kind is SpanKind.Message or SpanKind.Workflow or SpanKind.Node);
            owner[i] = parent < 0 ? -1 : owner[parent];
            // A run within a message, a run or a node is part of it.
            if (span.Kind != SpanKind.Message && !(span.Kind == SpanKind.Workflow && !within[i])) continue;
            if (RecordFigures.IsTriedOut(span)) continue;
            owner[i] = i;
            any = true;
        }

        return owner;
    }

    private static Dictionary<SpanId, int> StandIns(List<(SpanState State, Span Judged, bool Counts)> judged, int[] owner)
    {
        var standsFor = new Dictionary<SpanId, int>();
        // Of several the one with the smallest id, whichever came first.
        foreach (var i in Enumerable.Range(0, judged.Count).Where(i => owner[i] >= 0 && judged[i].Judged.MergedInto is not null).OrderBy(i => judged[i].Judged.SpanId))
            standsFor.TryAdd(judged[i].Judged.MergedInto!.Value, owner[i]);
        return standsFor;
    }

    // Each record once: its own judgement, else one of a span beneath it, else one of a span above it that has no nearer record.
    private static Liking[] Likes(List<(SpanState State, Span Judged, bool Counts)> judged, SpanTree tree, int[] owner)
    {
        var likings = new Liking[judged.Count];
        int[]? last = null;
        for (var round = 0; round < 2; round++)
        {
            foreach (var i in Judgements.ByNearness(tree, at => judged[at].Judged))
            {
                if (owner[i] >= 0 != (round == 1)) continue;
                var of = owner[i] >= 0 ? owner[i] : LastAbove(i, last ??= LastBeneath(judged, tree, owner), tree);
                if (of >= 0 && (of == i || Likings.Of(judged[of].Judged.Scores) == Liking.None)) likings[of] = Likings.Of(judged[i].Judged.Scores);
            }
        }

        return likings;
    }

    private static int LastAbove(int at, int[] last, SpanTree tree)
    {
        while (at >= 0 && last[at] < 0) at = tree.ParentOf(at);
        return at < 0 ? -1 : last[at];
    }

    private static int[] LastBeneath(List<(SpanState State, Span Judged, bool Counts)> judged, SpanTree tree, int[] owner)
    {
        var last = new int[judged.Count];
        for (var i = 0; i < last.Length; i++) last[i] = owner[i] == i ? i : -1;
        var order = tree.ParentsFirst;
        for (var at = order.Length - 1; at >= 0; at--)
        {
            if (tree.ParentOf(order[at]) is not (>= 0 and var parent) || last[order[at]] < 0) continue;
            if (last[parent] < 0 || IsLater(judged[last[order[at]]].Judged, judged[last[parent]].Judged)) last[parent] = last[order[at]];
        }

        return last;
    }

    private static bool IsLater(Span a, Span b) => (a.End.UnixNanoseconds, a.SpanId).CompareTo((b.End.UnixNanoseconds, b.SpanId)) > 0;
}
