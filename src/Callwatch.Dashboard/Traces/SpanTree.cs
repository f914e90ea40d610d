using Callwatch.Spans;

namespace Callwatch.Dashboard.Traces;

/// <summary>A span in its tree, with what lies beneath it.</summary>
public sealed class SpanNode(Span span)
{
    public Span Span { get; } = span;

    public List<SpanNode> Children { get; } = [];

    public SpanNode? Parent { get; set; }

    /// <summary>True when the span names a parent that is not here: never sent, not yet come, or of an app that may not be seen.</summary>
    public bool IsOrphan { get; set; }

    /// <summary>How many spans lie beneath.</summary>
    public int Below { get; set; }

    /// <summary>Tokens and cost of the calls here and beneath; null when none is known.</summary>
    public long? Tokens { get; set; }

    public decimal? CostUsd { get; set; }

    /// <summary>True when something here or beneath has failed.</summary>
    public bool HasError { get; set; }
}

/// <summary>The spans of a trace as a forest: by parent, in order of start. Any set of spans gives one, also with circles and double ids.</summary>
public sealed class SpanTree
{
    private readonly Dictionary<SpanId, SpanNode> byId = [];

    public SpanTree(IReadOnlyList<Span> spans)
    {
        foreach (var span in spans) byId.TryAdd(span.SpanId, new SpanNode(span));
        foreach (var node in byId.Values) Attach(node);
        foreach (var node in byId.Values) node.Children.Sort(ByStart);
        Roots = [.. byId.Values.Where(node => node.Parent is null).Order(Comparer<SpanNode>.Create(ByStart))];
        foreach (var node in DeepestFirst()) Sum(node);
        Start = spans.Count == 0 ? default : spans.Min(span => span.Start);
        End = spans.Count == 0 ? default : spans.Max(span => span.End);
    }

    public IReadOnlyList<SpanNode> Roots { get; }

    public int Count => byId.Count;

    /// <summary>When the first of them began.</summary>
    public Timestamp Start { get; }

    public Timestamp End { get; }

    public SpanNode? Find(SpanId id) => byId.GetValueOrDefault(id);

    public IEnumerable<SpanNode> All => byId.Values;

    private void Attach(SpanNode node)
    {
        var parentId = node.Span.ParentSpanId;
        if (parentId.IsNone) return;
        if (!byId.TryGetValue(parentId, out var parent) || Closes(node, parent))
        {
            node.IsOrphan = true;
            return;
        }

        node.Parent = parent;
        parent.Children.Add(node);
    }

    /// <summary>Whether the node would come to lie beneath itself.</summary>
    private static bool Closes(SpanNode node, SpanNode parent)
    {
        for (var above = parent; above is not null; above = above.Parent)
            if (above == node) return true;
        return false;
    }

    private static int ByStart(SpanNode a, SpanNode b) =>
        a.Span.Start != b.Span.Start ? a.Span.Start.CompareTo(b.Span.Start) : a.Span.SpanId.CompareTo(b.Span.SpanId);

    private List<SpanNode> DeepestFirst()
    {
        var order = new List<SpanNode>(byId.Count);
        var open = new Stack<SpanNode>(Roots);
        while (open.TryPop(out var node))
        {
            order.Add(node);
            foreach (var child in node.Children) open.Push(child);
        }

        order.Reverse();
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

        node.HasError = node.Span.Outcome == Outcome.Error;
        foreach (var child in node.Children)
        {
            node.Below += child.Below + 1;
            node.HasError |= child.HasError;
            if (child.Tokens is not null) node.Tokens = (node.Tokens ?? 0) + child.Tokens;
            if (child.CostUsd is not null) node.CostUsd = (node.CostUsd ?? 0) + child.CostUsd;
        }
    }
}
