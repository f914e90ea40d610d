using Callwatch.Query.Traces;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Traces;

/// <summary>A line of the waterfall: a span, or several that are not drawn one by one.</summary>
public abstract record WaterfallItem(int Depth)
{
    /// <summary>A span.</summary>
    /// <param name="Open">True when what lies beneath follows; else it is fetched when asked for.</param>
    public sealed record Row(SpanNode Node, bool Open) : WaterfallItem(Node.Depth);

    /// <summary>Neighbours under one parent, from the first to the last, with all beneath them.</summary>
    public sealed record Run(SpanNode First, SpanNode Last, FoldedSums Sums) : WaterfallItem(First.Depth);

    /// <summary>Levels of a deep tree: all from the first down that does not belong to <paramref name="To"/>, which follows.</summary>
    public sealed record Levels(SpanNode First, SpanNode To, FoldedSums Sums) : WaterfallItem(First.Depth);
}

/// <summary>What spans that are not drawn add up to.</summary>
public sealed record FoldedSums(int Spans, int Errors, long? Tokens, decimal? CostUsd, long Nanoseconds, Timestamp Start, Timestamp End)
{
    public static FoldedSums Of(IReadOnlyList<SpanNode> siblings) => new(
        siblings.Sum(node => node.Below + 1), siblings.Sum(node => node.Errors),
        siblings.Any(node => node.Tokens is not null) ? siblings.Sum(node => node.Tokens ?? 0) : null,
        siblings.Any(node => node.CostUsd is not null) ? siblings.Sum(node => node.CostUsd ?? 0) : null,
        siblings.Sum(node => node.Span.DurationNanoseconds ?? 0), siblings.Min(node => node.Span.Start), siblings.Max(node => node.Span.End));

    /// <summary>Levels lie within each other, so their time is that of the uppermost.</summary>
    public static FoldedSums Between(SpanNode first, SpanNode to) => new(
        first.Below - to.Below, first.Errors - to.Errors, first.Tokens - (to.Tokens ?? 0), first.CostUsd - (to.CostUsd ?? 0),
        first.Span.DurationNanoseconds ?? 0, first.Span.Start, first.Span.End);
}

/// <summary>Which spans of a trace stand in the page at once; see <see cref="WaterfallChoice"/>.</summary>
public static class Waterfall
{
    /// <summary>About how many lines a part of a large trace has.</summary>
    public const int MostRows = 80;

    /// <summary>A trace, or what is asked of one, of up to so many spans is drawn whole.</summary>
    public const int Whole = 200;

    /// <param name="chosen">Always shown when it is in the part, with what leads to it; null for none.</param>
    public static IReadOnlyList<WaterfallItem> Items(TracePart part, SpanNode? chosen) => new WaterfallChoice(part, chosen).Items();

    /// <summary>The span to look at first: the first failed call, else the most expensive one, else the top.</summary>
    public static SpanNode? First(SpanTree tree) =>
        tree.All.Where(node => node.Span.Kind.IsCall() && node.Span.Outcome == Outcome.Error).MinBy(node => node.Span.Start)
        ?? tree.All.Where(node => node.Span.Kind.IsCall() && node.Span.MergedInto is null).MaxBy(node => node.Span.Call?.Cost.TotalUsd ?? 0)
        ?? (tree.Roots.Count > 0 ? tree.Roots[0] : null);
}
