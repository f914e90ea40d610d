using Callwatch.Store.Sqlite;

namespace Callwatch.Store.Partitions;

/// <summary>
/// Closes partitions that hardly anything is added to any more: builds the indexes that filters use, which an open one does without
/// because each would cost every row written, and keeps its trace filter beside it.
/// </summary>
internal sealed class PartitionClosing(StoreFolder folder, TimeProvider time)
{
    /// <summary>After the end of its day: most late spans have come by then.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(30);

    /// <summary>Without a new row: history that is being imported goes on for a while.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(10);

    private static readonly string[] Indexes =
    [
        """CREATE INDEX IF NOT EXISTS calls_model ON calls (model, "end")""",
        """CREATE INDEX IF NOT EXISTS calls_outcome ON calls (outcome, "end") WHERE outcome <> 0""",
        """CREATE INDEX IF NOT EXISTS calls_user ON calls (user, "end") WHERE user IS NOT NULL""",
        """CREATE INDEX IF NOT EXISTS calls_session ON calls (session, "end") WHERE session IS NOT NULL""",
        """CREATE INDEX IF NOT EXISTS calls_operation ON calls (operation, "end") WHERE operation IS NOT NULL""",
        // Who compares a bill asks for calls without usage, of which a month has some hundreds: all that is asked of them stands here.
        """CREATE INDEX IF NOT EXISTS calls_unmeasured ON calls ("end", tenant, app, outcome, provider, model) WHERE input_tokens IS NULL""",
        "CREATE INDEX IF NOT EXISTS calls_response ON calls (response_id) WHERE response_id IS NOT NULL",
        "CREATE INDEX IF NOT EXISTS calls_duration ON calls (duration)",
        "CREATE INDEX IF NOT EXISTS calls_cost ON calls (cost) WHERE cost IS NOT NULL",
        "CREATE INDEX IF NOT EXISTS calls_ttft ON calls (ttft)",
        "CREATE INDEX IF NOT EXISTS calls_tokens ON calls (total_tokens)",
        "CREATE INDEX IF NOT EXISTS spans_span ON spans (span)",
        """CREATE INDEX IF NOT EXISTS traces_session ON traces (session, "end") WHERE session IS NOT NULL""",
        """CREATE INDEX IF NOT EXISTS traces_user ON traces (user, "end") WHERE user IS NOT NULL""",
        "CREATE INDEX IF NOT EXISTS traces_duration ON traces (duration)",
        "CREATE INDEX IF NOT EXISTS traces_cost ON traces (cost) WHERE cost IS NOT NULL",
        "CREATE INDEX IF NOT EXISTS traces_tokens ON traces (total_tokens) WHERE total_tokens IS NOT NULL",
    ];

    private static readonly string Named = string.Join(", ", Indexes.Select(index => $"'{index.Split(' ')[5]}'"));

    private readonly Dictionary<string, (long Applied, long Since)> seen = [];
    private readonly HashSet<string> whole = new(StringComparer.Ordinal);

    /// <summary>The next one to close; null when none is due.</summary>
    public Partition? Due()
    {
        var now = time.GetUtcNow();
        Partition? due = null;
        foreach (var partition in folder.Catalog.Partitions)
        {
            if (partition.Closed || partition.Applied == 0) continue;
            if (!seen.TryGetValue(partition.File, out var last) || last.Applied != partition.Applied) seen[partition.File] = last = (partition.Applied, time.GetTimestamp());
            if (IsFollowed(partition) || (partition.To.ToDateTimeOffset() + Grace <= now && time.GetElapsedTime(last.Since) >= Quiet)) due = partition;
        }

        return due;
    }

    /// <summary>One that an older version has closed, with fewer indexes; null when there is none.</summary>
    public Partition? Lacking()
    {
        foreach (var partition in folder.Partitions.Where(partition => partition.Closed && !whole.Contains(partition.File)))
        {
            using var reader = folder.Open(partition);
            if (reader is null) continue;

            // Once in the life of the program: a file that cannot be changed must not keep everything else waiting.
            whole.Add(partition.File);
            if (StoreDatabase.Number(reader.Connection, $"SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name IN ({Named})") < Indexes.Length) return partition;
        }

        return null;
    }

    /// <summary>Off the writer's thread. Each index in a transaction of its own, so that a late span waits for one at most.</summary>
    public Partition Close(Partition partition, CancellationToken cancel)
    {
        using var connection = StoreDatabase.OpenForWriting(Path.Combine(folder.Folder, partition.File), "partition", cacheKib: 65_536);
        foreach (var index in Indexes)
        {
            cancel.ThrowIfCancellationRequested();
            StoreDatabase.Execute(connection, index);
        }

        StoreDatabase.Execute(connection, "PRAGMA analysis_limit = 1000; ANALYZE; INSERT OR REPLACE INTO meta (key, value) VALUES ('closed', 1); PRAGMA wal_checkpoint(TRUNCATE)");
        return partition with { Closed = true };
    }

    /// <summary>On the writer's thread.</summary>
    public void Confirm(Partition closed)
    {
        seen.Remove(closed.File);
        // Late spans may have been added meanwhile.
        if (folder.Catalog.Partitions.FirstOrDefault(partition => partition.File == closed.File) is not { } now) return;
        now = now with { Closed = true };
        folder.Catalog.Add(now);
        folder.Publish();
        if (folder.Filters.Find(now.File) is { } filter) TraceFilterFiles.Keep(folder.Folder, now, filter);
    }

    private bool IsFollowed(Partition partition) => folder.Catalog.Partitions.Any(other => other.Day == partition.Day && other.Sequence > partition.Sequence);
}
