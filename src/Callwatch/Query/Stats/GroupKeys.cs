using Callwatch.Control;
using Callwatch.Query.Filters;
using Callwatch.Query.Running;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;

namespace Callwatch.Query.Stats;

/// <summary>
/// Finds the group of each row of one partition. Rows hold numbers of the partition's dictionary; they are turned into texts once for each
/// combination, not once for each row.
/// </summary>
internal sealed class GroupKeys<T>(IReadOnlyList<GroupField> by, Apps apps, OpenPartition open, Func<string?[], T?> find, bool fromCut = false)
    where T : class
{
    private const long None = long.MinValue;

    private readonly bool numbers = fromCut || by.All(GroupFields.IsNumber);
    private readonly Dictionary<(long A, long B, long C, long D), T?> known = [];
    private (long A, long B, long C, long D) last = (None + 1, 0, 0, 0);
    private T? lastGroup;

    /// <summary>Null when the row's group is not wanted.</summary>
    /// <param name="first">The first of the columns that are grouped by.</param>
    public T? Of(Statement row, int first)
    {
        if (!numbers) return find(Texts(row, first));
        var key = (Number(row, first, 0), Number(row, first, 1), Number(row, first, 2), Number(row, first, 3));
        if (key == last) return lastGroup;
        if (!known.TryGetValue(key, out var group)) known[key] = group = find(Texts(row, first));
        (last, lastGroup) = (key, group);
        return group;
    }

    private long Number(Statement row, int first, int index) => index >= by.Count ? 0 : row.IsNull(first + index) ? None : row.Long(first + index);

    /// <summary>Stands in a key for the values that a bounded cut has counted together; no text of a sender begins so.</summary>
    public const string Rest = "\u0001rest";

    // A cut holds tags, too, as words.
    private string OfCut(GroupField field, long value) =>
        value == Cuts.Rest ? Rest : field.Field == FilterFields.Tag ? open.Reader.Word(value) : GroupFields.ValueOf(field, value, open.Reader, apps);

    private string?[] Texts(Statement row, int first)
    {
        var key = new string?[by.Count];
        for (var i = 0; i < key.Length; i++)
        {
            if (row.IsNull(first + i)) continue;
            key[i] = fromCut ? OfCut(by[i], row.Long(first + i)) : GroupFields.IsNumber(by[i]) ? GroupFields.ValueOf(by[i], row.Long(first + i), open.Reader, apps) : row.Text(first + i);
        }

        return key;
    }
}
