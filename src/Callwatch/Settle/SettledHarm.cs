using Microsoft.Data.Sqlite;

namespace Callwatch.Settle;

/// <summary>A file of the settled sequence cannot be read; it is being set aside, and what it held settles once more.</summary>
internal sealed class SettledHarmedException(string file, Exception inner) : IOException($"{file} is damaged; it is being set aside.", inner)
{
    public string File => file;
}

internal static class SettledHarm
{
    /// <summary>True for a fault of what the file holds, which trying again does not mend.</summary>
    public static bool Is(Exception e) => e is InvalidDataException or InvalidCastException
        || e is SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_ERROR or SQLitePCL.raw.SQLITE_MISMATCH };

    /// <summary>The same, or somebody has taken the file away.</summary>
    public static bool Is(Exception e, string path) => Is(e) || (e is SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_CANTOPEN } && !System.IO.File.Exists(path));
}
