using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Partitions;

/// <summary>A file of the store that nobody could read and that was set aside.</summary>
/// <param name="File">Its name now.</param>
/// <param name="Day">The day of its rows; null when it held none.</param>
public sealed record DamagedFile(string File, DateOnly? Day, long SizeBytes);

/// <summary>Sets files aside that cannot be read, so that everything else goes on; what is lost with them is shown.</summary>
public static class DamagedFiles
{
    private const string Suffix = ".damaged";

    public static IReadOnlyList<DamagedFile> List(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*.db" + Suffix + "*").Where(path => !path.EndsWith("-wal", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(Describe)];

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

    private static DamagedFile Describe(string path)
    {
        var name = Path.GetFileName(path);
        var was = name[..name.IndexOf(Suffix, StringComparison.Ordinal)];
        return new DamagedFile(name, Partition.TryParse(was, out var partition) ? partition.Day : null, new FileInfo(path).Length);
    }
}
