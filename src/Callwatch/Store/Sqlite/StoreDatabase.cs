using System.Globalization;
using System.Reflection;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Sqlite;

/// <summary>Opens the store's SQLite files with the settings that its promises rest on.</summary>
internal static class StoreDatabase
{
    /// <summary>Opens a file for writing and brings it to the newest schema.</summary>
    /// <param name="schema">Name of the numbered scripts: <c>partition</c> or <c>catalog</c>.</param>
    public static SqliteConnection OpenForWriting(string file, string schema, int cacheKib)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        try
        {
            connection.Open();
            // The journal is the truth: a commit lost in a power cut is read again from there, so none has to wait for the disk.
            // Checkpoints are made off the writer's way. A checkpoint that runs meanwhile must not fail a commit: busy_timeout.
            Execute(connection, $"""
                PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA busy_timeout = 10000;
                PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{cacheKib.ToString(CultureInfo.InvariantCulture)};
                """);
            Migrate(connection, schema);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file for reading only. Not through the read-only flag: a reader must be able to make the shared-memory file of a WAL.</summary>
    public static SqliteConnection OpenForReading(string file)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = file,
            Pooling = false,
            Mode = SqliteOpenMode.ReadWrite,
        }.ToString());
        try
        {
            connection.Open();
            Execute(connection, "PRAGMA query_only = ON; PRAGMA busy_timeout = 10000; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096; PRAGMA mmap_size = 1073741824;");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static long? Number(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() is long number ? number : null;
    }

    /// <summary>The schema's version in the file; 0 when a crash came before its making was committed.</summary>
    public static long SchemaOf(SqliteConnection connection) => Number(connection, "PRAGMA user_version") ?? 0;

    // Each numbered script in a transaction of its own with its number, so that a stop at any statement repeats or skips it as a whole.
    private static void Migrate(SqliteConnection connection, string schema)
    {
        var version = SchemaOf(connection);
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames()
            .Where(name => name.Contains(".Store.Schema.", StringComparison.Ordinal) && name.EndsWith($"_{schema}.sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal))
        {
            var number = int.Parse(name.AsSpan(name.IndexOf(".Schema.", StringComparison.Ordinal) + ".Schema.".Length, 4), CultureInfo.InvariantCulture);
            if (number <= version) continue;
            using var script = new StreamReader(assembly.GetManifestResourceStream(name)!);
            Execute(connection, $"BEGIN IMMEDIATE; {script.ReadToEnd()}; PRAGMA user_version = {number.ToString(CultureInfo.InvariantCulture)}; COMMIT;");
        }
    }
}
