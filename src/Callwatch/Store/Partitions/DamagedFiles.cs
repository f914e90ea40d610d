using System.Globalization;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Partitions;

/// <summary>A file of the store that nobody could read and that was set aside, or that has vanished.</summary>
/// <param name="File">Its name now; of a vanished one that of the note about it.</param>
/// <param name="Day">The day of its rows, or the first of its year; null when it held none.</param>
public sealed record DamagedFile(string File, DateOnly? Day, long SizeBytes)
{
    /// <summary>Nothing is left of it: somebody has taken it away.</summary>
    public bool IsMissing => File.EndsWith(DamagedFiles.MissingSuffix, StringComparison.Ordinal);

    /// <summary>What brings back as much of it as the journal still holds; null when it held no day.</summary>
    public string? Command => Day is { } day
        ? string.Create(CultureInfo.InvariantCulture, $"callwatch reindex --from {day:yyyy-MM-dd} --to {Partition.EndOf(day):yyyy-MM-dd} --apply") : null;
}

/// <summary>Sets files aside that cannot be read, and notes those that vanished, so that everything else goes on; what is lost with them is shown.</summary>
public static class DamagedFiles
{
    private const string Suffix = ".damaged";

    /// <summary>Of an empty file that says which one has vanished: the catalog forgets it, and its name is not to be used again.</summary>
    public const string MissingSuffix = ".missing";

    public static IReadOnlyList<DamagedFile> List(string folder) =>
        [.. Paths(folder).Where(path => !path.EndsWith("-wal", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(Describe)];

    /// <summary>Also those that are gone while the store has them in use, of which the next start makes a note.</summary>
    public static IReadOnlyList<DamagedFile> Of(StoreFolder store) =>
    [
        .. List(store.Folder),
        .. store.Partitions.Where(partition => partition.Applied > 0 && !File.Exists(Path.Combine(store.Folder, partition.File)))
            .Select(partition => new DamagedFile(partition.File + MissingSuffix, partition.Day, 0)),
    ];

    /// <summary>What is kept of such files of a day, logs too: nobody needs it once the day has been made anew.</summary>
    public static IReadOnlyList<string> PathsOf(string folder, DateOnly day) => [.. Paths(folder).Where(path => DayOf(Path.GetFileName(path)) == day)];

    /// <summary>Notes that a file has vanished.</summary>
    public static void NoteMissing(string folder, string file)
    {
        // Set aside, and the catalog had not been told for good.
        if (Directory.EnumerateFiles(folder, file + Suffix + "*").Any()) return;
        using (new FileStream(Path.Combine(folder, file + MissingSuffix), FileMode.OpenOrCreate, FileAccess.Write))
        {
            // Its name says all.
        }

        Folders.Sync(folder);
    }

    /// <summary>It has been put back.</summary>
    public static void NoteFound(string folder, string file) => File.Delete(Path.Combine(folder, file + MissingSuffix));

    /// <summary>True for a fault of the file, which trying again does not mend.</summary>
    public static bool IsDamage(SqliteException e) => e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB;

    /// <summary>Whether the file can be read from its first page to its last.</summary>
    public static bool IsSound(string path)
    {
        try
        {
            using var connection = StoreDatabase.OpenForReading(path);
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA quick_check(1)";
            return command.ExecuteScalar() as string == "ok";
        }
        catch (SqliteException e) when (IsDamage(e))
        {
            return false;
        }
    }

    /// <summary>Renames a file with its log; a name that is taken gets a number.</summary>
    public static void SetAside(string folder, string file)
    {
        var path = Path.Combine(folder, file);
        var target = path + Suffix;
        for (var number = 2; File.Exists(target); number++) target = path + Suffix + "-" + number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (File.Exists(path + "-wal")) File.Move(path + "-wal", target + "-wal");
        File.Delete(path + "-shm");
        File.Delete(path + ".traces");
        File.Move(path, target);
        Folders.Sync(folder);
    }

    private static IEnumerable<string> Paths(string folder) =>
        Directory.EnumerateFiles(folder, "*.db" + Suffix + "*").Concat(Directory.EnumerateFiles(folder, "*.db" + MissingSuffix));

    private static DamagedFile Describe(string path) => new(Path.GetFileName(path), DayOf(Path.GetFileName(path)), new FileInfo(path).Length);

    internal static DateOnly? DayOf(string name) =>
        name.IndexOf(".db", StringComparison.Ordinal) is > 0 and var end && Partition.TryParse(name[..(end + 3)], out var partition) ? partition.Day : null;
}
