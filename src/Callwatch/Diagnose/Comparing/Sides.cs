namespace Callwatch.Diagnose.Comparing;

/// <summary>The same calls in the later window, the earlier one, and the other earlier one that only guards against chance and habit.</summary>
internal sealed class Sides
{
    private Cell? before, after, guard;

    public Sides()
    {
    }

    /// <summary>Of cells that nobody adds to any more; null where there were no calls.</summary>
    public Sides(Cell? before, Cell? after, Cell? guard) => (this.before, this.after, this.guard) = (before, after, guard);

    public Cell Before => before ?? Cell.None;

    public Cell After => after ?? Cell.None;

    public Cell Guard => guard ?? Cell.None;

    public void Add(Sides other, int sign = 1)
    {
        Add(ref before, other.before, sign);
        Add(ref after, other.after, sign);
        Add(ref guard, other.guard, sign);
    }

    /// <summary>The same with the other earlier window in the place of the first.</summary>
    public Cell Earlier(bool guard) => guard ? Guard : Before;

    private static void Add(ref Cell? to, Cell? other, int sign)
    {
        if (other is not null) (to ??= new Cell()).Add(other, sign);
    }
}

/// <summary>A family's cells in all windows, and its totals. Added up by some of its fields once, whichever figures are explained. For one thread.</summary>
internal sealed class SideTable
{
    private readonly Dictionary<CellKey, Sides> cells = [];
    private readonly Dictionary<string, SideGroups> groups = new(StringComparer.Ordinal);
    private readonly int[]?[] codes = new int[]?[4];
    private CellKey[]? keys;
    private Sides[]? all;

    /// <summary>Nobody may add to the tables afterwards: their cells are taken as they are.</summary>
    /// <param name="guard">Null without one.</param>
    public SideTable(CellTable before, CellTable after, CellTable? guard)
    {
        Family = before.Family;
        Truncated = before.Truncated || after.Truncated || guard?.Truncated == true;
        var none = new Dictionary<CellKey, Cell>();
        var guarding = guard?.Cells ?? none;
        cells.EnsureCapacity(before.Cells.Count + after.Cells.Count);
        foreach (var (key, cell) in before.Cells) cells[key] = new Sides(cell, after.Cells.GetValueOrDefault(key), guarding.GetValueOrDefault(key));
        foreach (var (key, cell) in after.Cells)
            if (!cells.ContainsKey(key)) cells[key] = new Sides(null, cell, guarding.GetValueOrDefault(key));
        foreach (var (key, cell) in guarding) cells.TryAdd(key, new Sides(null, null, cell));
    }

    public Family Family { get; }

    public bool Truncated { get; }

    public IReadOnlyDictionary<CellKey, Sides> Cells => cells;

    /// <summary>The cells in the order in which they came, as <see cref="SideGroups"/> numbers them.</summary>
    public ReadOnlySpan<Sides> All => all ??= [.. cells.Values];

    /// <summary>By some of its fields.</summary>
    public SideGroups By(params ReadOnlySpan<int> places)
    {
        var name = string.Join(',', places.ToArray());
        if (groups.TryGetValue(name, out var known)) return known;
        keys ??= [.. cells.Keys];
        var own = places.ToArray();
        return groups[name] = new SideGroups(All, keys, own, [.. own.Select(CodesOf)]);
    }

    // A number for each value of a field, so that texts are compared once.
    private int[] CodesOf(int place)
    {
        if (codes[place] is { } known) return known;
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var found = new int[keys!.Length];
        for (var i = 0; i < found.Length; i++)
        {
            if (keys[i][place] is not { } value) continue;
            if (!numbers.TryGetValue(value, out var number)) numbers[value] = number = numbers.Count + 1;
            found[i] = number;
        }

        return codes[place] = found;
    }
}

/// <summary>The cells of a table by some of its fields, each group in the order in which its first cell came.</summary>
internal sealed class SideGroups
{
    // Of three fields; no table has as many cells.
    private const int BitsOfField = 21;

    private readonly int[] groupOf;
    private readonly int[] members;
    private readonly int[] ends;
    private readonly List<CellKey> keys = [];
    private readonly List<Sides> sums = [];
    private Dictionary<CellKey, int>? numbers;

    public SideGroups(ReadOnlySpan<Sides> cells, CellKey[] cellKeys, int[] places, int[][] codes)
    {
        groupOf = new int[cells.Length];
        members = new int[cells.Length];
        var (found, sizes, own) = (new Dictionary<long, int>(), new List<int>(), new List<bool>());
        for (var cell = 0; cell < cells.Length; cell++)
        {
            var code = 0L;
            foreach (var of in codes) code = (code << BitsOfField) | (uint)of[cell];
            if (!found.TryGetValue(code, out var group))
            {
                found[code] = group = keys.Count;
                keys.Add(cellKeys[cell].Only(places));
                // Most groups of many values are of one cell, whose sums are theirs.
                sums.Add(cells[cell]);
                own.Add(false);
                sizes.Add(0);
            }
            else
            {
                if (!own[group])
                {
                    var sum = new Sides();
                    sum.Add(sums[group]);
                    (sums[group], own[group]) = (sum, true);
                }

                sums[group].Add(cells[cell]);
            }

            groupOf[cell] = group;
            sizes[group]++;
        }

        ends = new int[sizes.Count];
        var (at, reached) = (new int[sizes.Count], 0);
        for (var group = 0; group < ends.Length; group++)
        {
            at[group] = reached;
            ends[group] = reached += sizes[group];
        }

        for (var cell = 0; cell < groupOf.Length; cell++) members[at[groupOf[cell]]++] = cell;
    }

    public int Count => keys.Count;

    public CellKey KeyOf(int group) => keys[group];

    public Sides SumOf(int group) => sums[group];

    /// <summary>The group that a cell is in.</summary>
    public int GroupOf(int cell) => groupOf[cell];

    /// <summary>The numbers of a group's cells, in order.</summary>
    public ReadOnlySpan<int> CellsOf(int group) => members.AsSpan((group == 0 ? 0 : ends[group - 1])..ends[group]);

    /// <summary>−1 where no cell has these values.</summary>
    public int Find(CellKey key)
    {
        if (numbers is null)
        {
            numbers = new Dictionary<CellKey, int>(keys.Count);
            for (var group = 0; group < keys.Count; group++) numbers[keys[group]] = group;
        }

        return numbers.GetValueOrDefault(key, -1);
    }
}
