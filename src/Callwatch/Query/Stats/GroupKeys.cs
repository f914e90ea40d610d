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
    private readonly Dictionary<GroupNumbers, T?> known = [];
    private GroupNumbers last = new(None + 1, 0, 0, 0, 0, 0);
    private T? lastGroup;

    /// <summary>Null when the row's group is not wanted.</summary>
    /// <param name="first">The first of the columns that are grouped by.</param>
    public T? Of(Statement row, int first)
    {
        if (!numbers) return find(Texts(row, first));
        return Of(NumbersOf(row, first));
    }

    /// <summary>The numbers that a row's group is told by.</summary>
    public GroupNumbers NumbersOf(Statement row, int first) => new(
        Number(row, first, 0), Number(row, first, 1), Number(row, first, 2), Number(row, first, 3), Number(row, first, 4), Number(row, first, 5));

    /// <summary>The same by the numbers.</summary>
    public T? Of(GroupNumbers key)
    {
        if (key == last) return lastGroup;
        if (!known.TryGetValue(key, out var group)) known[key] = group = find(Texts(key));
        (last, lastGroup) = (key, group);
        return group;
    }

    private long Number(Statement row, int first, int index) => index >= by.Count ? 0 : row.IsNull(first + index) ? None : row.Long(first + index);

    /// <summary>Stands in a key for the values that a bounded cut has counted together; no text of a sender begins so.</summary>
    public const string Rest = "\u0001rest";

    // A cut holds tags, too, as words.
    private string OfCut(GroupField field, long value) =>
        value == Cuts.Rest ? Rest : field.Field == FilterFields.Tag ? open.Reader.Word(value) : GroupFields.ValueOf(field, value, open.Reader, apps);

    private string?[] Texts(GroupNumbers numbers)
    {
        var key = new string?[by.Count];
        for (var i = 0; i < key.Length; i++)
            if (numbers[i] is not None and var number) key[i] = fromCut ? OfCut(by[i], number) : GroupFields.ValueOf(by[i], number, open.Reader, apps);
        return key;
    }

    private string?[] Texts(Statement row, int first)
    {
        var key = new string?[by.Count];
        for (var i = 0; i < key.Length; i++)
            if (!row.IsNull(first + i)) key[i] = GroupFields.IsNumber(by[i]) ? GroupFields.ValueOf(by[i], row.Long(first + i), open.Reader, apps) : row.Text(first + i);
        return key;
    }
}

/// <summary>What a group is told by: numbers of a partition's dictionary, codes, apps.</summary>
internal readonly record struct GroupNumbers(long A, long B, long C, long D, long E, long F)
{
    public long this[int index] => index switch
    {
        0 => A,
        1 => B,
        2 => C,
        3 => D,
        4 => E,
        _ => F,
    };
}
