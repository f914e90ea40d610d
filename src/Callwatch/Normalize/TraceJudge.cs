using Callwatch.Spans;

namespace Callwatch.Normalize;

/// <summary>
/// Decides which spans of a trace are its calls, so that nothing is counted or priced twice (genai-attributes, section 9; architecture 3.2).
/// Pure and total: the verdicts depend on the set of spans alone, not on their order, and any set gets some.
/// </summary>
public static class TraceJudge
{
    /// <summary>One verdict per span, in the order given. Ids are taken to be distinct: a repeat replaces the earlier copy before it comes here.</summary>
    public static IReadOnlyList<Verdict> Judge(IReadOnlyList<JudgedSpan> spans) => new Hearing(spans).Verdicts();

    public static IReadOnlyList<Verdict> Judge(IReadOnlyList<Span> spans) => Judge([.. spans.Select(JudgedSpan.Of)]);
}

/// <summary>The judging of one trace.</summary>
file sealed class Hearing
{
    // Libraries wrap each other two or three deep; the bound keeps a hostile tower of spans from costing its square.
    private const int MostLevels = 16;

    private readonly IReadOnlyList<JudgedSpan> spans;
    private readonly SpanTree tree;
    private readonly int[] llmAbove;
    private readonly int[] toolsAbove;
    private readonly int[] mergedInto;
    private readonly LlmCall?[] calls;
    private readonly int?[] httpStatus;

    public Hearing(IReadOnlyList<JudgedSpan> spans)
    {
        this.spans = spans;
        tree = new SpanTree(spans);
        (llmAbove, toolsAbove, mergedInto) = (new int[spans.Count], new int[spans.Count], new int[spans.Count]);
        Array.Fill(mergedInto, -1);
        calls = [.. spans.Select(span => span.Call)];
        httpStatus = [.. spans.Select(span => span.HttpStatus)];
    }

    public Verdict[] Verdicts()
    {
        LookUp();
        StatusFromTransport();
        MergeSameCalls();
        SyntheticCalls.Replace(spans, tree, IsLlm, mergedInto);
        var counts = Counting();
        var withoutCall = Coverage.WithoutCall(spans, tree, IsLlm);
        var inherited = new Inheritance(spans, tree);
        var verdicts = new Verdict[spans.Count];
        for (var i = 0; i < verdicts.Length; i++)
        {
            var own = new Verdict
            {
                SpanId = spans[i].SpanId,
                Counts = counts[i],
                MergedInto = mergedInto[i] < 0 ? null : spans[Outermost(i)].SpanId,
                HttpStatus = httpStatus[i],
                Call = counts[i] ? calls[i] : null,
                IsWithoutCall = withoutCall?[i] == true,
            };
            verdicts[i] = inherited.Into(own, i);
        }

        return verdicts;
    }

    private bool IsLlm(int i) => spans[i].Kind.IsCall() && spans[i].Call is not null;

    private void LookUp()
    {
        foreach (var i in tree.ParentsFirst)
        {
            var parent = tree.ParentOf(i);
            llmAbove[i] = parent < 0 ? -1 : IsLlm(parent) ? parent : llmAbove[parent];
            toolsAbove[i] = parent < 0 ? 0 : toolsAbove[parent] + (spans[parent].Kind == SpanKind.Tool ? 1 : 0);
        }
    }

    // The request that carried a call knows the status the library did not write down; of several tries the last one's.
    private void StatusFromTransport()
    {
        var carried = new int[spans.Count];
        var latest = new Dictionary<int, int>();
        foreach (var i in tree.ParentsFirst)
        {
            var parent = tree.ParentOf(i);
            carried[i] = parent < 0 ? -1 : IsLlm(parent) ? parent : spans[parent].Kind is SpanKind.Http or SpanKind.Other ? carried[parent] : -1;
            if (carried[i] < 0 || spans[i] is not { Kind: SpanKind.Http, HttpStatus: not null } || httpStatus[carried[i]] is not null) continue;
            if (!latest.TryGetValue(carried[i], out var before) || IsLater(i, before)) latest[carried[i]] = i;
        }

        foreach (var (call, transport) in latest) httpStatus[call] = spans[transport].HttpStatus;
    }

    // From the leaves up, so that what is merged into a span already holds what was merged into it.
    private void MergeSameCalls()
    {
        var claims = new Dictionary<int, List<int>>();
        var order = tree.ParentsFirst;
        for (var at = order.Length - 1; at >= 0; at--)
        {
            var i = order[at];
            if (!IsLlm(i) || spans[i].Call!.Source == CallSource.Synthetic) continue;
            if (claims.Remove(i, out var claimants)) Take(i, claimants);
            var outer = OuterOf(i);
            if (outer < 0) continue;
            if (!claims.TryGetValue(outer, out var others)) claims[outer] = others = [];
            others.Add(i);
        }
    }

    private int OuterOf(int i)
    {
        var outer = llmAbove[i];
        for (var level = 0; outer >= 0 && level < MostLevels; level++, outer = llmAbove[outer])
        {
            if (spans[outer].Kind != spans[i].Kind || spans[outer].Call!.Source == CallSource.Synthetic || !SameCall.BeganInside(spans[i], spans[outer])) continue;
            if (SameCall.IdsAgree(calls[i]!, spans[outer].Call!)) return outer;

            // A call made by a tool that this model call asked for is another one, unless the ids say otherwise.
            if (toolsAbove[i] == toolsAbove[outer] && SameCall.ModelsAgree(calls[i]!, spans[outer].Call!)) return outer;
        }

        return -1;
    }

    // Equal ids are proof for any number. By model alone only one can be the same: the others were tries of their own (section 9 D).
    private void Take(int outer, List<int> claimants)
    {
        var proven = claimants.Where(inner => SameCall.IdsAgree(calls[inner]!, spans[outer].Call!)).ToList();
        var best = (proven is [] ? claimants : proven).Aggregate((a, b) => IsBetter(a, b) ? a : b);
        foreach (var inner in proven is [] ? [best] : proven) mergedInto[inner] = outer;
        calls[outer] = SameCall.Merge(calls[outer]!, calls[best]!);
        httpStatus[outer] ??= httpStatus[best];
    }

    private bool IsBetter(int a, int b)
    {
        var (failedA, failedB) = (spans[a].Outcome == Outcome.Error, spans[b].Outcome == Outcome.Error);
        return failedA == failedB ? IsLater(a, b) : failedB;
    }

    private bool IsLater(int a, int b) =>
        spans[a].Start == spans[b].Start ? spans[a].SpanId.CompareTo(spans[b].SpanId) > 0 : spans[a].Start > spans[b].Start;

    // Every step of a chain is led straight to its end, so that a hostile tower of spans is gone through once and not for each of them.
    private int Outermost(int i)
    {
        var last = i;
        while (mergedInto[last] >= 0) last = mergedInto[last];
        while (mergedInto[i] >= 0) (mergedInto[i], i) = (last, mergedInto[i]);
        return last;
    }

    // An agent counts when no call beneath it does: the innermost such agent, so that a team of agents is not counted once per level.
    private bool[] Counting()
    {
        var counts = new bool[spans.Count];
        var callBelow = new bool[spans.Count];
        var order = tree.ParentsFirst;
        for (var at = order.Length - 1; at >= 0; at--)
        {
            var i = order[at];
            if (IsLlm(i))
            {
                counts[i] = mergedInto[i] < 0;
            }
            else if (spans[i].Kind == SpanKind.Agent && calls[i] is { } call && !call.Usage.IsUnknown && !callBelow[i])
            {
                counts[i] = true;
                if (call.Source != CallSource.Summary) calls[i] = call with { Source = CallSource.Summary };
            }

            if (tree.ParentOf(i) is >= 0 and var parent && (callBelow[i] || counts[i] || IsLlm(i))) callBelow[parent] = true;
        }

        return counts;
    }
}
