using Callwatch.Query.Filters;
using Callwatch.Query.Stats;
using Callwatch.Spans;

namespace Callwatch.Diagnose.Comparing;

/// <summary>Values of up to four fields; null is unknown.</summary>
internal readonly record struct CellKey(string? A = null, string? B = null, string? C = null, string? D = null)
{
    public string? this[int index] => index switch { 0 => A, 1 => B, 2 => C, _ => D };

    public static CellKey Of(IReadOnlyList<string?> values) =>
        new(values.ElementAtOrDefault(0), values.ElementAtOrDefault(1), values.ElementAtOrDefault(2), values.ElementAtOrDefault(3));

    /// <summary>Only the fields at these places.</summary>
    public CellKey Only(ReadOnlySpan<int> places) => places.Length switch
    {
        0 => default,
        1 => new CellKey(this[places[0]]),
        2 => new CellKey(this[places[0]], this[places[1]]),
        _ => new CellKey(this[places[0]], this[places[1]], this[places[2]]),
    };
}

/// <summary>Fields whose values are counted together, so that what they have in common can be told.</summary>
internal sealed record Family(string Name, IReadOnlyList<FilterField> Fields)
{
    /// <summary>A call counts once for each of its tags.</summary>
    public bool Overlaps => Fields.Contains(FilterFields.Tag);

    public static readonly IReadOnlyList<Family> All =
    [
        new("model", [FilterFields.App, FilterFields.Operation, FilterFields.Provider, FilterFields.AskedModel]),
        new("environment", [FilterFields.App, FilterFields.Environment, FilterFields.Kind, FilterFields.AskedModel]),
        new("release", [FilterFields.App, FilterFields.Release]),
        new("prompt", [FilterFields.App, FilterFields.Prompt, FilterFields.PromptVersion]),
        new("user", [FilterFields.App, FilterFields.User]),
        new("tag", [FilterFields.App, FilterFields.Tag]),
    ];

    /// <summary>Those that mostly can be read together: from rollups by all dimensions, and from cuts of their own with rows at the ends of the window.</summary>
    public static readonly IReadOnlyList<IReadOnlyList<Family>> Together = [[.. All.Take(2)], [.. All.Skip(2)]];

    public int PlaceOf(FilterField field)
    {
        for (var i = 0; i < Fields.Count; i++)
            if (Fields[i] == field) return i;
        return -1;
    }

    /// <summary>Where several fields stand; null when not all of them are here.</summary>
    public int[]? PlacesOf(IEnumerable<FilterField> fields)
    {
        int[] places = [.. fields.Select(PlaceOf)];
        return places.Contains(-1) ? null : places;
    }
}

/// <summary>The sums of one window by the fields of a family. Past the bound, what comes is counted together.</summary>
internal sealed class CellTable(Family family, bool allTimed, SlowFrom slow) : ITakeFigures<Cell>
{
    public const int MostCells = 20_000;

    private readonly Dictionary<CellKey, Cell> cells = [];

    public Family Family => family;

    public IReadOnlyDictionary<CellKey, Cell> Cells => cells;

    /// <summary>True when not every value is told apart.</summary>
    public bool Truncated { get; private set; }

    public Cell Group(string?[] key)
    {
        Truncated |= key.Contains(GroupKeys<object>.Rest);
        return At(CellKey.Of(key));
    }

    public Cell At(CellKey key)
    {
        if (cells.TryGetValue(key, out var cell)) return cell;
        if (cells.Count < MostCells) return cells[key] = new Cell();
        Truncated = true;
        var rest = new CellKey(GroupKeys<object>.Rest, GroupKeys<object>.Rest, GroupKeys<object>.Rest, GroupKeys<object>.Rest);
        if (!cells.TryGetValue(rest, out cell)) cells[rest] = cell = new Cell();
        return cell;
    }

    public void Take(Cell group, long unixSeconds, Outcome outcome, in RollupFigures figures) => group.Take(outcome, figures, allTimed || outcome == Outcome.Success, slow);

    public void TakePeople(Cell group, long unixSeconds, int? user, int? session)
    {
        // Who they were is no figure here.
    }
}
