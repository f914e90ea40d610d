using System.Text.Json;
using Callwatch.Query.Filters;
using Callwatch.Query.Running;
using Callwatch.Query.Stats;
using Callwatch.Spans;
using Callwatch.Store.Rollups;

namespace Callwatch.Diagnose.Comparing;

/// <summary>Reads the stretches of several families at once: cuts of each its own, rows and rollups by all dimensions once for all.</summary>
internal sealed class FamilyStretches : IReadStretches, ITakeFigures<FamilyCells>
{
    private readonly IReadOnlyList<FamilyPart> parts;
    private readonly IReadOnlyList<(CellTable Table, int[] Places)> tables;
    private readonly CellTable? tags;
    private readonly Dictionary<string, TagCells> tagsOf = new(StringComparer.Ordinal);
    private readonly StatsScan together;

    /// <param name="scanOf">Reads by fields of all families.</param>
    public FamilyStretches(IReadOnlyList<FamilyPart> parts, Func<IReadOnlyList<GroupField>, StatsScan> scanOf)
    {
        this.parts = parts;
        tags = parts.FirstOrDefault(part => part.Family.Overlaps)?.Table;
        var others = parts.Where(part => !part.Family.Overlaps).ToList();
        var fields = others.SelectMany(part => part.Family.Fields).Distinct().ToList();
        tables = [.. others.Select(part => (part.Table, part.Family.Fields.Select(field => fields.IndexOf(field)).ToArray()))];
        AppAt = fields.IndexOf(FilterFields.App);
        together = scanOf([.. fields.Select(field => new GroupField(field, null, field.Name))]);
    }

    private int AppAt { get; }

    public void Rows(OpenPartition open, Timestamp from, Timestamp to) =>
        together.EachCall(open, from, to, Group, withTags: tags is not null, (FamilyCells cells, Outcome outcome, in RollupFigures figures, string? own) =>
        {
            Take(cells, 0, outcome, figures);
            foreach (var cell in cells.Tags?.Of(own) ?? []) tags!.Take(cell, 0, outcome, figures);
        });

    public void Cut(OpenPartition open, RollupLevel level, long from, long to)
    {
        foreach (var part in parts) part.Scan.FromCut(open, part.Plan!.Cut!.Value, level, from, to, part.Table);
    }

    // No rollups have tags.
    public void Rollups(OpenPartition open, RollupLevel level, long from, long to) => together.FromRollups(open, level, from, to, this);

    public FamilyCells Group(string?[] key)
    {
        var app = key[AppAt];
        TagCells? own = null;
        if (tags is not null && !tagsOf.TryGetValue(app ?? "", out own)) tagsOf[app ?? ""] = own = new TagCells(tags, app);
        return new FamilyCells([.. tables.Select(table => table.Table.Group([.. table.Places.Select(place => key[place])]))], own);
    }

    public void Take(FamilyCells group, long unixSeconds, Outcome outcome, in RollupFigures figures)
    {
        for (var i = 0; i < group.Cells.Length; i++) tables[i].Table.Take(group.Cells[i], unixSeconds, outcome, figures);
    }

    public void TakePeople(FamilyCells group, long unixSeconds, int? user, int? session)
    {
        // Who they were is no figure here.
    }
}

/// <summary>The cells that a call counts in: one of each family, and those of its tags.</summary>
internal sealed record FamilyCells(Cell[] Cells, TagCells? Tags);

/// <summary>The cells of an app's tags, by the tags of a call as the row has them.</summary>
internal sealed class TagCells(CellTable table, string? app)
{
    private readonly Dictionary<string, Cell[]> known = new(StringComparer.Ordinal);

    /// <summary>One for each tag, even if a call names one twice; one for none.</summary>
    /// <param name="tags">A list as JSON; null is none.</param>
    public Cell[] Of(string? tags)
    {
        if (known.TryGetValue(tags ?? "", out var cells)) return cells;
        var names = Names(tags);
        return known[tags ?? ""] = names.Count == 0 ? [table.Group([app, null])] : [.. names.Select(name => table.Group([app, name]))];
    }

    private static List<string> Names(string? tags)
    {
        if (tags is null) return [];
        using var list = JsonDocument.Parse(tags);
        return list.RootElement.ValueKind == JsonValueKind.Array ? [.. list.RootElement.EnumerateArray().Select(tag => tag.GetString() ?? "").Distinct(StringComparer.Ordinal)] : [];
    }
}
