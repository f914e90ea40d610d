using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;

namespace Callwatch.Costs.LostCaching;

/// <summary>The turns of a range, and from when on they are all there.</summary>
internal sealed record TurnsRead(IReadOnlyList<Turn> Turns, Timestamp From);

/// <summary>Reads the turns of sessions, newest first, as far as time and memory allow.</summary>
internal sealed class TurnReader(QueryRun run, Asked asked, FilterSql filters)
{
    private const int MostTurns = 120_000;

    // The rest of the time is for whoever asks next with what was found.
    private const double Share = 0.7;

    private readonly List<Turn> turns = [];

    public TurnsRead Read(Timestamp from, Timestamp to)
    {
        foreach (var partition in run.Between(from, to))
        {
            if (run.Spent > Share || turns.Count >= MostTurns) return new TurnsRead(turns, partition.To < to ? partition.To : to);
            using var open = run.Open(partition);
            if (open is null || !filters.CanMatch(open, asked.Filter)) continue;
            if (Read(open, from, to) is { } stopped) return new TurnsRead([.. turns.Where(turn => turn.End >= stopped)], stopped);
        }

        return new TurnsRead(turns, from);
    }

    /// <summary>The ids of calls.</summary>
    public static Dictionary<(string File, long Id), (TraceId Trace, SpanId Span)> Ids(QueryRun run, IEnumerable<(string File, long Id)> rows)
    {
        var ids = new Dictionary<(string, long), (TraceId, SpanId)>();
        foreach (var file in rows.GroupBy(row => row.File))
        {
            if (run.Partitions.FirstOrDefault(partition => partition.File == file.Key) is not { } partition) continue;
            using var open = run.Open(partition);
            if (open is null) continue;
            using var find = new Statement(open.Reader.Connection, "SELECT trace, span FROM spans WHERE id = ?1");
            foreach (var row in file)
            {
                if (find.Bind(1, row.Id).Step() && TraceId.TryRead(find.Blob(0), out var trace)) ids[row] = (trace, new SpanId(unchecked((ulong)find.Long(1))));
                find.Reset();
            }
        }

        return ids;
    }

    // Null when all of the partition was read; else the end of the last turn read.
    private Timestamp? Read(OpenPartition open, Timestamp from, Timestamp to)
    {
        var sql = new SqlCondition(open);
        sql.And($"c.\"end\" >= {sql.Parameter(from.UnixNanoseconds)} AND c.\"end\" < {sql.Parameter(to.UnixNanoseconds)}");
        sql.And($"c.session IS NOT NULL AND c.input_tokens >= {sql.Parameter(TurnPairs.LeastPrompt)} AND c.kind IN (1, 2)");
        sql.And(asked.Owner("c"));
        filters.Add(sql, asked.Filter);
        using var row = new Statement(open.Reader.Connection, $"""
            SELECT c.id, c.app, c.session, c.operation, c.provider, c.model, c."end", c.duration, c.input_tokens, c.cache_read, c.cache_write
            FROM calls c {(sql.UsesSpans ? "JOIN spans s ON s.id = c.id" : "")} WHERE {sql.Where} ORDER BY c."end" DESC
            """);
        sql.BindTo(row);
        while (row.Step())
        {
            var end = new Timestamp(row.Long(6));
            if (turns.Count >= MostTurns || (turns.Count % 1_000 == 999 && run.Spent > Share)) return end;
            var stream = new StreamKey((int)row.Long(1), Word(open.Reader, row, 3), Word(open.Reader, row, 4), Word(open.Reader, row, 5));
            turns.Add(new Turn(
                stream, open.Reader.Word(row.Long(2)), new Timestamp(end.UnixNanoseconds - (row.NullableLong(7) ?? 0)), end,
                row.Long(8), row.NullableLong(9) ?? 0, row.NullableLong(10) ?? 0, (open.Partition.File, row.Long(0))));
        }

        return null;
    }

    private static string? Word(PartitionReader reader, Statement row, int column) => row.NullableLong(column) is { } id ? reader.Word(id) : null;
}
