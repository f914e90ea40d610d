using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;

namespace Callwatch.Query.Lists;

/// <summary>A row of a list, and where it stands.</summary>
internal sealed record FoundRow<T>(T Item, ListPlace Place);

/// <summary>What rows are found by.</summary>
internal enum RowsBy
{
    /// <summary>The index of the list's order.</summary>
    Order,

    /// <summary>The index of ends, or one that a filter has; where rows lie about in the order of their ends, those between the first and the last.</summary>
    End,

    /// <summary>The order in which rows lie, or an index that a filter has.</summary>
    Rows,
}

/// <summary>Which rows of a partition are read.</summary>
/// <param name="Low">Earliest end.</param>
/// <param name="High">Ends lie before it.</param>
/// <param name="After">Only what comes after this place; null is everything.</param>
internal sealed record RowsAsked(Timestamp Low, Timestamp High, ListPlace? After, RowsBy By)
{
    /// <summary>Rows with a worse key are not wanted; few have a better one.</summary>
    public long? Bound { get; init; }

    /// <summary>Only these: a JSON array of their ids.</summary>
    public string? Ids { get; init; }

    /// <summary>True for those without a value alone.</summary>
    public bool WithoutKey { get; init; }

    /// <summary>None that ended within these.</summary>
    public IReadOnlyList<(Timestamp From, Timestamp To)> Except { get; init; } = [];
}

/// <summary>Reads rows of one partition in the order of a list, as of a store position.</summary>
internal sealed class ListRows<T>(SortOrder sort, long asOf, ListShape<T> shape)
    where T : class
{
    private const int CheaperAsTheyLie = 6;

    private readonly string key = shape.Key(sort.Field) ?? throw new ArgumentException("The items have no such field.", nameof(sort));

    /// <summary>The first ones of the order.</summary>
    /// <param name="last">The last row that was read, kept or not; null when there are no more.</param>
    public List<FoundRow<T>> Read(OpenPartition partition, RowsAsked what, int wanted, out ListPlace? last)
    {
        var sql = Condition(partition, what.Low, what.High, what.By);
        // An index over what is asked for and ends is quicker yet: SQLite chooses.
        if (what.By == RowsBy.End && Between(partition, what.Low, what.High) is var (first, final)) sql.And($"{shape.Alias}.id >= {sql.Parameter(first)} AND {shape.Alias}.id <= {sql.Parameter(final)}");
        if (what.After is { } behind) sql.And(Behind(sql, behind, partition.Partition, what.By == RowsBy.Order ? key : "+" + key));
        if (what.Bound is { } worst)
        {
            // A plus here too: nothing else is to be followed there.
            var within = $"({(what.By == RowsBy.Order ? "" : "+")}{key}) {(sort.Descending ? ">=" : "<=")} {sql.Parameter(worst)}";
            sql.And(what.By == RowsBy.Order ? $"likelihood({within}, 0.001)" : within);
        }

        if (what.WithoutKey) sql.And($"(+{key}) IS NULL");
        if (what.Ids is { } ids) sql.And($"{shape.Alias}.id IN (SELECT value FROM json_each({sql.Parameter(ids)}))");
        foreach (var (from, to) in what.Except) sql.And($"NOT (+{shape.Alias}.\"end\" >= {sql.Parameter(from.UnixNanoseconds)} AND +{shape.Alias}.\"end\" < {sql.Parameter(to.UnixNanoseconds)})");
        return Read(partition, sql, wanted, what.By != RowsBy.Order, out last);
    }

    /// <summary>
    /// So many of the first ones of the order that have a value, whatever is asked of them: they are still to be looked at, by their ids.
    /// </summary>
    /// <param name="last">The last one's place; null when there are no more.</param>
    public List<long> Candidates(OpenPartition partition, RowsAsked what, int most, out ListPlace? last)
    {
        var sql = new SqlCondition(partition);
        // No index but that of the order, where it is told to be used, or that of ends.
        AddRange(sql, what.Low, what.High, what.By == RowsBy.End ? "" : "+");
        var by = what.By == RowsBy.Order ? key : "+" + key;
        sql.And($"({by}) IS NOT NULL AND {shape.Alias}.number <= {sql.Parameter(asOf)}");
        if (what.Bound is { } worst) sql.And($"({by}) {(sort.Descending ? ">=" : "<=")} {sql.Parameter(worst)}");
        // The first test is one that an index can use.
        if (what.After is { Key: { } value } place) sql.And($"({by}) {(sort.Descending ? "<=" : ">=")} {sql.Parameter(value)} AND {Behind(sql, place, partition.Partition, by)}");
        var direction = sort.Descending ? "DESC" : "ASC";
        using var row = new Statement(
            partition.Reader.Connection,
            $"SELECT {shape.Alias}.id, {key} FROM {shape.Table} WHERE {sql.Where} ORDER BY {by} {direction}, {shape.Alias}.id {direction} LIMIT {sql.Parameter((long)most)}");
        sql.BindTo(row);
        var ids = new List<long>();
        last = null;
        while (row.Step())
        {
            ids.Add(row.Long(0));
            if (ids.Count == most) last = ListPlace.Of(row.Long(1), partition.Partition, row.Long(0));
        }

        return ids;
    }

    /// <summary>How many of the same question have come since.</summary>
    public long CountNewer(OpenPartition open, Timestamp from, Timestamp to)
    {
        var sql = Condition(open, from, to, RowsBy.Rows);
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

    /// <summary>
    /// The first and the last row that ended then, where so few others lie between them that it is quicker to read all: one by one each takes six times as
    /// long. Null where late ones lie too far off.
    /// </summary>
    private (long First, long Last)? Between(OpenPartition open, Timestamp low, Timestamp high)
    {
        if (open.Partition.From >= low && open.Partition.To <= high) return null;
        using var row = new Statement(open.Reader.Connection, $"""
            SELECT min({shape.Alias}.id), max({shape.Alias}.id), count(*) FROM {shape.Table} WHERE {shape.Alias}."end" >= ?1 AND {shape.Alias}."end" < ?2
            """);
        row.Bind(1, low.UnixNanoseconds).Bind(2, high.UnixNanoseconds);
        return row.Step() && row.Long(2) > 0 && row.Long(1) - row.Long(0) < row.Long(2) * CheaperAsTheyLie ? (row.Long(0), row.Long(1)) : null;
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

    private SqlCondition Condition(OpenPartition open, Timestamp low, Timestamp high, RowsBy by)
    {
        var sql = new SqlCondition(open);
        // A plus keeps SQLite from using an index for the column.
        AddRange(sql, low, high, by == RowsBy.Rows ? "+" : "");
        shape.Condition(sql);
        return sql;
    }

    private void AddRange(SqlCondition sql, Timestamp low, Timestamp high, string plus)
    {
        var (partition, end) = (sql.Open.Partition, plus + shape.Alias + ".\"end\"");
        if (low > partition.From || high < partition.To || sort.Field == SortField.End)
            sql.And($"{end} >= {sql.Parameter(low.UnixNanoseconds)} AND {end} < {sql.Parameter(high.UnixNanoseconds)}");
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
