using Callwatch.Spans;
using Callwatch.Store.Sqlite;
using Callwatch.Store.Writing;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Partitions;

/// <summary>
/// What the catalog knows of rebuilt files that take the place of others: those on their way in, those whose place was taken, and the
/// traces to be judged again after it. Each change is synced, because no journal could say it again.
/// </summary>
internal sealed class SwapTables(SqliteConnection catalog, string folder)
{
    /// <summary>Key in a rebuilt file's <c>meta</c>: names, with spaces between, of the files it stands in for, should the catalog be lost.</summary>
    public const string Replaces = "replaces";

    /// <summary>Takes away what an earlier process has left: files that never got in, and files whose place was taken.</summary>
    public void Clean()
    {
        foreach (var file in List("SELECT file FROM coming UNION SELECT file FROM replaced")) Unlink(folder, file);
        StoreDatabase.Execute(catalog, "BEGIN IMMEDIATE; DELETE FROM coming; DELETE FROM replaced; COMMIT");
    }

    public void Announce(IEnumerable<string> files) => Durably(() =>
    {
        foreach (var file in files) Run("INSERT OR IGNORE INTO coming (file) VALUES ($file)", ("$file", file));
    });

    /// <summary>The swap does not come about.</summary>
    public void Withdraw()
    {
        foreach (var file in List("SELECT file FROM coming")) Unlink(folder, file);
        Durably(() => Run("DELETE FROM coming"));
    }

    /// <summary>Everything in one transaction with what <paramref name="change"/> does to the list of partitions.</summary>
    public void Swap(IEnumerable<string> gone, IEnumerable<TraceKey> unjudged, Action change) => Durably(() =>
    {
        foreach (var file in gone) Run("INSERT OR IGNORE INTO replaced (file) VALUES ($file)", ("$file", file));
        foreach (var key in unjudged) Run("INSERT OR IGNORE INTO unjudged (tenant, trace) VALUES ($tenant, $trace)", ("$tenant", key.TenantId), ("$trace", key.TraceId.ToBytes()));
        Run("DELETE FROM coming");
        change();
    });

    public IReadOnlyList<string> Replaced() => List("SELECT file FROM replaced");

    /// <summary>Nobody reads it any more.</summary>
    public void Remove(string file)
    {
        Unlink(folder, file);
        Run("DELETE FROM replaced WHERE file = $file", ("$file", file));
    }

    public IReadOnlyList<TraceKey> Unjudged()
    {
        var keys = new List<TraceKey>();
        using var command = catalog.CreateCommand();
        command.CommandText = "SELECT tenant, trace FROM unjudged";
        using var row = command.ExecuteReader();
        while (row.Read())
            if (TraceId.TryRead(row.GetFieldValue<byte[]>(1), out var trace)) keys.Add(new TraceKey(row.GetInt32(0), trace));
        return keys;
    }

    /// <summary>After a checkpoint of the files they lie in.</summary>
    public void Judged() => Run("DELETE FROM unjudged");

    /// <summary>Files among those found that a rebuilt one says it stands in for: for when the catalog cannot say it.</summary>
    public static HashSet<string> ReplacedAmong(string folder, IEnumerable<string> files)
    {
        var replaced = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in files)
        {
            try
            {
                using var connection = StoreDatabase.OpenForReading(Path.Combine(folder, file));
                if (StoreDatabase.SchemaOf(connection) == 0) continue;
                using var command = connection.CreateCommand();
                command.CommandText = "SELECT value FROM meta WHERE key = '" + Replaces + "'";
                if (command.ExecuteScalar() is string names) replaced.UnionWith(names.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            }
            catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB)
            {
                // Whoever adopts it finds that out, too.
            }
        }

        return replaced;
    }

    public static void Unlink(string folder, string file)
    {
        foreach (var part in (string[])["", "-wal", "-shm", ".traces"]) File.Delete(Path.Combine(folder, file + part));
    }

    private void Durably(Action change)
    {
        StoreDatabase.Execute(catalog, "PRAGMA synchronous = FULL");
        try
        {
            using var transaction = catalog.BeginTransaction();
            change();
            transaction.Commit();
        }
        finally
        {
            StoreDatabase.Execute(catalog, "PRAGMA synchronous = NORMAL");
        }
    }

    private void Run(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = catalog.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        command.ExecuteNonQuery();
    }

    private List<string> List(string sql)
    {
        var list = new List<string>();
        using var command = catalog.CreateCommand();
        command.CommandText = sql;
        using var row = command.ExecuteReader();
        while (row.Read()) list.Add(row.GetString(0));
        return list;
    }
}
