using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.History;

/// <summary>Deletes, in small steps, what of a partition that stays is not read any more.</summary>
internal sealed class RowSweep(StoreFolder folder, TimeProvider time)
{
    private const int StepRows = 10_000;

    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(200);

    private readonly HashSet<string> withoutMinutes = [];
    private readonly HashSet<(string File, int Tenant, int App)> emptied = [];
    private readonly Dictionary<((string File, int Tenant, int App) Moved, string Table), long> reached = [];

    /// <summary>Whether apps' rows are still to be deleted.</summary>
    public bool HasMoved(Partition partition) => folder.History.Moved.Any(moved => moved.File == partition.File && !emptied.Contains(moved));

    /// <summary>False when there is more to do.</summary>
    public bool Empty(Partition partition, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        using var connection = Open(partition);
        foreach (var moved in folder.History.Moved.Where(moved => moved.File == partition.File && !emptied.Contains(moved)).ToList())
        {
            var of = FormattableString.Invariant($"tenant = {moved.Tenant} AND app = {moved.App}");
            foreach (var table in (string[])["records", "calls", "spans", "traces"])
            {
                var last = StoreDatabase.Number(connection, $"SELECT max(id) FROM {table}") ?? 0;
                while (reached.GetValueOrDefault((moved, table)) is var id && id < last)
                {
                    Delete(connection, FormattableString.Invariant($"DELETE FROM {table} WHERE id > {id} AND id <= {id + StepRows} AND {of}"));
                    reached[(moved, table)] = id + StepRows;
                    cancel.ThrowIfCancellationRequested();
                    if (time.GetElapsedTime(started) >= Longest) return false;
                }
            }

            foreach (var table in (string[])["rollups", "cuts", "people", "peaks", "facets", "error_groups", "model_requests"]) Delete(connection, $"DELETE FROM {table} WHERE {of}");
            emptied.Add(moved);
        }

        GiveBack(connection);
        return true;
    }

    public bool HasMinutes(Partition partition) => !withoutMinutes.Contains(partition.File);

    /// <summary>Brings the file to the newest schema.</summary>
    public void Upgrade(Partition partition)
    {
        using var connection = Open(partition);
    }

    /// <summary>From now on they are not read, nor written.</summary>
    public void AnnounceMinutes(Partition partition)
    {
        using var connection = Open(partition);
        StoreDatabase.Execute(connection, FormattableString.Invariant($"INSERT OR REPLACE INTO meta (key, value) VALUES ('minutes_until', {partition.To.UnixSeconds})"));
    }

    /// <summary>False when there is more to do.</summary>
    public bool DropMinutes(Partition partition, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        using var connection = Open(partition);
        while (First(connection) is { } bucket)
        {
            cancel.ThrowIfCancellationRequested();
            if (time.GetElapsedTime(started) >= Longest) return false;
            var hour = FormattableString.Invariant($"bucket >= {bucket} AND bucket < {(bucket / 3_600 * 3_600) + 3_600}");
            Delete(connection, $"DELETE FROM rollups WHERE level = 0 AND {hour}");
        }

        Delete(connection, "DELETE FROM cuts WHERE cut IN (0, 1) AND level = 0");
        GiveBack(connection);
        withoutMinutes.Add(partition.File);
        return true;
    }

    private SqliteConnection Open(Partition partition) => StoreDatabase.OpenForWriting(Path.Combine(folder.Folder, partition.File), "partition", cacheKib: 8_192);

    private static long? First(SqliteConnection connection) => StoreDatabase.Number(connection, "SELECT min(bucket) FROM rollups WHERE level = 0");

    private static int Delete(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    // Of files that an older version has made the room is used again, but not given back.
    private static void GiveBack(SqliteConnection connection) => StoreDatabase.Execute(connection, "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)");
}
