using Callwatch.Query.Traces;

namespace Callwatch.Dashboard.Traces;

/// <summary>
/// Chooses which spans of a part of a trace are drawn, about <see cref="Waterfall.MostRows"/>: what leads to the chosen span, then from the
/// top down what failed, cost much and took long. Of a long list of neighbours the beginning, the end and such spans are drawn and those
/// between them folded into runs; of a long way down some levels. Whatever is folded opens into a part that is chosen in the same way,
/// so that every span is a few steps away.
/// </summary>
internal sealed class WaterfallChoice
{
    /// <summary>Neighbours that are all drawn; of more than that, <see cref="Few"/>, and later others while there is room.</summary>
    private const int Short = 40, Few = 24;

    /// <summary>Levels drawn of a way down; a part that is deeper shows a way to its deepest span.</summary>
    private const int MostLevels = 24;

    private const int LongRun = 400, MostStretches = 8;

    private readonly TracePart part;
    private readonly SpanNode? chosen;
    private readonly bool whole;
    private readonly HashSet<SpanNode> shown = [], opened = [], onWay = [];
    private readonly Dictionary<SpanNode, SpanNode> skips = [];
    private readonly PriorityQueue<SpanNode, Rank> toOpen = new();
    private readonly PriorityQueue<(IReadOnlyList<SpanNode> Siblings, int At), Rank> toShow = new();
    private readonly List<WaterfallItem> items = [];
    private readonly double cost, time;
    private int rows;

    public WaterfallChoice(TracePart part, SpanNode? chosen)
    {
        (this.part, this.chosen) = (part, chosen);
        whole = part.Tops.Sum(top => top.Below + 1) - (part.Until is { } until ? until.Below + 1 : 0) <= Waterfall.Whole;
        cost = Math.Max(1e-12, (double)part.Tops.Sum(top => top.CostUsd ?? 0));
        time = Math.Max(1, part.Tops.Max(top => (double?)top.Span.DurationNanoseconds) ?? 1);
    }

    public IReadOnlyList<WaterfallItem> Items()
    {
        var way = whole ? [] : Way();
        onWay.UnionWith(way);
        onWay.UnionWith(skips.Keys);
        var perLevel = Waterfall.MostRows / 2 / Math.Max(1, way.Count);
        Show(part.Tops, Short, Few);
        foreach (var node in way)
            if (node != chosen) Open(node, perLevel, perLevel);
        while ((whole || rows < Waterfall.MostRows) && toOpen.TryDequeue(out var node, out _))
        {
            // A node with many children opens only into a page with room for them.
            if (!whole && rows + Math.Min(node.Children.Count, Few) > Waterfall.MostRows && rows > Waterfall.MostRows / 4) continue;
            Open(node, Short, Few);
        }

        while (rows < Waterfall.MostRows && toShow.TryDequeue(out var next, out _)) ShowAlso(next.Siblings, next.At);
        Draw(part.Tops);
        return items;
    }

    /// <summary>The levels to be drawn on the way to the chosen span, to where the part ends, or far down; empty for none.</summary>
    private List<SpanNode> Way()
    {
        var tops = part.Tops.ToHashSet();
        var way = new List<SpanNode>();
        for (var node = part.Until?.Parent ?? chosen; node is not null; node = node.Parent)
        {
            way.Add(node);
            if (!tops.Contains(node)) continue;
            way.Reverse();
            return Spread(way);
        }

        way.Clear();
        var deepest = part.Tops.MaxBy(top => top.Height);
        if (deepest is null || deepest.Height <= MostLevels) return [];
        for (; deepest is not null; deepest = deepest.Children.MaxBy(child => child.Height)) way.Add(deepest);
        return Spread(way);
    }

    // The first third of the levels drawn, the last, and one third evenly between.
    private List<SpanNode> Spread(List<SpanNode> way)
    {
        if (way.Count <= MostLevels) return way;
        const int Third = MostLevels / 3;
        var places = new SortedSet<int>(Enumerable.Range(0, Third).Concat(Enumerable.Range(way.Count - Third, Third)));
        for (var i = 1; i <= Third; i++) places.Add(Third - 1 + (int)((long)i * (way.Count - (2 * Third) + 1) / (Third + 1)));
        var last = -1;
        foreach (var place in places)
        {
            if (last >= 0 && place > last + 1) skips[way[last + 1]] = way[place];
            last = place;
        }

        return [.. places.Select(place => way[place])];
    }

