using Callwatch.Store.Partitions;

namespace Callwatch.Store.Writing;

/// <summary>The partitions being written: finds or makes the one a span belongs to, and commits those that a batch has touched.</summary>
internal sealed class OpenPartitions(StoreFolder folder, StoreOptions options) : IDisposable
{
    /// <summary>Most files kept open between batches; importing years of history touches many days.</summary>
    private const int MostOpen = 8;

    private readonly Dictionary<string, PartitionWriter> writers = [];
    private readonly Dictionary<DateOnly, PartitionWriter> current = [];
    private readonly LinkedList<string> lastUsed = [];
    private string? opening;

    /// <summary>The partition that takes new rows of a day.</summary>
    public PartitionWriter For(DateOnly day)
    {
        if (current.TryGetValue(day, out var writer)) return Touch(writer);
        var latest = folder.Catalog.Partitions.FirstOrDefault(partition => partition.Day == day);
        if (latest is null || latest.Rows >= options.MostRows || folder.History.HasMovedOf(latest.File))
        {
            latest = Partition.New(day, FreeSequence(day, Math.Max(latest?.Sequence ?? 0, folder.History.SequenceOf(day)) + 1));
            folder.Catalog.Add(latest);
        }

        // A file just made is shown to readers when its tables stand, not before.
        var opened = Open(latest);
        folder.Publish();
        return current[day] = opened;
    }

    // A name that a damaged file had, or one about to be unlinked, is not used again: somebody may still have it open.
    private int FreeSequence(DateOnly day, int sequence)
    {
        while (Directory.EnumerateFiles(folder.Folder, Partition.New(day, sequence).File + "*").Any()) sequence++;
        return sequence;
    }

    /// <summary>Those open for writing.</summary>
    public IEnumerable<string> Files => opening is null ? writers.Keys : writers.Keys.Append(opening);

    public PartitionWriter Of(string file) =>
        writers.TryGetValue(file, out var writer) ? Touch(writer) : Open(folder.Catalog.Partitions.First(partition => partition.File == file));

    public IEnumerable<PartitionWriter> Touched => writers.Values.Where(writer => writer.InBatch);

    /// <summary>After a commit: full partitions take no new rows, and the files go that were not used for longest.</summary>
    public void Settle()
    {
        foreach (var full in current.Where(entry => entry.Value.Partition.Rows >= options.MostRows).ToList()) current.Remove(full.Key);
        while (writers.Count > MostOpen)
        {
            Close(lastUsed.Last!.Value);
        }
    }

    /// <summary>The connection a file is written through; null when it is not open.</summary>
    public Microsoft.Data.Sqlite.SqliteConnection? ConnectionOf(string file) => writers.GetValueOrDefault(file)?.Connection;

    /// <summary>Lets go of a file that is to be closed or unlinked; not while a batch has touched it.</summary>
    public void Close(string file)
    {
        lastUsed.Remove(file);
        if (!writers.Remove(file, out var writer)) return;
        if (current.GetValueOrDefault(writer.Partition.Day) == writer) current.Remove(writer.Partition.Day);
        writer.Dispose();
    }

    /// <summary>Undoes what is not committed, by closing every file.</summary>
    public void Dispose()
    {
        foreach (var writer in writers.Values) writer.Dispose();
        writers.Clear();
        current.Clear();
        lastUsed.Clear();
        opening = null;
    }

    private PartitionWriter Open(Partition partition)
    {
        if (writers.TryGetValue(partition.File, out var writer)) return Touch(writer);
        opening = partition.File;
        var filter = folder.Filters.Find(partition.File);
        if (filter is null) folder.Filters.Set(partition.File, filter = TraceFilterFiles.Load(folder.Folder, partition));
        writers[partition.File] = writer = new PartitionWriter(folder.Folder, partition, filter, options.CacheKib);
        opening = null;
        return Touch(writer);
    }

    private PartitionWriter Touch(PartitionWriter writer)
    {
        if (!writer.InBatch)
        {
            writer.Begin();
            lastUsed.Remove(writer.Partition.File);
            lastUsed.AddFirst(writer.Partition.File);
        }

        return writer;
    }
}
