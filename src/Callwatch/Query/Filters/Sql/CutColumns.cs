using System.Collections.Frozen;
using Callwatch.Query.Stats;
using Callwatch.Store.Rollups;

namespace Callwatch.Query.Filters.Sql;

/// <summary>Where the fields lie in rows of <c>cuts</c>, alias <c>r</c>, and which cut answers a question.</summary>
internal static class CutColumns
{
    public static readonly FrozenDictionary<Cut, FrozenDictionary<FilterField, FieldColumn>> Of = new Dictionary<Cut, FrozenDictionary<FilterField, FieldColumn>>
    {
        [Cut.Totals] = Fields(),
        [Cut.Model] = Fields((FilterFields.Model, "a"), (FilterFields.AskedModel, "b"), (FilterFields.Provider, "c")),
        [Cut.Operation] = Fields((FilterFields.Operation, "a"), (FilterFields.AskedModel, "b")),
        [Cut.User] = Fields((FilterFields.User, "a")),
        [Cut.Release] = Fields((FilterFields.Release, "a")),
        [Cut.Prompt] = Fields((FilterFields.Prompt, "a"), (FilterFields.PromptVersion, "b")),
        [Cut.Tag] = Fields((FilterFields.Tag, "a")),
        [Cut.Message] = Fields((FilterFields.Environment, "a")),
        [Cut.Run] = Fields((FilterFields.Environment, "a")),
        [Cut.Environment] = Fields((FilterFields.Environment, "a"), (FilterFields.AskedModel, "b"), (FilterFields.Provider, "c")),
    }.ToFrozenDictionary();

    /// <summary>The cut with fewest rows that answers by these fields; null when none does.</summary>
    public static Cut? Smallest(Filter filter, IReadOnlyList<GroupField> by)
    {
        foreach (var cut in Enum.GetValues<Cut>())
            if (!cut.IsOfRecords() && Answers(cut, filter, by)) return cut;
        return null;
    }

    /// <summary>True when a term asks for a value that may be counted among the rest.</summary>
    public static bool AsksForBounded(Cut cut, Filter filter) =>
        cut.IsBounded() && filter.Terms.OfType<FilterTerm.Compare>().Any(term => IsOwn(cut, term.Field));

    private static bool Answers(Cut cut, Filter filter, IReadOnlyList<GroupField> by)
    {
        var columns = Of[cut];
        if (!by.All(group => columns.ContainsKey(group.Field))) return false;
        var own = 0;
        foreach (var term in filter.Terms)
        {
            if (term is not FilterTerm.Compare compare || !columns.ContainsKey(compare.Field)) return false;
            if (!cut.IsBounded() || !IsOwn(cut, compare.Field)) continue;
            // What the rest holds is not known, so only what stands apart can be asked for.
            if (compare.Negated || compare.Values.Any(value => value is not FilterValue.Text)) return false;
            own += compare.Values.Count;
        }

        // A call with two of the tags would count twice.
        return cut != Cut.Tag || own == 0 || (own == 1 && !by.Any(group => group.Field == FilterFields.Tag));
    }

    private static bool IsOwn(Cut cut, FilterField field) => Of[cut][field].Kind == ColumnKind.Word;

    private static FrozenDictionary<FilterField, FieldColumn> Fields(params (FilterField Field, string Column)[] own)
    {
        var fields = own.ToDictionary(pair => pair.Field, pair => new FieldColumn(ColumnKind.Word, $"nullif(r.{pair.Column}, 0)"));
        fields[FilterFields.App] = new FieldColumn(ColumnKind.App, "r.app");
        fields[FilterFields.Outcome] = new FieldColumn(ColumnKind.Code, "r.outcome");
        return fields.ToFrozenDictionary();
    }
}
