using Callwatch.Spans;

namespace Callwatch.Normalize;

/// <summary>
/// Calls made up from a trace record's usage give way to recorded ones beneath the same parent (architecture, section 3.2). A record is written
/// when all is over, so that what was recorded meanwhile cannot stand beneath it: it stands beneath the span the record was handed over in,
/// and within the record's time.
/// </summary>
internal static class SyntheticCalls
{
    // Workflows nest a few deep; the bound keeps a hostile tower linear.
    private const int MostLevels = 16;

    public static void Replace(IReadOnlyList<JudgedSpan> spans, SpanTree tree, Func<int, bool> isLlm, int[] mergedInto)
    {
        var waiting = Waiting(spans, tree, isLlm);
        if (waiting.Count == 0) return;
        var parents = waiting.Keys.Select(key => key.Parent).ToHashSet();
        var nearest = new int[spans.Count];
        foreach (var i in tree.ParentsFirst)
        {
            var parent = tree.ParentOf(i);
            nearest[i] = parent < 0 ? -1 : parents.Contains(parent) ? parent : nearest[parent];
            if (!isLlm(i) || spans[i].Call!.Source == CallSource.Synthetic || mergedInto[i] >= 0) continue;
            var at = nearest[i];
            for (var level = 0; at >= 0 && level < MostLevels; level++, at = nearest[at])
                foreach (var name in NamesOf(spans[i].Call!))
                    if (waiting.TryGetValue((at, name), out var synthetic)) synthetic.Offer(i, spans);
        }

        OfferBeside(spans, tree, isLlm, mergedInto, waiting);
        foreach (var synthetic in waiting.Values.Where(synthetic => synthetic.Recorded >= 0))
            foreach (var i in synthetic.Calls) mergedInto[i] = Earlier(spans, mergedInto[i], synthetic.Recorded);
    }

    private static Dictionary<(int Parent, string Name), Group> Waiting(IReadOnlyList<JudgedSpan> spans, SpanTree tree, Func<int, bool> isLlm)
    {
        var waiting = new Dictionary<(int, string), Group>();
        for (var i = 0; i < spans.Count; i++)
        {
            if (!isLlm(i) || spans[i].Call!.Source != CallSource.Synthetic || tree.ParentOf(i) < 0) continue;
            foreach (var name in NamesOf(spans[i].Call!))
            {
                if (!waiting.TryGetValue((tree.ParentOf(i), name), out var group)) waiting[(tree.ParentOf(i), name)] = group = new Group();
                group.Calls.Add(i);
            }
        }

        return waiting;
    }

    private static void OfferBeside(
        IReadOnlyList<JudgedSpan> spans, SpanTree tree, Func<int, bool> isLlm, int[] mergedInto, Dictionary<(int Parent, string Name), Group> waiting)
    {
        // The span a record was handed over in may never have come; its id is enough. One that stands at the top was handed over in the trace.
        var beside = new Dictionary<(SpanId Outside, string Name), List<(JudgedSpan Record, Group Group)>>();
        foreach (var ((parent, name), group) in waiting)
        {
            var outside = OutsideOf(spans, tree, parent);
            if (!beside.TryGetValue((outside, name), out var groups)) beside[(outside, name)] = groups = [];
            groups.Add((spans[parent], group));
        }

        if (beside.Count == 0) return;
        var offered = new Dictionary<(SpanId, string), List<int>>();
        for (var i = 0; i < spans.Count; i++)
        {
            if (!isLlm(i) || spans[i].Call!.Source == CallSource.Synthetic || mergedInto[i] >= 0 || IsBeneathRecord(spans, tree, i)) continue;
            Offer(default, i);
            for (int at = i, level = 0; at >= 0 && level < MostLevels; at = tree.ParentOf(at), level++)
                if (!spans[at].ParentSpanId.IsNone) Offer(spans[at].ParentSpanId, i);
        }

        foreach (var (place, recorded) in offered) TakeFirstWithin(spans, recorded, beside[place]);

        void Offer(SpanId outside, int recorded)
        {
            foreach (var name in NamesOf(spans[recorded].Call!))
            {
                if (!beside.ContainsKey((outside, name))) continue;
                if (!offered.TryGetValue((outside, name), out var calls)) offered[(outside, name)] = calls = [];
                calls.Add(recorded);
            }
        }
    }

    // In order, and looked for by halves: as many records as calls must not be compared each with each.
    private static void TakeFirstWithin(IReadOnlyList<JudgedSpan> spans, List<int> recorded, List<(JudgedSpan Record, Group Group)> groups)
    {
        recorded.Sort((a, b) => spans[a].Start == spans[b].Start ? spans[a].SpanId.CompareTo(spans[b].SpanId) : spans[a].Start.CompareTo(spans[b].Start));
        foreach (var (record, group) in groups)
        {
            var (low, high) = (0, recorded.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (spans[recorded[middle]].Start < record.Start) low = middle + 1;
                else high = middle;
            }

            if (low < recorded.Count && spans[recorded[low]].Start <= record.End) group.Offer(recorded[low], spans);
        }
    }

    // Records stand beneath each other: the parent of the topmost is what they were handed over in.
    private static SpanId OutsideOf(IReadOnlyList<JudgedSpan> spans, SpanTree tree, int record)
    {
        for (var level = 0; level < MostLevels && tree.ParentOf(record) is >= 0 and var above && IsRecord(spans[above].Kind); level++) record = above;
        return spans[record].ParentSpanId;
    }

    // Such a call is that record's own.
    private static bool IsBeneathRecord(IReadOnlyList<JudgedSpan> spans, SpanTree tree, int call)
    {
        for (int at = tree.ParentOf(call), level = 0; at >= 0 && level < MostLevels; at = tree.ParentOf(at), level++)
            if (IsRecord(spans[at].Kind)) return true;
        return false;
    }

    private static bool IsRecord(SpanKind kind) => kind is >= SpanKind.Message and <= SpanKind.Conversation;

    // Ids and models share one table; the mark keeps a model from being taken for an id.
    private static IEnumerable<string> NamesOf(LlmCall call)
    {
        if (call.ResponseId is { } id) yield return "#" + id;
        if (call.ResponseModel is { } response) yield return response.ToLowerInvariant();
        if (call.RequestModel is { } request) yield return request.ToLowerInvariant();
    }

    private static int Earlier(IReadOnlyList<JudgedSpan> spans, int a, int b)
    {
        if (a < 0) return b;
        var order = spans[a].Start.CompareTo(spans[b].Start);
        return order < 0 || (order == 0 && spans[a].SpanId.CompareTo(spans[b].SpanId) <= 0) ? a : b;
    }

    private sealed class Group
    {
        public List<int> Calls { get; } = [];

        public int Recorded { get; private set; } = -1;

        public void Offer(int recorded, IReadOnlyList<JudgedSpan> spans) => Recorded = Earlier(spans, Recorded, recorded);
    }
}
