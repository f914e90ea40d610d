using Callwatch.Control;
using Callwatch.Query.Filters;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Rollups;
using Microsoft.Data.Sqlite;

namespace Callwatch.Query.Stats;

/// <summary>Takes what a row adds: to which group, at what moment.</summary>
internal delegate void TakeFigures(string?[] key, long unixSeconds, Outcome outcome, in RollupFigures figures, int? user, int? session);

/// <summary>Reads the figures of a range from one partition: rollups wherever whole buckets lie within it, rows for the rest.</summary>
internal sealed class StatsScan(Asked asked, IReadOnlyList<GroupField> by, Apps apps, FilterSql calls, FilterSql rollups, People people)
{
    private const string RollupColumns = """
        r.bucket, r.outcome, r.calls, r.latency_count, r.latency_sum, r.latency_max, r.ttft_count, r.ttft_sum, r.ttft_max, r.speed_tokens, r.speed_time,
        r.input_tokens, r.output_tokens, r.total_tokens, r.cache_read, r.cache_write, r.reasoning, r.cost, r.cost_input, r.cost_cache_read,
        r.cost_cache_write, r.cost_output, r.cost_reasoning, r.cost_other, r.unpriced, r.latency_histogram, r.ttft_histogram
        """;

    private const string CallColumns = """
        c."end", c.outcome, c.duration, c.ttft, c.generation, c.input_tokens, c.output_tokens, c.total_tokens, c.cache_read, c.cache_write, c.reasoning,
        c.cost, c.cost_input, c.cost_cache_read, c.cost_cache_write, c.cost_output, c.cost_reasoning, c.cost_other, c.unpriced, c.user, c.session
        """;

    private const int RollupGroups = 27;
    private const int CallGroups = 21;

    /// <summary>True when filter and groups ask only for what rollups are kept by.</summary>
    public static bool FitsRollups(Filter filter, IReadOnlyList<GroupField> by) =>
        filter.Terms.All(term => term is FilterTerm.Compare compare && FieldColumns.OfRollups.ContainsKey(compare.Field))
        && by.All(group => FieldColumns.OfRollups.ContainsKey(group.Field));

