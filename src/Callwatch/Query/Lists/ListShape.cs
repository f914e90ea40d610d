using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Rows;
using Microsoft.Data.Sqlite;

namespace Callwatch.Query.Lists;

/// <summary>What is listed: its table, its columns, and how a row becomes an item.</summary>
internal sealed record ListShape<T>
{
    /// <summary>The table that is searched, with its alias: <c>calls c</c>.</summary>
    public required string Table { get; init; }

    /// <summary>Joined to it only when a condition needs it.</summary>
    public string SpansJoin { get; init; } = "";

    public required string Alias { get; init; }

    /// <summary>Columns, and the joins to <c>page p</c>, of the rows that were found.</summary>
    public required string Columns { get; init; }

    public required string From { get; init; }

    public required int ColumnCount { get; init; }

    public required Func<SqliteDataReader, IWords, T> Read { get; init; }

    /// <summary>The expression that a list is ordered by; null when these items have no such field.</summary>
    public required Func<SortField, string?> Key { get; init; }

    /// <summary>The index that closed days have for the order by a field; null where they have none.</summary>
    public required Func<SortField, string?> Index { get; init; }

    /// <summary>What is asked beside the range, of the rows of one partition.</summary>
    public required Action<SqlCondition> Condition { get; init; }

    /// <summary>Whether the condition can be told from the columns of the table alone, so that passing over a row costs next to nothing.</summary>
    public required Func<OpenPartition, bool> IsCheap { get; init; }

    /// <summary>False when no row of the partition can be meant.</summary>
    public Func<OpenPartition, bool>? CanMatch { get; init; }

    /// <summary>True when so few rows of the partition can be meant that they need not be looked at in slices.</summary>
    public Func<OpenPartition, bool>? IsNarrow { get; init; }

    /// <summary>Stretches of time outside of which no row of the partition can be meant, latest first; null where that is not known.</summary>
    public Func<OpenPartition, IReadOnlyList<(Timestamp From, Timestamp To)>?>? Hours { get; init; }

    /// <summary>The same hours, each with the greatest value of the field that a list is ordered by; null where these items have no such knowledge.</summary>
    public Func<OpenPartition, SortField, IReadOnlyList<PeakHour>?>? Greatest { get; init; }

    /// <summary>A last look at what was found, where SQL alone cannot tell: the item to show, or null to leave it out.</summary>
    public Func<T, OpenPartition, T?>? Keep { get; init; }
}
