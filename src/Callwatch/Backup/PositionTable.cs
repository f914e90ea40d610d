using System.Globalization;
using Callwatch.Journal;
using Microsoft.Data.Sqlite;

namespace Callwatch.Backup;

/// <summary>The table in which a reader that keeps its own place has it, <c>position</c> or <c>place</c>: one row with <c>epoch</c> and <c>number</c> (of the settled sequence: <c>read</c>).</summary>
internal static class PositionTable
{
    private static readonly string[] Names = ["position", "place"];

    /// <summary>Of a file of a backup. Null when it has no such table, or none that can be read, or no row in it.</summary>
    public static Position? Read(string file)
    {
        try
        {
            // Nobody uses the file and nothing may change beside it: it is looked at as if it lay on a disc that cannot be written.
            using var connection = new SqliteConnection(new SqliteConnectionStringBuilder
            {
                DataSource = new Uri(Path.GetFullPath(file)).AbsoluteUri + "?immutable=1",
                Pooling = false,
                Mode = SqliteOpenMode.ReadOnly,
            }.ToString());
            connection.Open();
            return Read(connection);
        }
        catch (SqliteException)
        {
            // Damaged: whoever opens it as its owner decides what becomes of it.
            return null;
        }
    }

    /// <summary>Of a file that may be in use, or was left by a crash: with what its log holds. Null as above.</summary>
    public static Position? ReadInUse(string file)
    {
        try
        {
            using var connection = Open(file);
            return Read(connection);
        }
        catch (SqliteException)
        {
            return null;
        }
    }

    public static void Move(string file, Func<Position, bool> fits, Guid epoch)
    {
        try
        {
            using var connection = Open(file);
            if (Read(connection) is { } place && fits(place)) Write(connection, epoch);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_CORRUPT)
        {
            // Was damaged when it was copied; it stays in its old epoch.
        }
    }

    private static void Write(SqliteConnection connection, Guid epoch)
    {
        foreach (var name in Names)
        {
            var columns = Columns(connection, name);
            if (!columns.Contains("epoch")) continue;
            using var command = connection.CreateCommand();

            // What is known to be synced says nothing of the files here: at the next start each is looked into.
            command.CommandText = $"UPDATE {name} SET epoch = $epoch{(columns.Contains("synced") ? ", synced = 0" : "")}";
            command.Parameters.AddWithValue("$epoch", epoch.ToString());
            command.ExecuteNonQuery();
        }

        using var fold = connection.CreateCommand();
        fold.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        fold.ExecuteNonQuery();
    }

    private static Position? Read(SqliteConnection connection)
    {
        foreach (var name in Names)
        {
            var columns = Columns(connection, name);
            if (!columns.Contains("epoch") || (columns.Contains("number") ? "number" : columns.Contains("read") ? "read" : null) is not { } number) continue;
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT epoch, {number} FROM {name}";
            using var row = command.ExecuteReader();
            if (row.Read() && Guid.TryParse(row.GetString(0), CultureInfo.InvariantCulture, out var epoch)) return new Position(epoch, row.GetInt64(1));
        }

        return null;
    }

    private static HashSet<string> Columns(SqliteConnection connection, string table)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT name FROM pragma_table_info($table)";
        command.Parameters.AddWithValue("$table", table);
        using var rows = command.ExecuteReader();
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (rows.Read()) names.Add(rows.GetString(0));
        return names;
    }

    private static SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, Mode = SqliteOpenMode.ReadWrite }.ToString());
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA busy_timeout = 10000; PRAGMA synchronous = FULL";
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
