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

        var busy = new Dictionary<SpanId, Siblings>();
        var without = new bool[spans.Count];
        for (var i = 0; i < without.Length; i++)
        {
            without[i] = spans[i].IsModelRequest && !above[i] && !beneath[i]
                && !(beside.TryGetValue(spans[i].ParentSpanId, out var calls) && TimesOf(spans[i].ParentSpanId, calls).Overlap(spans[i]));
        }

        return without;

        Siblings TimesOf(SpanId parent, List<int> calls) => busy.TryGetValue(parent, out var known) ? known : busy[parent] = new Siblings(spans, calls);
    }

    // An agent with usage tells of the calls it made, if only together.
    private static bool Tells(IReadOnlyList<JudgedSpan> spans, int i, Func<int, bool> isCall) => isCall(i) || (spans[i].Kind == SpanKind.Agent && spans[i].Call is { Usage.IsUnknown: false });

    /// <summary>When the calls beneath one parent were under way, in order: thousands beside thousands must not be compared each with each.</summary>
    private sealed class Siblings
    {
        private readonly Timestamp[] starts;

        // The latest end of all up to here.
        private readonly Timestamp[] ends;

        public Siblings(IReadOnlyList<JudgedSpan> spans, List<int> calls)
        {
            var ordered = calls.Select(call => spans[call]).OrderBy(call => call.Start).ToList();
            starts = [.. ordered.Select(call => call.Start)];
            ends = [.. ordered.Select(call => call.End)];
            for (var i = 1; i < ends.Length; i++)
                if (ends[i] < ends[i - 1]) ends[i] = ends[i - 1];
        }

        public bool Overlap(JudgedSpan span)
        {
            // How many began before it was over.
            var (low, high) = (0, starts.Length);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (starts[middle] <= span.End) low = middle + 1;
                else high = middle;
            }

            return low > 0 && ends[low - 1] >= span.Start;
        }
    }
}
