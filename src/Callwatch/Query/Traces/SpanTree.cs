using Callwatch.Spans;

namespace Callwatch.Query.Traces;

/// <summary>A span in its tree, with what lies beneath it.</summary>
public sealed class SpanNode(Span span)
{
    public Span Span { get; } = span;

    public List<SpanNode> Children { get; } = [];

    public SpanNode? Parent { get; set; }

    /// <summary>True when the span names a parent that is not here: never sent, not yet come, or of an app that may not be seen.</summary>
    public bool IsOrphan { get; set; }

    /// <summary>How often the same was tried, this one the last; 0 where it was tried once.</summary>
    public int Attempts { get; set; }

    /// <summary>Which attempt this was that failed, from 1; 0 for all else.</summary>
    public int Attempt { get; set; }

    /// <summary>0 for the top of a tree.</summary>
    public int Depth { get; set; }

    /// <summary>How many levels there are from here down, this one counted.</summary>
    public int Height { get; set; }

    /// <summary>How many spans lie beneath.</summary>
    public int Below { get; set; }

    /// <summary>Tokens and cost of the calls here and beneath; null when none is known.</summary>
    public long? Tokens { get; set; }

    public decimal? CostUsd { get; set; }

    /// <summary>How many have failed here and beneath.</summary>
    public int Errors { get; set; }

    public bool HasError => Errors > 0;
}

/// <summary>The spans of a trace as a forest: by parent, in order of start. Any set of spans gives one, also with circles and double ids.</summary>
public sealed class SpanTree
{
    private readonly Dictionary<SpanId, SpanNode> byId = [];

    /// <param name="foldAttempts">Whether failed attempts stand beneath the one that came after them (<see cref="Traces.Attempts"/>), instead of before it.</param>
    public SpanTree(IReadOnlyList<Span> spans, bool foldAttempts = false)
    {
        foreach (var span in spans) byId.TryAdd(span.SpanId, new SpanNode(span));
        foreach (var node in byId.Values) FindParent(node);
        CutCircles();
        foreach (var node in byId.Values) node.Parent?.Children.Add(node);
        foreach (var node in byId.Values) node.Children.Sort(ByStart);
        if (foldAttempts)
            foreach (var node in byId.Values.Where(node => node.Children.Count > 1).ToList()) Attempts.Fold(node.Children);
        Roots = [.. byId.Values.Where(node => node.Parent is null).Order(Comparer<SpanNode>.Create(ByStart))];
        var order = TopFirst();
        foreach (var node in order) node.Depth = node.Parent is { } parent ? parent.Depth + 1 : 0;
        for (var i = order.Count - 1; i >= 0; i--) Sum(order[i]);
        Start = spans.Count == 0 ? default : spans.Min(span => span.Start);
        End = spans.Count == 0 ? default : spans.Max(span => span.End);
    }

    public IReadOnlyList<SpanNode> Roots { get; }

    public int Count => byId.Count;

    /// <summary>When the first of them began.</summary>
    public Timestamp Start { get; }

    public Timestamp End { get; }

    /// <summary>How far into the trace a moment lies, 0 to 1.</summary>
    public double Share(Timestamp time) =>
        Math.Clamp((double)(time.UnixNanoseconds - Start.UnixNanoseconds) / Math.Max(1, End.UnixNanoseconds - Start.UnixNanoseconds), 0, 1);

    public SpanNode? Find(SpanId id) => byId.GetValueOrDefault(id);

    public IEnumerable<SpanNode> All => byId.Values;

    /// <summary>What stands beside it, itself included, in order.</summary>
    public IReadOnlyList<SpanNode> Beside(SpanNode node) => node.Parent?.Children ?? Roots;

    private void FindParent(SpanNode node)
    {
        if (node.Span.ParentSpanId.IsNone) return;
        if (byId.TryGetValue(node.Span.ParentSpanId, out var parent)) node.Parent = parent;
        else node.IsOrphan = true;
    }

    // Each node is walked over once, however deep the tree: on the way up, one met again on the same way closes a circle.
    private void CutCircles()
    {
        var walks = new Dictionary<SpanNode, int>(byId.Count);
        var walk = 0;
        foreach (var start in byId.Values)
        {
            walk++;
            for (var node = start; node is not null && walks.TryAdd(node, walk); node = node.Parent)
            {
                if (node.Parent is null || !walks.TryGetValue(node.Parent, out var met) || met != walk) continue;
                node.Parent = null;
                node.IsOrphan = true;
            }
        }
    }

    private static int ByStart(SpanNode a, SpanNode b) =>
        a.Span.Start != b.Span.Start ? a.Span.Start.CompareTo(b.Span.Start) : a.Span.SpanId.CompareTo(b.Span.SpanId);

    private List<SpanNode> TopFirst()
    {
        var order = new List<SpanNode>(byId.Count);
        order.AddRange(Roots);
        for (var i = 0; i < order.Count; i++) order.AddRange(order[i].Children);
        return order;
    }

    private static void Sum(SpanNode node)
    {
        // Only a call that counts has tokens and cost of its own; the same call seen twice counts once.
        if (node.Span is { Call: { } call, MergedInto: null } && node.Span.Kind.IsCall())
        {
            node.Tokens = call.Usage.Total ?? (call.Usage.Input is null && call.Usage.Output is null ? null : (call.Usage.Input ?? 0) + (call.Usage.Output ?? 0));
            node.CostUsd = call.Cost.TotalUsd;
        }

        node.Errors = node.Span.Outcome == Outcome.Error ? 1 : 0;
        node.Height = 1;
        foreach (var child in node.Children)
        {
            node.Below += child.Below + 1;
            node.Errors += child.Errors;
            node.Height = Math.Max(node.Height, child.Height + 1);
            if (child.Tokens is not null) node.Tokens = (node.Tokens ?? 0) + child.Tokens;
            if (child.CostUsd is not null) node.CostUsd = (node.CostUsd ?? 0) + child.CostUsd;
        }
    }
}
