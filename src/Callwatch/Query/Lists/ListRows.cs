using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Partitions;

namespace Callwatch.Query.Lists;

/// <summary>A row of a list, and where it stands.</summary>
internal sealed record FoundRow<T>(T Item, ListPlace Place);

/// <summary>Reads rows of one partition in the order of a list, as of a store position.</summary>
internal sealed class ListRows<T>(SortOrder sort, long asOf, ListShape<T> shape)
    where T : class
{
    private readonly string key = shape.Key(sort.Field) ?? throw new ArgumentException("The items have no such field.", nameof(sort));

    /// <summary>Rows that stand behind a place, the first ones of the order.</summary>
    /// <param name="scan">In the order in which rows lie: no index of times or of the order is used, only one that a filter has.</param>
    /// <param name="bound">Rows with a worse key are not wanted; few have a better one.</param>
    /// <param name="last">The last row that was read, kept or not; null when there are no more.</param>
    public List<FoundRow<T>> Read(OpenPartition partition, Timestamp low, Timestamp high, ListPlace? after, int wanted, bool scan, long? bound, out ListPlace? last)
    {
        var sql = Condition(partition, low, high, scan);
        if (after is { } behind) sql.And(Behind(sql, behind, partition.Partition, scan ? "+" + key : key));
        if (bound is { } worst)
        {
            var within = $"({key}) {(sort.Descending ? ">=" : "<=")} {sql.Parameter(worst)}";
            sql.And(scan ? within : $"likelihood({within}, 0.001)");
        }

        return Read(partition, sql, wanted, scan, out last);
    }

    /// <summary>Those that are meant among so many of the first ones of the order, whatever the filter says of these: not all there are.</summary>
    public List<FoundRow<T>> Among(OpenPartition partition, ListPlace? after, int wanted, int most)
    {
        var sql = Condition(partition, partition.Partition.From, partition.Partition.To, scan: false);
        // Those without a value stand at the end: no index is followed that far.
        var behind = after is { Key: { } value } place
            ? $" AND ({key}) {(sort.Descending ? "<=" : ">=")} {sql.Parameter(value)} AND {Behind(sql, place, partition.Partition, key)}" : "";
        sql.And($"""
            {shape.Alias}.id IN (SELECT {shape.Alias}.id FROM {shape.Table} WHERE ({key}) IS NOT NULL AND {shape.Alias}.number <= {sql.Parameter(asOf)}{behind}
              ORDER BY {key} {(sort.Descending ? "DESC" : "ASC")} LIMIT {sql.Parameter((long)most)})
            """);
        return Read(partition, sql, wanted, scan: true, out _);
    }

    private List<FoundRow<T>> Read(OpenPartition partition, SqlCondition sql, int wanted, bool scan, out ListPlace? last)
    {
        sql.And($"{shape.Alias}.number <= {sql.Parameter(asOf)}");
        // Descending, SQLite puts what has no value last by itself, and can use an index.
        var direction = sort.Descending ? "DESC" : sort.Field == SortField.End ? "ASC" : "ASC NULLS LAST";
        var idDirection = sort.Descending ? "DESC" : "ASC";
        using var command = partition.Reader.Command($"""
            WITH page(id, k) AS (
              SELECT {shape.Alias}.id, {key} FROM {shape.Table} {(sql.UsesSpans ? shape.SpansJoin : "")}
              WHERE {sql.Where} ORDER BY {(scan ? "+" : "")}{key} {direction}, {shape.Alias}.id {idDirection} LIMIT {sql.Parameter((long)wanted)})
            SELECT {shape.Columns}, p.k, p.id FROM page p {shape.From} ORDER BY p.k {direction}, p.id {idDirection}
            """);
        sql.AddTo(command);
        var rows = new List<FoundRow<T>>();
        using var row = command.ExecuteReader();
        var read = 0;
        last = null;
        while (row.Read())
        {
            read++;
            long? value = row.IsDBNull(shape.ColumnCount) ? null : row.GetInt64(shape.ColumnCount);
            last = ListPlace.Of(value, partition.Partition, row.GetInt64(shape.ColumnCount + 1));
            var item = shape.Read(row, partition.Reader);
            var kept = shape.Keep is null ? item : shape.Keep(item, partition);
            if (kept is not null) rows.Add(new FoundRow<T>(kept, last.Value));
        }

        if (read < wanted) last = null;
        return rows;
    }

    /// <summary>How many of the same question have come since.</summary>
    public long CountNewer(OpenPartition open, Timestamp from, Timestamp to)
    {
        var sql = Condition(open, from, to, scan: true);
        sql.And($"{shape.Alias}.number > {sql.Parameter(asOf)}");
        using var command = open.Reader.Command($"SELECT count(*) FROM {shape.Table} {(sql.UsesSpans ? shape.SpansJoin : "")} WHERE {sql.Where}");
        sql.AddTo(command);
        return (long)command.ExecuteScalar()!;
    }

    public int Compare(ListPlace a, ListPlace b)
    {
        if (a.Key is null || b.Key is null) return a.Key is null && b.Key is null ? Tie() : a.Key is null ? 1 : -1;
        var order = a.Key.Value.CompareTo(b.Key.Value) * (sort.Descending ? -1 : 1);
        return order != 0 ? order : Tie();

        int Tie() => (a.Day, a.Sequence, a.Id).CompareTo((b.Day, b.Sequence, b.Id)) * (sort.Descending ? -1 : 1);
    }

    private SqlCondition Condition(OpenPartition open, Timestamp low, Timestamp high, bool scan)
    {
        var sql = new SqlCondition(open);
        // A plus keeps SQLite from using an index for the column.
        var end = (scan ? "+" : "") + shape.Alias + ".\"end\"";
        if (low > open.Partition.From || high < open.Partition.To || sort.Field == SortField.End)
            sql.And($"{end} >= {sql.Parameter(low.UnixNanoseconds)} AND {end} < {sql.Parameter(high.UnixNanoseconds)}");
        shape.Condition(sql);
        return sql;
    }

    /// <summary>Rows that come after the place in the list's order.</summary>
    private string Behind(SqlCondition sql, ListPlace after, Partition partition, string by)
    {
        var order = (partition.Day.DayNumber, partition.Sequence).CompareTo((after.Day, after.Sequence)) * (sort.Descending ? -1 : 1);
        var id = shape.Alias + ".id";
        var tie = order > 0 ? "1" : order < 0 ? "0" : sort.Descending ? $"{id} < {sql.Parameter(after.Id)}" : $"{id} > {sql.Parameter(after.Id)}";
        if (after.Key is not { } value) return $"({by}) IS NULL AND {tie}";
        var behind = $"({by}) {(sort.Descending ? "<" : ">")}";
        var there = sql.Parameter(value);
        // The first test is one that an index can use.
        return sort.Field == SortField.End ? $"{behind}= {there} AND ({behind} {there} OR {tie})" : $"({behind} {there} OR (({by}) = {there} AND {tie}) OR ({by}) IS NULL)";
    }
}
