using Callwatch.Spans;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Rollups;

/// <summary>
/// The rollups of one partition, written. Calls are added and taken away in memory; <see cref="Flush"/> writes the rows that changed, once
/// a batch, in the transaction of the calls themselves.
/// </summary>
/// <param name="minutesFrom">Figures by the minute are kept from this moment on, in seconds since 1970.</param>
internal sealed class RollupTable(SqliteConnection connection, long minutesFrom) : IDisposable
{
    private const int MostHeld = 4_096;

    private const string Dimensions = "tenant = ?3 AND app = ?4 AND environment = ?5 AND kind = ?6 AND operation = ?7 AND provider = ?8 AND model = ?9 AND outcome = ?10 AND asked = ?38";

    private readonly Dictionary<RollupKey, RollupCell> cells = [];
    private readonly List<(RollupKey Key, RollupCell Cell)> changed = [];
    private readonly HashSet<long> hours = [];
    private readonly Statement find = new(connection, $"""
        SELECT calls, latency_count, latency_sum, ttft_count, ttft_sum, speed_tokens, speed_time, input_tokens, output_tokens, total_tokens,
               cache_read, cache_write, reasoning, cost, cost_input, cost_cache_read, cost_cache_write, cost_output, cost_reasoning, cost_other,
               unpriced, positive, negative, latency_max, ttft_max, latency_histogram, ttft_histogram
        FROM rollups WHERE level = ?1 AND bucket = ?2 AND {Dimensions}
        """);
    private readonly Statement put = new(connection, """
        INSERT OR REPLACE INTO rollups (
          level, bucket, tenant, app, environment, kind, operation, provider, model, outcome, asked,
          calls, latency_count, latency_sum, ttft_count, ttft_sum, speed_tokens, speed_time, input_tokens, output_tokens, total_tokens,
          cache_read, cache_write, reasoning, cost, cost_input, cost_cache_read, cost_cache_write, cost_output, cost_reasoning, cost_other,
          unpriced, positive, negative, latency_max, ttft_max, latency_histogram, ttft_histogram)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?38, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28,
          ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37)
        """);
    private readonly Statement remove = new(connection, $"DELETE FROM rollups WHERE level = ?1 AND bucket = ?2 AND {Dimensions}");

    // The greatest of a minute from its calls, that of a quarter from its minutes, that of a day from its quarters.
    private readonly Statement maxOfCalls = new(connection, """
        SELECT max(duration), max(ttft) FROM calls WHERE "end" >= ?1 AND "end" < ?2 AND tenant = ?3 AND app = ?4
          AND coalesce(environment, 0) = ?5 AND kind = ?6 AND coalesce(operation, 0) = ?7 AND coalesce(provider, 0) = ?8
          AND coalesce(model, 0) = ?9 AND outcome = ?10 AND coalesce(request_model, model, 0) = ?38
        """);
    private readonly Statement maxOfRollups = new(connection, $"""
        SELECT max(latency_max), max(ttft_max) FROM rollups WHERE level = ?11 AND bucket >= ?1 AND bucket < ?2 AND {Dimensions}
        """);

    private readonly Statement forget = new(connection, "DELETE FROM derived WHERE (level = 3 AND bucket = ?1) OR (level = 2 AND bucket = ?2)");

    public void Add(RollupDimensions of, Span call) => Apply(of, call, add: true);

    public void Subtract(RollupDimensions of, Span call) => Apply(of, call, add: false);

    /// <summary>Something that hours are made of has changed beside the calls.</summary>
    public void Touch(Timestamp end) => hours.Add(end.UnixSeconds / 3_600 * 3_600);

    public void Flush()
    {
        // Minutes first: a quarter's maximum may have to be read from them.
        foreach (var level in (RollupLevel[])[RollupLevel.Minute, RollupLevel.QuarterHour, RollupLevel.Day])
            foreach (var (key, cell) in changed)
                if (key.Level == level) Write(key, cell);
        changed.Clear();
        // What was made of these hours says something else now.
        foreach (var hour in hours) forget.Bind(1, hour).Bind(2, hour / 86_400 * 86_400).Run();
        hours.Clear();
        if (cells.Count > MostHeld) cells.Clear();
    }

