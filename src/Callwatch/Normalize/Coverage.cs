using Callwatch.Spans;

namespace Callwatch.Normalize;

/// <summary>
/// Which requests for a model's answer belong to no call of their trace. A request belongs to a call above it, beneath it, or beside it: one
/// whose span has the same parent and was under way at the same time, as where a library and the HTTP client are told of by different hands.
/// </summary>
internal static class Coverage
{
    /// <summary>A mark for each span; null where the trace has no such request.</summary>
    public static bool[]? WithoutCall(IReadOnlyList<JudgedSpan> spans, SpanTree tree, Func<int, bool> isCall)
    {
        var any = false;
        for (var i = 0; i < spans.Count && !any; i++) any = spans[i].IsModelRequest;
        if (!any) return null;
        var (above, beneath) = (new bool[spans.Count], new bool[spans.Count]);
        var beside = new Dictionary<SpanId, List<int>>();
        foreach (var i in tree.ParentsFirst)
        {
            var parent = tree.ParentOf(i);
            above[i] = parent >= 0 && (above[parent] || Tells(spans, parent, isCall));
        }

        for (var at = spans.Count - 1; at >= 0; at--)
        {
            var i = tree.ParentsFirst[at];
            var told = Tells(spans, i, isCall);
            var parent = tree.ParentOf(i);
            if (told && !spans[i].ParentSpanId.IsNone)
            {
                if (!beside.TryGetValue(spans[i].ParentSpanId, out var calls)) beside[spans[i].ParentSpanId] = calls = [];
                calls.Add(i);
            }

            if (parent >= 0 && (told || beneath[i])) beneath[parent] = true;
        }

        var without = new bool[spans.Count];
        for (var i = 0; i < without.Length; i++)
        {
            without[i] = spans[i].IsModelRequest && !above[i] && !beneath[i]
                && !(beside.TryGetValue(spans[i].ParentSpanId, out var calls) && calls.Any(call => Overlap(spans[call], spans[i])));
        }

        return without;
    }

    // An agent with usage tells of the calls it made, if only together.
    private static bool Tells(IReadOnlyList<JudgedSpan> spans, int i, Func<int, bool> isCall) => isCall(i) || (spans[i].Kind == SpanKind.Agent && spans[i].Call is { Usage.IsUnknown: false });

    private static bool Overlap(JudgedSpan a, JudgedSpan b) => a.Start <= b.End && b.Start <= a.End;
}
