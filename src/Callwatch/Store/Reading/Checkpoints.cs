using Callwatch.Store.Sqlite;

namespace Callwatch.Store.Reading;

/// <summary>
/// Folds write-ahead logs into their files, and so makes commits last through a power cut: the bulk off the writer's way, the little that
/// has been written meanwhile at a moment when it stands still, because only a log that is folded in whole starts from its beginning again.
/// </summary>
internal sealed class Checkpoints(string folder)
{
    /// <summary>A log as long as this is folded in at once.</summary>
    public const long LongLogBytes = 64L * 1024 * 1024;

    /// <summary>True when a log is long.</summary>
    public bool Hurry(IEnumerable<string> files) => files.Any(file => new FileInfo(Wal(file)) is { Exists: true, Length: > LongLogBytes });

    /// <summary>While the writer goes on, or stands still. True when every commit made before is on disk.</summary>
    public bool Run(IEnumerable<string> files)
    {
        var done = true;
        foreach (var file in files)
        {
            if (!File.Exists(Path.Combine(folder, file))) continue;
            using var connection = StoreDatabase.OpenForReading(Path.Combine(folder, file));
            StoreDatabase.Execute(connection, "PRAGMA query_only = OFF; PRAGMA synchronous = NORMAL");
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA wal_checkpoint(PASSIVE)";
            using var row = command.ExecuteReader();
            // busy, frames in the log, frames folded in.
            if (!row.Read() || row.GetInt64(0) != 0) done = false;
            // Readers of an older state hold frames back; where they hold back all of them, SQLite has not even synced the log.
            else if (row.GetInt64(1) > row.GetInt64(2)) SyncLog(file);
        }

        return done;
    }

    private void SyncLog(string file)
    {
        using var log = File.OpenHandle(Wal(file), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.FlushToDisk(log);
    }

    private string Wal(string file) => Path.Combine(folder, file + "-wal");
}