    private void Open(SpanNode node, int most, int few)
    {
        if (opened.Add(node)) Show(node.Children, most, few);
    }

    private void Show(IReadOnlyList<SpanNode> siblings, int most, int few)
    {
        if (whole || siblings.Count <= most)
        {
            foreach (var node in siblings) Take(node);
            rows += siblings.Count;
            return;
        }

        var head = few / 2;
        var tail = siblings.Count - (few / 8);
        var rest = new List<int>();
        for (var i = 0; i < siblings.Count; i++)
        {
            if (i < head || i >= tail || onWay.Contains(siblings[i])) Take(siblings[i]);
            else rest.Add(i);
        }

        rest.Sort((a, b) => Worth(siblings[a]).CompareTo(Worth(siblings[b])));
        var picked = few - head - (few / 8);
        foreach (var at in rest.Take(picked)) Take(siblings[at]);
        foreach (var at in rest.Skip(picked)) toShow.Enqueue((siblings, at), Worth(siblings[at]));
        for (var i = 0; i < siblings.Count; i++)
            if (shown.Contains(siblings[i]) || i == 0 || shown.Contains(siblings[i - 1])) rows++;
    }

    private void ShowAlso(IReadOnlyList<SpanNode> siblings, int at)
    {
        // A row more, and the run it stood in becomes two, stays one, or is gone.
        var before = at > 0 && !shown.Contains(siblings[at - 1]);
        var after = at + 1 < siblings.Count && !shown.Contains(siblings[at + 1]);
        Take(siblings[at]);
        rows += (before ? 1 : 0) + (after ? 1 : 0);
    }

    private void Take(SpanNode node)
    {
        if (node == part.Until || !shown.Add(node)) return;
        if (node.Children.Count > 0 && !IsFolded(node) && !skips.ContainsKey(node)) toOpen.Enqueue(node, Worth(node));
    }

    // What failed before stays folded until somebody asks for it: the line of the last attempt shows that it did.
    private bool IsFolded(SpanNode node) => node.Attempts > 0 && !(chosen is not null && chosen.Parent == node) && (part.IsWhole || !part.Tops.Contains(node));

    private void Draw(IReadOnlyList<SpanNode> siblings)
    {
        var run = new List<SpanNode>();
        foreach (var node in siblings)
        {
            if (!shown.Contains(node) && node != part.Until)
            {
                run.Add(node);
                continue;
            }

            Fold(run);
            if (node == part.Until) continue;
            if (skips.TryGetValue(node, out var to)) items.Add(new WaterfallItem.Levels(node, to, FoldedSums.Between(node, to)));
            DrawOne(to ?? node);
        }

        Fold(run);
    }

    private void DrawOne(SpanNode node)
    {
        items.Add(new WaterfallItem.Row(node, opened.Contains(node)));
        if (opened.Contains(node)) Draw(node.Children);
    }

    private void Fold(List<SpanNode> run)
    {
        if (run.Count == 1)
        {
            DrawOne(run[0]);
        }
        else if (run.Count > 1)
        {
            // Several stretches of a long one: where in time the failures are can be seen, and its middle is near.
            var length = run.Count / Math.Min(MostStretches, 1 + (run.Count / LongRun)) + 1;
            foreach (var stretch in run.Chunk(length)) items.Add(new WaterfallItem.Run(stretch[0], stretch[^1], FoldedSums.Of(stretch)));
        }

        run.Clear();
    }

    private Rank Worth(SpanNode node) => new(
        node.HasError ? 0 : 1, -Math.Max((double)(node.CostUsd ?? 0) / cost, (node.Span.DurationNanoseconds ?? 0) / time), node.Span.Start.UnixNanoseconds, node.Span.SpanId.Value);

    /// <summary>The smallest comes first.</summary>
    private readonly record struct Rank(int Success, double Share, long Start, ulong Id) : IComparable<Rank>
    {
        public int CompareTo(Rank other) =>
            (Success, Share, Start, Id).CompareTo((other.Success, other.Share, other.Start, other.Id));
    }
}
