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

    /// <exception cref="StartRefusedException">The file is of a newer program.</exception>
    public ControlDb(string file)
    {
        File = file;
        connectionString = new SqliteConnectionStringBuilder { DataSource = file, ForeignKeys = true, DefaultTimeout = 10 }.ToString();
        using (var connection = Open())
        {
            connection.Execute("PRAGMA journal_mode = WAL");
            ControlMigrations.Apply(connection, file);
        }

        watch = Open();
        dataVersion = watch.CreateCommand();
        dataVersion.CommandText = "PRAGMA data_version";
    }

    public string File { get; }

    /// <summary>A connection of the caller's own, to dispose of.</summary>
    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        connection.Execute("PRAGMA synchronous = FULL");
        return connection;
    }

    /// <summary>Changes whenever anybody, this process or another, has committed a change. Costs microseconds.</summary>
    public long DataVersion()
    {
        lock (gate) return (long)dataVersion.ExecuteScalar()!;
    }

    public void Dispose()
    {
        dataVersion.Dispose();
        watch.Dispose();
        using var pooled = new SqliteConnection(connectionString);
        SqliteConnection.ClearPool(pooled);
    }
}
