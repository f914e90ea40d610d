using Callwatch.Spans;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Derived;

/// <summary>The greatest values of an hour's calls, by app, model and outcome: rows of <c>peaks</c>.</summary>
internal sealed class HourPeaks
{
    private const string Values = """
        duration, ttft, input_tokens, output_tokens, total_tokens, cache_read, cache_write, reasoning, audio_input, audio_output,
        cost, cost_input, cost_cache_read, cost_cache_write, cost_output, cost_reasoning, cost_other
        """;

    private const int KeyColumns = 4;

    private static readonly string[] Columns = Values.Split([',', ' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
    private static readonly string Select = $"""
        SELECT tenant, app, coalesce(model, 0), outcome, {string.Join(", ", Columns.Select(column => $"max({column})"))}
        FROM calls WHERE "end" >= ?1 AND "end" < ?2 GROUP BY 1, 2, 3, 4
        """;

    private readonly List<long?[]> rows = [];

    public static HourPeaks Of(SqliteConnection connection, long hour)
    {
        var peaks = new HourPeaks();
        using var row = new Statement(connection, Select);
        row.Bind(1, hour * Timestamp.NanosecondsPerSecond).Bind(2, (hour + 3_600) * Timestamp.NanosecondsPerSecond);
        while (row.Step())
        {
            var values = new long?[KeyColumns + Columns.Length];
            for (var i = 0; i < values.Length; i++) values[i] = row.NullableLong(i);
            peaks.rows.Add(values);
        }

        return peaks;
    }

    /// <summary>In place of what stood there, within the caller's transaction.</summary>
    public void WriteTo(SqliteConnection connection, long hour)
    {
        using (var clear = new Statement(connection, "DELETE FROM peaks WHERE bucket = ?1")) clear.Bind(1, hour).Run();
        var parameters = string.Join(", ", Enumerable.Range(1, 1 + KeyColumns + Columns.Length).Select(number => FormattableString.Invariant($"?{number}")));
        using var put = new Statement(connection, $"INSERT INTO peaks (bucket, tenant, app, model, outcome, {Values}) VALUES ({parameters})");
        foreach (var values in rows)
        {
            put.Bind(1, hour);
            for (var i = 0; i < values.Length; i++) put.Bind(i + 2, values[i]);
            put.Run();
        }
    }
}
