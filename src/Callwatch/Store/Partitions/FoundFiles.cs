using Callwatch.Spans;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Partitions;

/// <summary>
/// What lies in the store's folder beside what its catalog knows. Files may know more than the catalog (a crash between their commits and its own)
/// or less (a power cut took their last commits, or all of them). The first are adopted. For the second, reading goes back to what the file still
/// knows: storing again changes nothing that is there.
/// </summary>
/// <param name="synced">The record up to which every file is known to be on disk for good.</param>
/// <param name="isMoved">Whether retention has taken a file.</param>
internal sealed class FoundFiles(string folder, IReadOnlyDictionary<string, Partition> partitions, long synced, Func<string, bool> isMoved)
{
    /// <summary>As the files themselves say, where the catalog does not know it.</summary>
    public List<Partition> Adopted { get; } = [];

    /// <summary>Not there any more, never written to, or set aside.</summary>
    public List<Partition> Lost { get; } = [];

    /// <summary>Of those, the ones that were set aside, as they were known.</summary>
    public List<Partition> Damaged { get; } = [];

    /// <summary>Of those, the ones that somebody has taken away.</summary>
    public List<Partition> Missing { get; } = [];

    /// <summary>Up to which record the oldest of those reaches that somebody has put back from a copy; null when nobody has.</summary>
    public long? Older { get; private set; }

    /// <param name="files">Those whose place was not taken by rebuilt ones.</param>
    /// <param name="resume">Where reading goes on by the catalog.</param>
    /// <returns>Where it has to.</returns>
    public long CompareWith(IEnumerable<string> files, long resume)
    {
        foreach (var gone in partitions.Values.Where(partition => !File.Exists(Path.Combine(folder, partition.File))))
        {
            // Its name never was durable: then nothing in it was either. Or retention took it. Else a person did.
            if (gone.Applied > synced)
            {
                resume = Math.Min(resume, synced);
            }
            else if (gone.Applied > 0 && !isMoved(gone.File))
            {
                DamagedFiles.NoteMissing(folder, gone.File);
                Missing.Add(gone);
            }

            Lost.Add(gone);
        }

        var newest = StoreDatabase.NewestOf("partition");
        foreach (var file in files)
        {
            if (!Partition.TryParse(file, out var named)) continue;
            if (StoreDatabase.SchemaInHeader(Path.Combine(folder, file)) is var format && format > newest) throw StoreDatabase.Newer(folder, format, newest);
            resume = Look(partitions.GetValueOrDefault(file), named, resume);
        }

        return resume;
    }

    private long Look(Partition? known, Partition named, long resume)
    {
        if (known is { Applied: > 0 } && known.Applied <= synced && !IsOlder(known)) return resume;
        Partition? found;
        try
        {
            found = Inspect(Path.Combine(folder, named.File), known ?? named);
        }
        catch (SqliteException e) when (DamagedFiles.IsDamage(e))
        {
            // The others go on; what the journal still holds of the day can be brought back.
            DamagedFiles.SetAside(folder, named.File);
            Damaged.Add(known ?? named);
            Lost.Add(known ?? named);
            return resume;
        }

        if (found is null)
        {
            // Made, but a crash came before its schema was committed, or a power cut took all of it: nothing is in it.
            Lost.Add(known ?? named);
            return Math.Min(resume, synced);
        }

        Adopted.Add(found);
        if (known is null) DamagedFiles.NoteFound(folder, named.File);
        return known is not null && found.Applied < known.Applied ? Math.Min(resume, found.Applied) : resume;
    }

    // Put back from a copy, it lacks what came since, and what the journal still has of that is stored again. Whether it is damaged shows when it is read.
    private bool IsOlder(Partition known)
    {
        try
        {
            using var file = StoreDatabase.OpenAtRest(Path.Combine(folder, known.File));
            if (AppliedIn(file) is not (> 0 and var applied) || applied >= known.Applied) return false;
            Older = Math.Min(Older ?? applied, applied);
            return true;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    private static Partition? Inspect(string path, Partition partition)
    {
        using var file = StoreDatabase.OpenForReading(path);
        if (StoreDatabase.SchemaOf(file) == 0) return null;
        return partition.Applied > 0 && partition.Applied == AppliedIn(file) ? partition : AsFound(file, partition);
    }

    /// <summary>What the file itself says.</summary>
    public static Partition AsFound(SqliteConnection file, Partition partition)
    {
        var first = StoreDatabase.Number(file, """SELECT min("end") FROM spans""");
        var last = StoreDatabase.Number(file, """SELECT max("end") FROM spans""");
        return partition with
        {
            Rows = StoreDatabase.Number(file, "SELECT max(id) FROM spans") ?? 0,
            FirstEnd = first is null ? null : new Timestamp(first.Value),
            LastEnd = last is null ? null : new Timestamp(last.Value),
            Closed = StoreDatabase.Number(file, "SELECT value FROM meta WHERE key = 'closed'") == 1,
            Applied = AppliedIn(file),
        };
    }

    public static long AppliedIn(SqliteConnection file) => StoreDatabase.Number(file, "SELECT value FROM meta WHERE key = 'applied'") ?? 0;
}
