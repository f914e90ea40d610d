using System.Collections.Immutable;
using Callwatch.Spans;
using Callwatch.Store.History;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Partitions;

/// <summary>
/// The store's folder as its readers see it: which partitions there are, and connections to them. Thread-safe; the list is replaced
/// as a whole after each batch, so that whoever has taken it keeps a steady view.
/// </summary>
public sealed class StoreFolder : IDisposable
{
    private readonly PartitionReaders readers;
    private readonly TraceFilters filters = new();
    private volatile bool suspected;

    public StoreFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            Folders.Sync(Path.GetDirectoryName(Path.GetFullPath(folder))!);
        }

        Folder = folder;
        readers = new PartitionReaders(folder);
        // Files' times are the system's, whatever clock everything else goes by.
        Notes = new FileNotes(folder, TimeProvider.System);
        History = new HistoryFile(folder);
        // A stop came between moving a file's figures and deleting it; nobody may count them again.
        foreach (var (file, _, _) in History.Moved.Where(moved => moved.Tenant == HistoryFile.All)) SwapTables.Unlink(folder, file);
        Catalog = new PartitionCatalog(folder, History.IsMoved);
        Partitions = Catalog.Partitions;
    }

    public string Folder { get; }

    /// <summary>All of them, newest first.</summary>
    public ImmutableArray<Partition> Partitions { get; private set => ImmutableInterlocked.InterlockedExchange(ref field, value); }

    /// <summary>Figures whose rows are gone.</summary>
    public HistoryFile History { get; }

    internal PartitionCatalog Catalog { get; }

    internal TraceFilters Filters => filters;

    internal FileNotes Notes { get; }

    /// <summary>What readers keep of figures that they have read, in bytes.</summary>
    internal long HeldBytes => readers.HeldBytes;

    /// <summary>Those that can hold a span ending at or after <paramref name="from"/> and before <paramref name="to"/>, newest first.</summary>
    public IEnumerable<Partition> Between(Timestamp from, Timestamp to) => Partitions.Where(partition => partition.From < to && from < partition.To);

    /// <summary>Those in which spans or the summary of a trace may lie, newest first: few where it is in none, never without one it is in.</summary>
    public IEnumerable<Partition> MayHold(TraceId trace) => Partitions.Where(partition => filters.MayHold(partition.File, trace));

    /// <summary>Null when retention has taken the file since the list was read: it holds nothing then.</summary>
    public PartitionReader? Open(Partition partition) => readers.Open(partition.File);

    /// <summary>A connection to <see cref="History"/>; null while there is none.</summary>
    public PartitionReader? OpenHistory() => History.Exists ? readers.Open(HistoryFile.File) : null;

    /// <summary>Reads, or makes anew, what tells which traces a partition may hold; until then every one of them may.</summary>
    internal void LoadFilters()
    {
        foreach (var partition in Partitions)
        {
            if (filters.Find(partition.File) is not null) continue;
            try
            {
                filters.Set(partition.File, TraceFilterFiles.Load(Folder, partition));
            }
            catch (SqliteException e) when (DamagedFiles.IsDamage(e))
            {
                Suspect();
            }
        }
    }

    /// <summary>Lets go of a file that is about to be unlinked.</summary>
    internal void Forget(string file)
    {
        readers.Forget(file);
        filters.Remove(file);
        Notes.Remove(file);
    }

    /// <summary>Somebody has met a file that is damaged; the store's upkeep finds out which.</summary>
    internal void Suspect() => suspected = true;

    internal bool TakeSuspicion()
    {
        var was = suspected;
        suspected = false;
        return was;
    }

    internal void Publish() => Partitions = Catalog.Partitions;

    public void Dispose()
    {
        readers.Dispose();
        Catalog.Dispose();
    }
}
