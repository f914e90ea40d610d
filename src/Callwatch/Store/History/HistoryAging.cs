using Callwatch.Control;
using Callwatch.Spans;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.History;

/// <summary>
/// Gives up figures by the quarter hour past their age, a day of one app at a time: the day's figures take their place at its beginning.
/// </summary>
internal sealed class HistoryAging(HistoryFile file, RetentionDesk rules, TimeProvider time)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(150);

    /// <summary>The first day, in seconds since 1970, of which the rules keep an app's figures by the quarter hour.</summary>
    public static long QuartersFrom(RetentionRules rules, DateTimeOffset now) => Timestamp.From(now - rules.QuarterHours).UnixSeconds / 86_400 * 86_400;

    public static long AgedUntil(SqliteConnection history, int tenant, int app)
    {
        using var find = new Statement(history, "SELECT day FROM aged WHERE tenant = ?1 AND app = ?2");
        return find.Bind(1, tenant).Bind(2, app).Number() ?? 0;
    }

    /// <summary>False when there is more to do.</summary>
    public bool Round(CancellationToken cancel)
    {
        if (!file.Exists) return true;
        var started = time.GetTimestamp();
        using var history = file.Open();
        foreach (var (tenant, app) in Apps(history))
        {
            var until = QuartersFrom(rules.For(tenant, app), time.GetUtcNow());
            for (var day = AgedUntil(history, tenant, app); Next(history, tenant, app, day) is { } next && next < until; day = next + 86_400)
            {
                cancel.ThrowIfCancellationRequested();
                Age(history, tenant, app, next);
                if (time.GetElapsedTime(started) >= Longest) return false;
            }
        }

        StoreDatabase.Execute(history, "PRAGMA incremental_vacuum(1000)");
        return true;
    }

    private static List<(int Tenant, int App)> Apps(SqliteConnection history)
    {
        var apps = new List<(int, int)>();
        using var row = new Statement(history, "SELECT DISTINCT tenant, app FROM cuts WHERE cut = 0 AND level = 2");
        while (row.Step()) apps.Add(((int)row.Long(0), (int)row.Long(1)));
        return apps;
    }

    // The day's figures stand in the totals of each day.
    private static long? Next(SqliteConnection history, int tenant, int app, long from)
    {
        using var find = new Statement(history, "SELECT min(bucket) FROM cuts WHERE cut = 0 AND level = 2 AND bucket >= ?1 AND tenant = ?2 AND app = ?3");
        return find.Bind(1, from).Bind(2, tenant).Bind(3, app).Number();
    }

    private static void Age(SqliteConnection history, int tenant, int app, long day)
    {
        using var turn = new SqliteTurn(history, "BEGIN IMMEDIATE");
        var of = FormattableString.Invariant($"tenant = {tenant} AND app = {app}");
        var within = FormattableString.Invariant($"bucket >= {day} AND bucket < {day + 86_400}");
        StoreDatabase.Execute(history, $"DELETE FROM rollups WHERE level = 1 AND {within} AND {of}");
        foreach (var cut in Enum.GetValues<Cut>())
            StoreDatabase.Execute(history, FormattableString.Invariant($"DELETE FROM cuts WHERE cut = {(int)cut} AND level = 3 AND {within} AND {of}"));
        StoreDatabase.Execute(history, $"DELETE FROM people WHERE level = 3 AND {within} AND {of}");
        Copy(history, "rollups", RollupRowWriter.Columns, RollupLevel.QuarterHour, day, of);
        Copy(history, "people", "level, bucket, tenant, app, field, people, calls, sketch", RollupLevel.Hour, day, of);
        foreach (var cut in Enum.GetValues<Cut>())
            Copy(history, "cuts", "level, bucket, tenant, app, outcome, a, b, c, cut, figures", RollupLevel.Hour, day, FormattableString.Invariant($"cut = {(int)cut} AND {of}"));
        StoreDatabase.Execute(history, FormattableString.Invariant($"INSERT OR REPLACE INTO aged (tenant, app, day) VALUES ({tenant}, {app}, {day + 86_400})"));
        turn.Commit();
    }

    private static void Copy(SqliteConnection history, string table, string columns, RollupLevel level, long day, string of)
    {
        var others = columns[(columns.IndexOf(',', StringComparison.Ordinal) + 1)..];
        StoreDatabase.Execute(history, FormattableString.Invariant(
            $"INSERT INTO {table} (level, {others}) SELECT {(int)level}, {others} FROM {table} WHERE level = 2 AND bucket = {day} AND {of}"));
    }
}
