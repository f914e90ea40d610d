using Callwatch.Query.Running;

namespace Callwatch.Query.Lists;

/// <summary>The checks that every list shares: limit and cursor.</summary>
internal sealed record Paging(int Question, ListCursor? Cursor)
{
    public const int MaxLimit = 1_000;

    /// <summary>The answer to a cursor whose place no longer exists.</summary>
    public static Answer<Page<T>> Gone<T>() =>
        new Answer<Page<T>>.Invalid("cursor", "The day that 'cursor' points into has been rebuilt since. Begin again without it.") { Code = "cursor_gone" };

    public static (Paging? Paging, Answer<Page<T>>.Invalid? Invalid) Read<T>(Asked asked, SortOrder sort, int limit, string? cursor)
    {
        if (limit is < 1 or > MaxLimit) return (null, new Answer<Page<T>>.Invalid("limit", $"'limit' is from 1 to {MaxLimit}."));
        var question = ListCursor.HashOf($"{typeof(T).Name}\n{sort.Field} {sort.Descending}\n{string.Join('\n', asked.Selection.Apps)}\n\n{asked.Filter}");
        if (cursor is null) return (new Paging(question, null), null);
        if (!ListCursor.TryParse(cursor, out var read)) return (null, new Answer<Page<T>>.Invalid("cursor", "'cursor' is not the 'next' of a page."));
        return read!.Question == question ? (new Paging(question, read), null)
            : (null, new Answer<Page<T>>.Invalid("cursor", "'cursor' belongs to another filter, order or list."));
    }
}