    public void FromRollups(OpenPartition open, RollupLevel level, long from, long to, TakeFigures take)
    {
        if (from >= to) return;
        var sql = new SqlCondition();
        sql.And($"r.level = {sql.Parameter((long)level)} AND r.bucket >= {sql.Parameter(from)} AND r.bucket < {sql.Parameter(to)}");
        sql.And(asked.Owner("r"));
        rollups.Add(sql, asked.Filter);
        var groups = string.Concat(by.Select(group => ", " + FieldColumns.OfRollups[group.Field].Sql));
        using var command = open.Reader.Command($"{sql.With}SELECT {RollupColumns}{groups} FROM rollups r WHERE {sql.Where}");
        sql.AddTo(command);
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            var figures = new RollupFigures
            {
                Calls = row.GetInt64(2),
                LatencyCount = row.GetInt64(3),
                LatencyMicroseconds = row.GetInt64(4),
                LatencyMax = row.GetInt64(5),
                TtftCount = row.GetInt64(6),
                TtftMicroseconds = row.GetInt64(7),
                TtftMax = row.GetInt64(8),
                SpeedTokens = row.GetInt64(9),
                SpeedMicroseconds = row.GetInt64(10),
                InputTokens = row.GetInt64(11),
                OutputTokens = row.GetInt64(12),
                TotalTokens = row.GetInt64(13),
                CacheRead = row.GetInt64(14),
                CacheWrite = row.GetInt64(15),
                Reasoning = row.GetInt64(16),
                Cost = row.GetInt64(17),
                CostInput = row.GetInt64(18),
                CostCacheRead = row.GetInt64(19),
                CostCacheWrite = row.GetInt64(20),
                CostOutput = row.GetInt64(21),
                CostReasoning = row.GetInt64(22),
                CostOther = row.GetInt64(23),
                Unpriced = row.GetInt64(24),
                LatencyHistogram = row.GetFieldValue<byte[]>(25),
                TtftHistogram = row.GetFieldValue<byte[]>(26),
            };
            take(KeyOf(row, RollupGroups, open), row.GetInt64(0), (Outcome)row.GetByte(1), figures, null, null);
        }
    }

    public void FromRows(OpenPartition open, Timestamp from, Timestamp to, TakeFigures take)
    {
        if (from >= to) return;
        using var command = Rows(open, from, to, CallColumns);
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            var latency = CallFigures.Bounded(Number(row, 2));
            var ttft = CallFigures.Bounded(Number(row, 3));
            var generation = Number(row, 4);
            var figures = new RollupFigures
            {
                Calls = 1,
                Latency = latency,
                LatencyCount = latency is null ? 0 : 1,
                LatencyMicroseconds = (latency ?? 0) / 1_000,
                LatencyMax = latency ?? 0,
                Ttft = ttft,
                TtftCount = ttft is null ? 0 : 1,
                TtftMicroseconds = (ttft ?? 0) / 1_000,
                TtftMax = ttft ?? 0,
                SpeedTokens = generation is null ? 0 : Number(row, 6) ?? 0,
                SpeedMicroseconds = (generation ?? 0) / 1_000,
                InputTokens = Number(row, 5) ?? 0,
                OutputTokens = Number(row, 6) ?? 0,
                TotalTokens = Number(row, 7) ?? 0,
                CacheRead = Number(row, 8) ?? 0,
                CacheWrite = Number(row, 9) ?? 0,
                Reasoning = Number(row, 10) ?? 0,
                Cost = Number(row, 11) ?? 0,
                CostInput = Number(row, 12) ?? 0,
                CostCacheRead = Number(row, 13) ?? 0,
                CostCacheWrite = Number(row, 14) ?? 0,
                CostOutput = Number(row, 15) ?? 0,
                CostReasoning = Number(row, 16) ?? 0,
                CostOther = Number(row, 17) ?? 0,
                Unpriced = row.GetInt64(18),
            };
            take(
                KeyOf(row, CallGroups, open), new Timestamp(row.GetInt64(0)).UnixSeconds, (Outcome)row.GetByte(1), figures,
                people.NumberOf(open.Reader, Number(row, 19)), people.NumberOf(open.Reader, Number(row, 20)));
        }
    }

    /// <summary>Only who made the calls: for figures from rollups, which do not know.</summary>
    public void PeopleFromRows(OpenPartition open, Timestamp from, Timestamp to, TakeFigures take)
    {
        using var command = Rows(open, from, to, "c.\"end\", c.user, c.session");
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            take(KeyOf(row, 3, open), new Timestamp(row.GetInt64(0)).UnixSeconds, Outcome.Success, default,
                people.NumberOf(open.Reader, Number(row, 1)), people.NumberOf(open.Reader, Number(row, 2)));
        }
    }

    private SqliteCommand Rows(OpenPartition open, Timestamp from, Timestamp to, string columns)
    {
        var sql = new SqlCondition();
        var groups = by.Select((group, index) => GroupFields.ColumnOf(group, index, sql)).ToList();
        sql.And($"c.\"end\" >= {sql.Parameter(from.UnixNanoseconds)} AND c.\"end\" < {sql.Parameter(to.UnixNanoseconds)}");
        sql.And(asked.Owner("c"));
        calls.Add(sql, asked.Filter);
        var joins = (sql.UsesSpans ? "JOIN spans s ON s.id = c.id " : "") + string.Join(' ', groups.Select(group => group.Join).OfType<string>());
        var command = open.Reader.Command($"{sql.With}SELECT {columns}{string.Concat(groups.Select(group => ", " + group.Sql))} FROM calls c {joins} WHERE {sql.Where}");
        sql.AddTo(command);
        return command;
    }

    private string?[] KeyOf(SqliteDataReader row, int first, OpenPartition open)
    {
        if (by.Count == 0) return [];
        var key = new string?[by.Count];
        for (var i = 0; i < key.Length; i++) key[i] = GroupFields.ValueOf(by[i], row, first + i, open.Reader, apps);
        return key;
    }

    private static long? Number(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);
}
