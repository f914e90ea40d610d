using System.Globalization;
using System.Reflection;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Search.Files;

/// <summary>Opens the index's SQLite files for writing.</summary>
internal static class SearchDatabase
{
    /// <param name="schema">Name of the numbered scripts: <c>day</c> or <c>catalog</c>.</param>
    public static SqliteConnection Open(string file, string schema)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        try
        {
            connection.OpenNamed();
            // The journal is the truth here too: what a power cut takes is read again, so no commit waits for the disk.
            StoreDatabase.Execute(connection, """
                PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 16777216;
                PRAGMA busy_timeout = 10000; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;
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

    // Each numbered script in a transaction of its own with its number, so that a stop at any statement repeats or skips it as a whole.
    private static void Migrate(SqliteConnection connection, string schema)
    {
        var version = StoreDatabase.SchemaOf(connection);
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames()
            .Where(name => name.Contains(".Search.Schema.", StringComparison.Ordinal) && name.EndsWith($"_{schema}.sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal))
        {
            var number = int.Parse(name.AsSpan(name.IndexOf(".Schema.", StringComparison.Ordinal) + ".Schema.".Length, 4), CultureInfo.InvariantCulture);
            if (number <= version) continue;
            using var script = new StreamReader(assembly.GetManifestResourceStream(name)!);
            StoreDatabase.Execute(connection, $"BEGIN IMMEDIATE; {script.ReadToEnd()}; PRAGMA user_version = {number.ToString(CultureInfo.InvariantCulture)}; COMMIT;");
        }
    }
}
