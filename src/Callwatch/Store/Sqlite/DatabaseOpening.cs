using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Sqlite;

/// <summary>Opens connections so that whoever reads of a failure knows of which file: SQLite's own words do not say.</summary>
internal static class DatabaseOpening
{
    public static void OpenNamed(this SqliteConnection connection)
    {
        try
        {
            connection.Open();
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_CANTOPEN)
        {
            throw new SqliteException($"{connection.DataSource} cannot be opened: {e.Message}", e.SqliteErrorCode, e.SqliteExtendedErrorCode);
        }
    }
}