    public void Dispose()
    {
        find.Dispose();
        put.Dispose();
        remove.Dispose();
        maxOfCalls.Dispose();
        maxOfRollups.Dispose();
        forget.Dispose();
    }

    private void Apply(RollupDimensions of, Span call, bool add)
    {
        Span<long> figures = stackalloc long[CallFigures.Count];
        CallFigures.Write(call, figures);
        var (latency, ttft) = (CallFigures.Latency(call), CallFigures.Ttft(call));
        var end = call.End.UnixSeconds;
        hours.Add(end / 3_600 * 3_600);
        for (var level = end < minutesFrom ? RollupLevel.QuarterHour : RollupLevel.Minute; level <= RollupLevel.Day; level++)
        {
            var cell = Cell(new RollupKey(level, end - (end % level.Seconds()), of));
            if (add) cell.Add(figures, latency, ttft);
            else cell.Subtract(figures, latency, ttft);
        }
    }

    private RollupCell Cell(RollupKey key)
    {
        if (!cells.TryGetValue(key, out var cell)) cells[key] = cell = Load(key);
        if (!cell.Changed) changed.Add((key, cell));
        cell.Changed = true;
        return cell;
    }

    private RollupCell Load(RollupKey key)
    {
        BindKey(find, key);
        if (!find.Step()) return new RollupCell();
        const int maxima = CallFigures.Count;
        var cell = new RollupCell { Latency = Histogram.Read(find.Blob(maxima + 2)), Ttft = Histogram.Read(find.Blob(maxima + 3)) };
        for (var i = 0; i < CallFigures.Count; i++) cell.Sums[i] = find.Long(i);
        cell.LatencyTop = TopValues.Of(find.Long(maxima), cell.Sums[CallFigures.LatencyCount]);
        cell.TtftTop = TopValues.Of(find.Long(maxima + 1), cell.Sums[CallFigures.TtftCount]);
        find.Reset();
        return cell;
    }

    private void Write(RollupKey key, RollupCell cell)
    {
        cell.Changed = false;
        if (cell.IsEmpty)
        {
            BindKey(remove, key);
            remove.Run();
            cells.Remove(key);
            return;
        }

        if (!cell.LatencyTop.Known || !cell.TtftTop.Known) FindMaxima(key, cell);
        BindKey(put, key);
        for (var i = 0; i < CallFigures.Count; i++) put.Bind(11 + i, cell.Sums[i]);
        put.Bind(34, cell.LatencyTop.Max).Bind(35, cell.TtftTop.Max).BindBlob(36, cell.Latency.ToBlob()).BindBlob(37, cell.Ttft.ToBlob()).Run();
    }

    private void FindMaxima(RollupKey key, RollupCell cell)
    {
        var fromCalls = key.Level == RollupLevel.Minute || (key.Level == RollupLevel.QuarterHour && key.Bucket < minutesFrom);
        var rows = fromCalls ? maxOfCalls : maxOfRollups;
        var unit = fromCalls ? Timestamp.NanosecondsPerSecond : 1;
        BindDimensions(rows, key.Of);
        rows.Bind(1, key.Bucket * unit).Bind(2, (key.Bucket + key.Level.Seconds()) * unit);
        if (!fromCalls) rows.Bind(11, (long)key.Level - 1);
        if (!rows.Step()) return;
        cell.LatencyTop = TopValues.Of(CallFigures.Bounded(rows.Long(0))!.Value, cell.Sums[CallFigures.LatencyCount]);
        cell.TtftTop = TopValues.Of(CallFigures.Bounded(rows.Long(1))!.Value, cell.Sums[CallFigures.TtftCount]);
        rows.Reset();
    }

    private static void BindKey(Statement statement, RollupKey key)
    {
        statement.Bind(1, (long)key.Level).Bind(2, key.Bucket);
        BindDimensions(statement, key.Of);
    }

    private static void BindDimensions(Statement statement, RollupDimensions of) =>
        statement.Bind(3, of.Tenant).Bind(4, of.App).Bind(5, of.Environment).Bind(6, of.Kind).Bind(7, of.Operation).Bind(8, of.Provider)
            .Bind(9, of.Model).Bind(10, of.Outcome).Bind(38, of.Asked);
}
