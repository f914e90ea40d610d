using Callwatch.Store.Partitions;
using Callwatch.Store.Writing;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging;

namespace Callwatch.Store;

/// <summary>Takes partitions out of the store that cannot be read any more, so that storing and answering go on with the others.</summary>
internal sealed partial class DamagedPartitions(StoreFolder folder, StoreWriter writer, Counters counters, ILogger<DamagedPartitions> log, DataHold? hold = null)
{
    /// <summary>Those among them that are damaged, from their first page to their last; takes a while for a large one.</summary>
    public IReadOnlyList<string> Among(IEnumerable<string> files) =>
        [.. files.Where(file => File.Exists(Path.Combine(folder.Folder, file)) && !DamagedFiles.IsSound(Path.Combine(folder.Folder, file)))];

    /// <summary>On the writer's thread. False while a backup copies: nothing was done, and it has to be tried again.</summary>
    public bool SetAside(IEnumerable<string> files)
    {
        using var removing = hold?.TryRemove();
        if (hold is not null && removing is null) return false;
        foreach (var file in files)
        {
            if (folder.Catalog.Partitions.FirstOrDefault(partition => partition.File == file) is not { } partition) continue;
            writer.Release(file);
            writer.Unsynced.Remove(file);
            folder.Catalog.Remove(partition);
            folder.Publish();
            folder.Forget(file);
            DamagedFiles.SetAside(folder.Folder, file);
            counters.Add(Reason.DamagedPartition);
            SetAside(file, partition.Rows);
        }

        return true;
    }

    /// <summary>What was found at the start.</summary>
    public void Report()
    {
        foreach (var partition in folder.Catalog.Damaged)
        {
            counters.Add(Reason.DamagedPartition);
            SetAside(partition.File, partition.Rows);
        }

        foreach (var partition in folder.Catalog.Missing)
        {
            counters.Add(Reason.DamagedPartition);
            Vanished(partition.File, partition.Rows);
        }
    }

    [LoggerMessage(EventId = 407, Level = LogLevel.Error, Message = "{File} cannot be read and was set aside, with some {Rows} rows. 'callwatch reindex' brings back what the journal still holds of its day")]
    private partial void SetAside(string file, long rows);

    [LoggerMessage(EventId = 408, Level = LogLevel.Error, Message = "{File} has vanished, with some {Rows} rows. 'callwatch reindex' brings back what the journal still holds of its day")]
    private partial void Vanished(string file, long rows);
}
