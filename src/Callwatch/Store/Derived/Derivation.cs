using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Derived;

/// <summary>
/// Makes what follows from the rows and rollups of one partition: figures by few dimensions and counts of people, hour by hour and day by
/// day. Off the writer's thread: a bucket is announced, read as of one moment and written only if nobody has changed a call of it
/// meanwhile (the writer takes the announcement away), so that it never says anything else than the rows do.
/// </summary>
internal sealed class Derivation : IDisposable
{
    private const int Making = 0;
    private const int Made = 1;

    private readonly SqliteConnection connection;
    private readonly Statement next, state, announce;

    public Derivation(string path)
    {
        connection = StoreDatabase.OpenForWriting(path, "partition", cacheKib: 16_384);
        // Records without a call have no rollups.
        next = new Statement(connection, """
            SELECT min(at) FROM (
              SELECT min(bucket) AS at FROM rollups WHERE level = 1 AND bucket >= ?1
              UNION ALL SELECT min("end") / 1000000000 FROM records WHERE "end" >= ?1 * 1000000000)
            """);
        state = new Statement(connection, "SELECT state FROM derived WHERE level = ?1 AND bucket = ?2");
        announce = new Statement(connection, "INSERT OR REPLACE INTO derived (level, bucket, state) VALUES (?1, ?2, ?3)");
    }

    /// <summary>Called before each commit: for tests that change something in between.</summary>
    public Action? BeforeCommit { get; set; }

    /// <summary>The first hour from this moment on that has calls and does not stand; null when there is none.</summary>
    public long? NextHour(long from)
    {
        while (FirstWithCalls(from) is { } bucket)
        {
            var hour = bucket / 3_600 * 3_600;
            if (!Stands(RollupLevel.Hour, hour)) return hour;
            from = hour + 3_600;
        }

        return null;
    }

    /// <summary>The first day that has calls and does not stand although all of its hours do.</summary>
    public long? NextDay(long from)
    {
        while (FirstWithCalls(from) is { } bucket)
        {
            var day = bucket / 86_400 * 86_400;
            if (!Stands(RollupLevel.Day, day) && (NextHour(day) is not { } hour || hour >= day + 86_400)) return day;
            from = day + 86_400;
        }

        return null;
    }

    /// <summary>Everything that does not stand; false when somebody kept changing it.</summary>
    public bool MakeAll(CancellationToken cancel)
    {
        for (long from = 0; NextHour(from) is { } hour; from = hour + 3_600)
        {
            cancel.ThrowIfCancellationRequested();
            if (!Make(RollupLevel.Hour, hour)) return false;
        }

        for (long from = 0; NextDay(from) is { } day; from = day + 86_400)
        {
            cancel.ThrowIfCancellationRequested();
            if (!Make(RollupLevel.Day, day)) return false;
        }

        return true;
    }

    /// <summary>False when a call of the bucket was changed meanwhile: to be tried again.</summary>
    public bool Make(RollupLevel level, long bucket)
    {
        Put(level, bucket, Making);
        DerivedBucket figures;
        using (var read = new SqliteTurn(connection, "BEGIN"))
        {
            figures = level == RollupLevel.Hour ? HourFigures.Of(connection, bucket) : DayFigures.Of(connection, bucket);
        }

        BeforeCommit?.Invoke();
        using var write = new SqliteTurn(connection, "BEGIN IMMEDIATE");
        if (StateOf(level, bucket) != Making) return false;
        figures.WriteTo(connection);
        Put(level, bucket, Made);
        write.Commit();
        return true;
    }

    /// <summary>Adds its peaks to the next hour after this one that an older version has made without them; null when there is none left.</summary>
    public long? AddPeaks(long after)
    {
        using var find = new Statement(connection, """
            SELECT min(bucket) FROM derived d WHERE level = 3 AND state = 1 AND bucket > ?1 AND NOT EXISTS (SELECT 1 FROM peaks p WHERE p.bucket = d.bucket)
            """);
        if (find.Bind(1, after).Number() is not { } hour) return null;
        var peaks = HourPeaks.Of(connection, hour);
        using var write = new SqliteTurn(connection, "BEGIN IMMEDIATE");
        // Whoever changed a call of it meanwhile has taken it away: then it is made anew, with its peaks.
        if (Stands(RollupLevel.Hour, hour)) peaks.WriteTo(connection, hour);
        write.Commit();
        return hour;
    }

    /// <summary>Folds the log in, of a file that the writer does not look after.</summary>
    public void Checkpoint() => StoreDatabase.Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");

    public void Dispose()
    {
        foreach (var statement in (Statement[])[next, state, announce]) statement.Dispose();
        connection.Dispose();
    }

    private long? FirstWithCalls(long from)
    {
        next.Bind(1, from);
        return next.Number();
    }

    private bool Stands(RollupLevel level, long bucket) => StateOf(level, bucket) == Made;

    private long? StateOf(RollupLevel level, long bucket) => state.Bind(1, (long)level).Bind(2, bucket).Number();

    private void Put(RollupLevel level, long bucket, int value) => announce.Bind(1, (long)level).Bind(2, bucket).Bind(3, value).Run();
}
