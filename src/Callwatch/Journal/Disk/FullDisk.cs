using Microsoft.Data.Sqlite;

namespace Callwatch.Journal.Disk;

/// <summary>Tells a disk without room from other troubles of it.</summary>
public static class FullDisk
{
    /// <summary>In words for whoever wanted to change something.</summary>
    public const string Words = "The disk of the data folder has no room left, and nothing was changed. Make room, and try again.";

    // ENOSPC, EDQUOT, the full disk of Windows; SQLite's own word for it, and the log's index that could not grow.
    public static bool Is(Exception? e) => e is not null
        && (e is SqliteException sql ? sql.SqliteErrorCode == SQLitePCL.raw.SQLITE_FULL || sql.SqliteExtendedErrorCode == SQLitePCL.raw.SQLITE_IOERR_SHMSIZE
            : (e is IOException && (e.HResult & 0xFFFF) is 28 or 122 or 112) || Is(e.InnerException));
}
