namespace Callwatch.Diagnose.Comparing;

/// <summary>The same calls in the later window, the earlier one, and the other earlier one that only guards against chance and habit.</summary>
internal sealed class Sides
{
    public Cell Before { get; } = new();

    public Cell After { get; } = new();

    public Cell Guard { get; } = new();

    public void Add(Sides other, int sign = 1)
    {
        Before.Add(other.Before, sign);
        After.Add(other.After, sign);
        Guard.Add(other.Guard, sign);
    }

    /// <summary>The same with the other earlier window in the place of the first.</summary>
    public Cell Earlier(bool guard) => guard ? Guard : Before;
}

/// <summary>A family's cells in all windows, and its totals.</summary>
internal sealed class SideTable
{
    private readonly Dictionary<CellKey, Sides> cells = [];

    /// <param name="guard">Null without one.</param>
    public SideTable(CellTable before, CellTable after, CellTable? guard)
    {
        Family = before.Family;
        Truncated = before.Truncated || after.Truncated || guard?.Truncated == true;
        foreach (var (key, cell) in before.Cells) At(cells, key).Before.Add(cell);
        foreach (var (key, cell) in after.Cells) At(cells, key).After.Add(cell);
        foreach (var (key, cell) in guard?.Cells ?? new Dictionary<CellKey, Cell>()) At(cells, key).Guard.Add(cell);
    }

    public Family Family { get; }

    public bool Truncated { get; }

    public IReadOnlyDictionary<CellKey, Sides> Cells => cells;

    /// <summary>By some of its fields.</summary>
    public Dictionary<CellKey, Sides> By(params ReadOnlySpan<int> places)
    {
        var sums = new Dictionary<CellKey, Sides>();
        foreach (var (key, cell) in cells) At(sums, key.Only(places)).Add(cell);
        return sums;
    }

    /// <summary>The cells themselves, by some of their fields.</summary>
    public ILookup<CellKey, KeyValuePair<CellKey, Sides>> Grouped(int[] places) => cells.ToLookup(cell => cell.Key.Only(places));

    private static Sides At(Dictionary<CellKey, Sides> table, CellKey key)
    {
        if (!table.TryGetValue(key, out var sides)) table[key] = sides = new Sides();
        return sides;
    }
}
