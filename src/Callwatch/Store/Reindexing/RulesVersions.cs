using System.Collections.Concurrent;
using Callwatch.Normalize;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;
using Callwatch.Store.Writing;

namespace Callwatch.Store.Reindexing;

/// <summary>By which version of the rules the rows of each partition were normalised; read from a file once.</summary>
internal sealed class RulesVersions(StoreFolder folder)
{
    private readonly ConcurrentDictionary<string, long> known = new();

    /// <summary>Days with rows that an older program has normalised by other rules.</summary>
    public IReadOnlyList<DateOnly> OutdatedDays()
    {
        var partitions = folder.Partitions;
        foreach (var gone in known.Keys.Except(partitions.Select(partition => partition.File))) known.TryRemove(gone, out _);
        return [.. partitions.Where(partition => partition.Applied > 0 && Of(partition) < SpanNormalizer.RulesVersion).Select(partition => partition.Day).Distinct().Order()];
    }

    private long Of(Partition partition)
    {
        if (known.TryGetValue(partition.File, out var version)) return version;
        using var reader = folder.Open(partition);
        // Before the number was kept the rules were the first.
        version = reader is null ? SpanNormalizer.RulesVersion : StoreDatabase.Number(reader.Connection, $"SELECT value FROM meta WHERE key = '{PartitionWriter.RulesKey}'") ?? 1;
        return known[partition.File] = version;
    }
}
