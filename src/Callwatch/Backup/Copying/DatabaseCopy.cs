using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Callwatch.Backup.Copying;

/// <summary>
/// Copies a SQLite file while others write it, some pages at a time, so that no read transaction lives longer than one step. Changes that
/// come through the connection copied from are carried into the copy; a change through any other makes SQLite begin again.
/// </summary>
internal sealed class DatabaseCopy : IDisposable
{
    /// <summary>A file of at most so many pages is copied in one step: nobody can come between.</summary>
    public const int PagesAtOnce = 2048;

    private readonly SqliteConnection source;
    private readonly bool ownsSource;
    private readonly SqliteConnection target;
    private readonly sqlite3_backup handle;
    private int copied;

    /// <param name="lent">The writer's own connection, on whose thread every call is then to be made; null for a connection of its own.</param>
    public DatabaseCopy(string file, string copy, SqliteConnection? lent)
    {
        ownsSource = lent is null;
        source = lent ?? Open(file, SqliteOpenMode.ReadWrite);
        target = Open(copy, SqliteOpenMode.ReadWriteCreate);
        // Whoever is interrupted begins again with a new file, and the whole of it is synced at the end.
        Run(target, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE");
        handle = raw.sqlite3_backup_init(target.Handle!, "main", source.Handle!, "main");
        if (!handle.IsInvalid) return;
        var code = raw.sqlite3_errcode(target.Handle!);
        Dispose();
        throw new SqliteException("The copy could not be begun.", code);
    }

    /// <summary>How often it had to begin again.</summary>
    public int Restarts { get; private set; }

    /// <summary>Copies some pages; true when all are there. The answer false may come again and again while somebody holds the file: then wait a little.</summary>
    public bool Step(int pages)
    {
        var code = raw.sqlite3_backup_step(handle, pages);
        if (code == raw.SQLITE_DONE) return true;
        if (code is not (raw.SQLITE_OK or raw.SQLITE_BUSY or raw.SQLITE_LOCKED)) throw new SqliteException($"The copy failed: {raw.sqlite3_errstr(code).utf8_to_string()}.", code);
        var now = raw.sqlite3_backup_pagecount(handle) - raw.sqlite3_backup_remaining(handle);
        if (code == raw.SQLITE_OK && copied > 0 && now <= copied) Restarts++;
        copied = now;
        return false;
    }

    public void Dispose()
    {
        handle?.Dispose();
        target.Dispose();
        if (ownsSource) source.Dispose();
    }

    private static SqliteConnection Open(string file, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, Mode = mode }.ToString());
        try
        {
            connection.Open();
            Run(connection, "PRAGMA busy_timeout = 10000");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
