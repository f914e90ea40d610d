using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Microsoft.Data.Sqlite;

namespace Callwatch.Query.Lists;

/// <summary>
/// Reads one page of a list as of a store position. By end it goes day by day and, where a filter may pass over many rows, slice by
/// slice, and stops when a page is due; any other order needs the whole range at once.
/// </summary>
internal sealed class ListReader<T>(QueryRun run, Asked asked, SortOrder sort, int limit, ListCursor? cursor, int question, ListShape<T> shape)
    where T : class
{
    // A slice is as many rows as are sure to be passed over well within the time of a page; it grows while that goes quickly.
    private const int FirstSlice = 20_000;
    private const int LargestSlice = 500_000;

    private readonly Timestamp from = cursor?.From ?? asked.Selection.From;
    private readonly Timestamp to = cursor?.To ?? asked.Selection.To;
    private readonly long asOf = cursor?.AsOf ?? run.AsOf;
    private readonly List<Found> found = [];
    private readonly string key = shape.Key(sort.Field) ?? throw new ArgumentException("The items have no such field.", nameof(sort));
    private ListPlace? place = cursor?.Place;
    private int slice = FirstSlice;

    private sealed record Found(T Item, ListPlace Place);

    public Page<T> Read()
    {
        var searchedUntil = sort.Field == SortField.End ? DayByDay() : AllAtOnce();
        var full = found.Count > limit;
        if (full) found.RemoveRange(limit, found.Count - limit);
        var next = full ? found[^1].Place : searchedUntil is { } until ? Boundary(until) : (ListPlace?)null;
        if (full && sort.Field == SortField.End) searchedUntil = new Timestamp(found[^1].Place.Key!.Value);
        return new Page<T>(
            [.. found.Select(item => item.Item)],
            next is { } after ? new ListCursor(question, from, to, asOf, after).ToString() : null,
            cursor is null ? 0 : Newer(), next is null ? null : searchedUntil, AnswerSource.Rows);
    }

    /// <summary>Null when everything has been looked at, or the page is full.</summary>
    private Timestamp? DayByDay()
    {
        var days = run.Between(from, to).GroupBy(partition => partition.Day).Where(day => !IsDone(day.First()))
            .OrderBy(day => sort.Descending ? -day.Key.DayNumber : day.Key.DayNumber);
        foreach (var day in days)
        {
            List<OpenPartition> open = [.. day.Select(run.Open).OfType<OpenPartition>()];
            try
            {
                open.RemoveAll(CannotMatch);
                if (open.Count > 0 && SliceBySlice(day.First(), open) is { } until) return until;
                if (found.Count > limit) return null;
            }
            finally
            {
                foreach (var partition in open) partition.Dispose();
            }
        }

        return null;
    }

    private bool CannotMatch(OpenPartition partition)
    {
        if (shape.CanMatch?.Invoke(partition) != false) return false;
        partition.Dispose();
        return true;
    }

    private Timestamp? SliceBySlice(Partition day, List<OpenPartition> open)
    {
        var low = Later(from, day.From);
        var high = Earlier(to, day.To);
        if (place is { Key: { } key } at)
        {
            // What the place has passed need not be looked at again; of its own end there may be more, unless it stands between two.
            if (sort.Descending) high = Earlier(high, new Timestamp(at.IsBetween ? key : key + 1));
            else low = Later(low, new Timestamp(at.IsBetween ? key + 1 : key));
        }

        while (low < high)
        {
            var began = run.Spent;
            var (sliceLow, sliceHigh) = Slice(open, low, high);
            Fetch(open, sliceLow, sliceHigh);
            if (sort.Descending) high = sliceLow;
            else low = sliceHigh;
            if (found.Count > limit) return null;
            var finished = low >= high;
            if (run.PageIsDue && !(finished && IsLast(day))) return sort.Descending ? high : low;
            if (run.Spent - began < 0.02) slice = Math.Min(LargestSlice, slice * 2);
        }

        return null;
    }

    private (Timestamp Low, Timestamp High) Slice(List<OpenPartition> open, Timestamp low, Timestamp high)
    {
        var direction = sort.Descending ? "DESC" : "ASC";
        Timestamp? edge = null;
        foreach (var partition in open)
        {
            using var command = partition.Reader.Command(
                $"""SELECT {shape.Alias}."end" FROM {shape.Table} WHERE {shape.Alias}."end" >= $low AND {shape.Alias}."end" < $high ORDER BY {shape.Alias}."end" {direction} LIMIT 1 OFFSET $slice""");
            command.Parameters.AddWithValue("$low", low.UnixNanoseconds);
            command.Parameters.AddWithValue("$high", high.UnixNanoseconds);
            command.Parameters.AddWithValue("$slice", slice);
            if (command.ExecuteScalar() is not long end) continue;
            var here = new Timestamp(sort.Descending ? end : end + 1);
            edge = edge is null ? here : sort.Descending ? Later(edge.Value, here) : Earlier(edge.Value, here);
        }

        return edge is null ? (low, high) : sort.Descending ? (edge.Value, high) : (low, edge.Value);
    }

    private Timestamp? AllAtOnce()
    {
        foreach (var partition in run.Between(from, to))
        {
            using var open = run.Open(partition);
            if (open is not null && shape.CanMatch?.Invoke(open) != false) Fetch([open], from, to);
        }

        return null;
    }

    private void Fetch(List<OpenPartition> open, Timestamp low, Timestamp high)
    {
        foreach (var partition in open)
        {
            // All of a slice come behind what earlier slices gave; in another order each partition may give the first ones.
            var wanted = sort.Field == SortField.End ? limit + 1 - Earlier(low, high, partition) : limit + 1;
            FetchFrom(partition, low, high, wanted);
        }

        found.Sort((a, b) => Compare(a.Place, b.Place));
        if (found.Count > limit + 1) found.RemoveRange(limit + 1, found.Count - limit - 1);
    }

    // How many were found before this slice.
    private int Earlier(Timestamp low, Timestamp high, OpenPartition partition) =>
        found.Count(item => item.Place.Key < low.UnixNanoseconds || item.Place.Key >= high.UnixNanoseconds || item.Place.Day != partition.Partition.Day.DayNumber);

    private void FetchFrom(OpenPartition partition, Timestamp low, Timestamp high, int wanted)
    {
        var after = place;
        while (wanted > 0)
        {
            run.Check();
            // Where some may be left out on a closer look, a few more are read at once.
            var rows = Rows(partition, low, high, after, shape.Keep is null ? wanted : Math.Max(wanted, 50), out var last);
            found.AddRange(rows);
            wanted -= rows.Count;
            if (last is null) return;
            after = last;
        }
    }

    /// <param name="last">The last row that was read, kept or not; null when there are no more.</param>
    private List<Found> Rows(OpenPartition partition, Timestamp low, Timestamp high, ListPlace? after, int wanted, out ListPlace? last)
    {
        var sql = Condition(partition, low, high);
        sql.And($"{shape.Alias}.number <= {sql.Parameter(asOf)}");
        if (after is { } behind) sql.And(Behind(sql, behind, partition.Partition));
        var direction = sort.Descending ? "DESC" : "ASC";
        var nulls = sort.Field == SortField.End ? "" : " NULLS LAST";
        using var command = partition.Reader.Command($"""
            WITH page(id, k) AS (
              SELECT {shape.Alias}.id, {key} FROM {shape.Table} {(sql.UsesSpans ? shape.SpansJoin : "")}
              WHERE {sql.Where} ORDER BY {key} {direction}{nulls}, {shape.Alias}.id {direction} LIMIT {sql.Parameter((long)wanted)})
            SELECT {shape.Columns}, p.k, p.id FROM page p {shape.From} ORDER BY p.k {direction}{nulls}, p.id {direction}
            """);
        sql.AddTo(command);
        var rows = new List<Found>();
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
            if (kept is not null) rows.Add(new Found(kept, last.Value));
        }

        if (read < wanted) last = null;
        return rows;
    }

    private SqlCondition Condition(OpenPartition open, Timestamp low, Timestamp high)
    {
        var sql = new SqlCondition(open);
        sql.And($"{shape.Alias}.\"end\" >= {sql.Parameter(low.UnixNanoseconds)} AND {shape.Alias}.\"end\" < {sql.Parameter(high.UnixNanoseconds)}");
        shape.Condition(sql);
        return sql;
    }

    /// <summary>Rows that come after the place in the list's order.</summary>
    private string Behind(SqlCondition sql, ListPlace after, Partition partition)
    {
        var order = (partition.Day.DayNumber, partition.Sequence).CompareTo((after.Day, after.Sequence)) * (sort.Descending ? -1 : 1);
        var id = shape.Alias + ".id";
        var tie = order > 0 ? "1" : order < 0 ? "0" : sort.Descending ? $"{id} < {sql.Parameter(after.Id)}" : $"{id} > {sql.Parameter(after.Id)}";
        if (after.Key is not { } value) return $"({key}) IS NULL AND {tie}";
        var behind = $"({key}) {(sort.Descending ? "<" : ">")}";
        var there = sql.Parameter(value);
        // The first test is one that an index can use.
        return sort.Field == SortField.End ? $"{behind}= {there} AND ({behind} {there} OR {tie})" : $"({behind} {there} OR (({key}) = {there} AND {tie}) OR ({key}) IS NULL)";
    }

    private int Compare(ListPlace a, ListPlace b)
    {
        if (a.Key is null || b.Key is null) return a.Key is null && b.Key is null ? Tie() : a.Key is null ? 1 : -1;
        var order = a.Key.Value.CompareTo(b.Key.Value) * (sort.Descending ? -1 : 1);
        return order != 0 ? order : Tie();

        int Tie() => (a.Day, a.Sequence, a.Id).CompareTo((b.Day, b.Sequence, b.Id)) * (sort.Descending ? -1 : 1);
    }

    /// <summary>How many of the same question have come since the first page; as many as can be counted in what is left of the time.</summary>
    private long Newer()
    {
        long newer = 0;
        try
        {
            foreach (var partition in run.Between(from, to).Where(partition => partition.Applied > asOf))
            {
                using var open = run.Open(partition);
                if (open is null) continue;
                var sql = Condition(open, from, to);
                sql.And($"{shape.Alias}.number > {sql.Parameter(asOf)}");
                using var command = open.Reader.Command($"SELECT count(*) FROM {shape.Table} {(sql.UsesSpans ? shape.SpansJoin : "")} WHERE {sql.Where}");
                sql.AddTo(command);
                newer += (long)command.ExecuteScalar()!;
            }
        }
        catch (TimeIsUpException)
        {
            // The page itself is there; a count that is too low does less harm than no page.
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_INTERRUPT && !run.Cancel.IsCancellationRequested)
        {
            // The same.
        }

        return newer;
    }

    private ListPlace Boundary(Timestamp until) => ListPlace.Past(sort.Descending ? until.UnixNanoseconds : until.UnixNanoseconds - 1, sort.Descending);

    private bool IsDone(Partition day) => place is { Key: { } key } at
        && (sort.Descending ? day.From.UnixNanoseconds > key - (at.IsBetween ? 1 : 0) : day.To.UnixNanoseconds <= key + (at.IsBetween ? 1 : 0));

    private bool IsLast(Partition day) => sort.Descending
        ? !run.Between(from, day.From).Any()
        : !run.Between(day.To, to).Any();

    private static Timestamp Later(Timestamp a, Timestamp b) => a > b ? a : b;

    private static Timestamp Earlier(Timestamp a, Timestamp b) => a < b ? a : b;
}
