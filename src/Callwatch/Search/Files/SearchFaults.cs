using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Search.Files;

/// <summary>Tells a file of the index that stays as it is, damaged or closed to this user, from a moment in which none can be opened or written.</summary>
internal static class SearchFaults
{
    /// <summary>Whether trying again would fail again, so that the file is better set aside: all that it holds of what the journal has can be made again.</summary>
    public static bool IsBeyondUse(string path, Exception fault) => fault switch
    {
        SqliteException sqlite when SearchFolder.IsDamage(sqlite) => true,
        // A file whose tables are not the index's, one that says it is only to be read, a folder in its place, one of another user's. But a process without
        // files left says much the same, and so does a disk that has become read-only: those pass, and take nothing with them.
        SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_ERROR or SQLitePCL.raw.SQLITE_READONLY or SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_PERM or SQLitePCL.raw.SQLITE_IOERR } => IsUnusable(path),
        // Values of another kind than were written.
        FormatException or InvalidCastException or OverflowException or ArgumentException => true,
        _ => false,
    };

    private static bool IsUnusable(string path)
    {
        if (!Folders.MayUse(Path.GetDirectoryName(path)!)) return false;
        if (Directory.Exists(path)) return true;
        if (!File.Exists(path)) return false;
        if (!Folders.MayUse(path)) return true;
        try
        {
            Probe(path);
            return false;
        }
        catch (SqliteException e)
        {
            // A log that somebody has deleted beside it is too short for what is said to be in it.
            return e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_ERROR || e.SqliteExtendedErrorCode == SQLitePCL.raw.SQLITE_IOERR_SHORT_READ;
        }
    }

    // What every question asks, with words of nobody's: a question that SQLite cannot make sense of is not the file's fault.
    private static void Probe(string path)
    {
        using var connection = StoreDatabase.OpenForReading(path);
        foreach (var sql in Path.GetFileName(path) == "catalog.db" ? OfCatalog : OfDay)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            using var row = command.ExecuteReader();
            row.Read();
        }
    }

    private static readonly string[] OfCatalog = ["SELECT file, day, sequence, documents, applied FROM files", "SELECT day, began FROM rebuilt", "SELECT epoch, number, began, through FROM place"];

    private static readonly string[] OfDay =
        ["SELECT d.key FROM words JOIN docs d ON d.id = words.rowid WHERE words MATCH 'a' LIMIT 1", "SELECT block, first_end, last_end FROM blocks LIMIT 1", "SELECT value FROM meta WHERE key = 'applied'"];
}
