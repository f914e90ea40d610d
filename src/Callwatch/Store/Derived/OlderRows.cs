using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Reading;
using Callwatch.Store.Sqlite;
using Callwatch.Store.Writing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Callwatch.Store.Derived;

/// <summary>
/// Makes what an older version did not make of the rows it has written: users' judgements and business records are counted, by judging the traces
/// that have any once more, a few at a time, and hours get their peaks. Each file says when it is done. Doing it again changes nothing.
/// </summary>
internal sealed partial class OlderRows(StoreFolder folder, StoreWriter writer, WriterThread thread, TimeProvider time, ILogger log)
{
    private const int RowsAtOnce = 50_000;
    private const int TracesAtOnce = 200;

    /// <summary>Longest that a step goes on.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(150);

    private readonly HashSet<string> done = [];
    private readonly Queue<TraceKey> waiting = new();
    private (string File, long Reached, long Last)? under;
    private long peaked;

    /// <summary>A step; true while there is more to do.</summary>
    public async Task<bool> RoundAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (under is null && !Begin()) return false;
        var (file, reached, last) = under!.Value;
        if (folder.Partitions.FirstOrDefault(partition => partition.File == file) is not { } partition)
        {
            Forget();
            return true;
        }

        if (waiting.Count > 0)
        {
            await JudgeAsync();
        }
        else if (reached < last)
        {
            Look(partition, reached);
            under = (file, reached + RowsAtOnce, last);
        }
        else if (AddPeaks(file))
        {
            await thread.RunAsync(() => Mark(file));
            done.Add(file);
            under = null;
        }

        return true;
    }

    private bool Begin()
    {
        foreach (var partition in folder.Partitions)
        {
            if (partition.Applied == 0 || done.Contains(partition.File)) continue;
            using var reader = folder.Open(partition);
            if (reader is null) continue;
            var judged = IsDone(reader.Connection);
            if (judged && reader is { HasSteps: true, HasFailures: true })
            {
                done.Add(partition.File);
                continue;
            }

            // Who opens it for writing makes the indexes that it lacks, here and not on the writer's thread: then there may be nothing else to do.
            StoreDatabase.OpenForWriting(Path.Combine(folder.Folder, partition.File), "partition", cacheKib: 8_192).Dispose();
            under = (partition.File, 0, judged ? 0 : StoreDatabase.Number(reader.Connection, "SELECT max(id) FROM spans") ?? 0);
            return true;
        }

        return false;
    }

    private static bool IsDone(SqliteConnection connection) => StoreDatabase.Number(connection, $"SELECT value FROM meta WHERE key = '{PartitionWriter.JudgedKey}'") is not null;

    private void Look(Partition partition, long after)
    {
        using var reader = folder.Open(partition);
        if (reader is null) return;
        using var row = new Statement(reader.Connection, """
            SELECT DISTINCT tenant, trace FROM spans WHERE id > ?1 AND id <= ?2 AND (kind IN (40, 41) OR instr(thin, '"scores":') > 0)
            """);
        row.Bind(1, after).Bind(2, after + RowsAtOnce);
        while (row.Step())
            if (TraceId.TryRead(row.Blob(1), out var trace)) waiting.Enqueue(new TraceKey((int)row.Long(0), trace));
    }

    private async Task JudgeAsync()
    {
        List<TraceKey> some = [];
        while (some.Count < TracesAtOnce && waiting.TryDequeue(out var key)) some.Add(key);
        try
        {
            await thread.RunAsync(() => writer.JudgeAgain(some));
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            // The disk: once more in the next round.
            foreach (var key in some) waiting.Enqueue(key);
            throw;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A fault of ours over one trace must not keep all others from being counted.
            NotCounted(some.Count, e.GetType().Name, e.StackTrace);
        }
    }

    /// <summary>True when every hour has them.</summary>
    private bool AddPeaks(string file)
    {
        var started = time.GetTimestamp();
        using var derivation = new Derivation(Path.Combine(folder.Folder, file));
        while (derivation.AddPeaks(peaked) is { } hour)
        {
            peaked = hour;
            if (time.GetElapsedTime(started) >= Longest) return false;
        }

        peaked = 0;
        return true;
    }

    private void Mark(string file)
    {
        writer.Release(file);
        using var connection = StoreDatabase.OpenForWriting(Path.Combine(folder.Folder, file), "partition", cacheKib: 1_024);
        StoreDatabase.Execute(connection, $"INSERT OR REPLACE INTO meta (key, value) VALUES ('{PartitionWriter.JudgedKey}', 1); PRAGMA wal_checkpoint(TRUNCATE)");
    }

    private void Forget()
    {
        waiting.Clear();
        (under, peaked) = (null, 0);
    }

    [LoggerMessage(EventId = 480, Level = LogLevel.Error, Message = "Judgements and business records of {Count} traces could not be counted ({Why}). {Where}")]
    private partial void NotCounted(int count, string why, string? where);
}
