using Callwatch.Journal.Writing;
using Callwatch.Store.Partitions;
using Callwatch.Store.Reading;
using Callwatch.Store.Sqlite;
using Callwatch.Store.Writing;

namespace Callwatch.Store.Reindexing;

/// <summary>
/// Puts rebuilt days in the place of what stood there, on the writer's thread. Until the catalog's commit the old files are the store, from
/// then on the new ones; a stop at any point leaves one or the other, and the next start takes away what is nobody's.
/// </summary>
internal sealed class Swap(StoreFolder live, StoreWriter writer, Action<string>? beforeStep)
{
    /// <summary>Traces judged again in one go.</summary>
    public const int MostTraces = 200;

    /// <param name="rebuild">Disposed of by this: its files are moved.</param>
    public void Run(Rebuild rebuild, IReadOnlySet<DateOnly> days)
    {
        var come = rebuild.Folder.Partitions.Where(partition => days.Contains(partition.Day) && partition.Applied > 0).Reverse().ToList();
        var gone = live.Partitions.Where(partition => days.Contains(partition.Day)).ToList();
        var reaching = rebuild.ReachingOut();
        var filters = come.ToDictionary(partition => partition.File, partition => rebuild.Folder.Filters.Find(partition.File));
        rebuild.Dispose();
        var moves = come.Select(partition => (From: partition, To: Renamed(partition))).ToList();
        foreach (var (from, _) in moves) Complete(Path.Combine(rebuild.Folder.Folder, from.File), gone);
        beforeStep?.Invoke("announce");
        live.Catalog.Swaps.Announce(moves.Select(move => move.To.File));
        try
        {
            foreach (var (from, to) in moves)
            {
                beforeStep?.Invoke("move");
                File.Move(Path.Combine(rebuild.Folder.Folder, from.File), Path.Combine(live.Folder, to.File));
            }

            DiskFiles.Instance.SyncFolder(live.Folder);
            beforeStep?.Invoke("commit");
            live.Catalog.Swap(gone, [.. moves.Select(move => move.To)], reaching);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Microsoft.Data.Sqlite.SqliteException)
        {
            live.Catalog.Swaps.Withdraw();
            throw;
        }

        foreach (var (from, to) in moves)
        {
            if (filters[from.File] is not { } filter) continue;
            live.Filters.Set(to.File, filter);
            if (to.Closed) TraceFilterFiles.Keep(live.Folder, to, filter);
        }

        foreach (var old in gone) writer.Release(old.File);
        live.Publish();
        // What was set aside as damaged, or had vanished, has come back whole.
        foreach (var damaged in days.SelectMany(day => DamagedFiles.PathsOf(live.Folder, day))) File.Delete(damaged);
        beforeStep?.Invoke("judge");
        JudgeReaching();
    }

    /// <summary>Judges the traces that reach over the border of a rebuilt day; also what an earlier process has left of it.</summary>
    public void JudgeReaching()
    {
        if (live.Catalog.Swaps.Unjudged() is not { Count: > 0 } keys) return;
        foreach (var some in keys.Chunk(MostTraces)) writer.JudgeAgain(some);
        beforeStep?.Invoke("judged");
        // Not before they are on disk: nothing else would do it again.
        if (new Checkpoints(live.Folder).Run(writer.Unsynced)) live.Catalog.Swaps.Judged();
    }

    private Partition Renamed(Partition partition)
    {
        var last = live.Partitions.Where(other => other.Day == partition.Day).Select(other => other.Sequence).DefaultIfEmpty(0).Max();
        // Never the name of a damaged one either, whose contents nobody may take for these.
        var sequence = last + partition.Sequence;
        while (Directory.EnumerateFiles(live.Folder, Partition.New(partition.Day, sequence).File + "*").Any()) sequence += 100;
        var named = Partition.New(partition.Day, sequence);
        return partition with { File = named.File, Sequence = sequence };
    }

    private static void Complete(string path, IReadOnlyList<Partition> gone)
    {
        using (var connection = StoreDatabase.OpenForWriting(path, "partition", cacheKib: 1_024))
        {
            using var say = new Statement(connection, "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)");
            say.BindText(1, SwapTables.Replaces).BindText(2, string.Join(' ', gone.Select(partition => partition.File))).Run();
            StoreDatabase.Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        file.Flush(flushToDisk: true);
    }
}
