using Callwatch.Store.Sqlite;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Callwatch.Control;

/// <summary>
/// <c>control.db</c>: small, synchronous=FULL, shared with commands that work on the data folder while the server runs.
/// Opening it brings it up to the newest format.
/// </summary>
public sealed class ControlDb : IDisposable
{
    private readonly string connectionString;
    private readonly SqliteConnection watch;
    private readonly SqliteCommand dataVersion;
    private readonly Lock gate = new();

    /// <exception cref="StartRefusedException">The file is of a newer program, or damaged: whose data all the rest is stands in it alone.</exception>
    public ControlDb(string file)
    {
        File = file;
        Given = new GivenNumbers(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, GivenNumbers.Name));
        connectionString = new SqliteConnectionStringBuilder { DataSource = file, ForeignKeys = true, DefaultTimeout = 10 }.ToString();
        try
        {
            using (var connection = Open())
            {
                Check(connection);
                connection.Execute("PRAGMA journal_mode = WAL");
                ControlMigrations.Apply(connection, file);
                Given.Keep(connection);
            }

            watch = Open();
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_ERROR)
        {
            throw Unreadable(e.Message);
        }

        dataVersion = watch.CreateCommand();
        dataVersion.CommandText = "PRAGMA data_version";
    }

    public string File { get; }

    /// <summary>Which numbers were given away, also by a file that has been lost.</summary>
    internal GivenNumbers Given { get; }

    /// <summary>A connection of the caller's own, to dispose of.</summary>
    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(connectionString);
        connection.OpenNamed();

        // What is taken away is overwritten: a key that was rotated out must not be found in a free page.
        connection.Execute("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON");
        return connection;
    }

    /// <summary>Changes whenever anybody, this process or another, has committed a change. Costs microseconds.</summary>
    public long DataVersion()
    {
        lock (gate) return (long)dataVersion.ExecuteScalar()!;
    }

    /// <summary>Brings the log into the file and empties it, as far as nobody reads meanwhile: what was overwritten is then in neither.</summary>
    internal void Checkpoint()
    {
        using var connection = Open();
        connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    public void Dispose()
    {
        dataVersion.Dispose();
        watch.Dispose();
        using var pooled = new SqliteConnection(connectionString);
        SqliteConnection.ClearPool(pooled);
    }

    private void Check(SqliteConnection connection)
    {
        if (connection.QueryFirst<string>("PRAGMA quick_check(1)") is var said && said != "ok") throw Unreadable(said);
        // What the journal holds was acknowledged after the first of control data was synced: without any, it has been lost.
        var journal = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(File))!, "journal");
        if (connection.ExecuteScalar<long>("SELECT count(*) FROM sqlite_master") == 0 && Directory.Exists(journal) && Directory.EnumerateFiles(journal, "*.seg").Any())
            throw Unreadable("it is empty, although the journal is not");
    }

    private StartRefusedException Unreadable(string why) =>
        new(new StartRefusal.DataUnreadable(Path.GetDirectoryName(Path.GetFullPath(File))!, Path.GetFileName(File), why.ReplaceLineEndings(" ").TrimEnd('.')));
}
