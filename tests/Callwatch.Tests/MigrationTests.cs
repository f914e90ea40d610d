using System.Reflection;
using System.Text;
using Callwatch.Control;
using Callwatch.Search.Files;
using Callwatch.Store.Sqlite;
using Callwatch.Testing;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Callwatch.Tests;

/// <summary>Every numbered SQL script there is, stopped after every one of its statements by a kill: the next start makes the same tables as one that was never stopped.</summary>
public sealed class MigrationTests
{
    /// <summary>Scripts by what they make (folder and name without number), in their order; new ones are found by themselves.</summary>
    private static readonly Dictionary<string, List<(int Number, string Sql)>> Scripts = typeof(StoreDatabase).Assembly.GetManifestResourceNames()
        .Where(name => name.Contains(".Schema.", StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal))
        .GroupBy(NameOf).ToDictionary(group => group.Key, group => group.Select(name => (NumberOf(name), Text(name))).OrderBy(script => script.Item1).ToList());

    public static TheoryData<string> Schemas => [.. Scripts.Keys.Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Schemas))]
    public void Stopped_at_any_statement_the_next_start_makes_the_same_tables(string schema)
    {
        using var temp = new TempFolder();
        var straight = temp.At("straight.db");
        Migrate(schema, straight);
        var expected = Tables(straight);
        Assert.NotEmpty(expected);

        var scripts = Scripts[schema];
        var stops = 0;
        foreach (var (number, sql) in scripts)
        {
            var statements = Statements(sql).ToList();
            for (var done = 0; done <= statements.Count; done++, stops++)
            {
                var file = temp.At($"{number}-{done}.db");
                Stopped(file, scripts.TakeWhile(script => script.Number < number), statements.Take(done), temp.At("work.db"));
                Migrate(schema, file);
                Assert.Equal(expected, Tables(file));
            }
        }

        Assert.True(stops > scripts.Count);
    }

    /// <summary>Leaves the files as a kill leaves them that comes after some statements of a script, with what it had already written to the log.</summary>
    private static void Stopped(string file, IEnumerable<(int Number, string Sql)> before, IEnumerable<string> statements, string work)
    {
        foreach (var part in (string[])["", "-wal", "-shm"]) File.Delete(work + part);
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = work, Pooling = false }.ToString());
        connection.Open();
        // A page at a time in memory: all others are written to the log before the commit.
        Run(connection, "PRAGMA journal_mode = WAL; PRAGMA cache_size = 1; PRAGMA wal_autocheckpoint = 0");
        foreach (var (number, sql) in before) Run(connection, $"BEGIN IMMEDIATE; {sql}; PRAGMA user_version = {number}; COMMIT");
        Run(connection, "BEGIN IMMEDIATE");
        foreach (var statement in statements) Run(connection, statement);
        foreach (var part in (string[])["", "-wal"])
            if (File.Exists(work + part)) File.Copy(work + part, file + part);
    }

    private static void Migrate(string schema, string file)
    {
        if (schema.StartsWith("Control.", StringComparison.Ordinal))
        {
            using var control = new ControlDb(file);
            return;
        }

        if (schema.StartsWith("Search.", StringComparison.Ordinal))
        {
            using var search = SearchDatabase.Open(file, schema["Search.".Length..]);
            return;
        }

        Assert.Contains(schema.Split('.')[0], (string[])["Store", "Settle", "Forward"]);
        using var connection = StoreDatabase.OpenForWriting(file, schema.Split('.')[1], cacheKib: 512);
    }

    private static List<string> Tables(string file)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_master UNION ALL SELECT 'version ' || user_version FROM pragma_user_version ORDER BY 1";
        using var row = command.ExecuteReader();
        List<string> tables = [];
        while (row.Read()) tables.Add(row.GetString(0));
        return tables;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>The statements of a script: SQLite itself knows where each ends.</summary>
    private static IEnumerable<string> Statements(string sql)
    {
        var statement = new StringBuilder();
        foreach (var line in sql.Split('\n'))
        {
            statement.Append(line).Append('\n');
            if (SQLitePCL.raw.sqlite3_complete(statement.ToString()) == 0) continue;
            yield return statement.ToString();
            statement.Clear();
        }
    }

    // Control has one file, the store several kinds.
    private static string NameOf(string resource)
    {
        var parts = resource.Split('.');
        var at = Array.IndexOf(parts, "Schema");
        return parts[at - 1] == "Control" ? "Control.control" : $"{parts[at - 1]}.{parts[at + 1][5..]}";
    }

    private static int NumberOf(string resource) => int.Parse(resource.Split('.')[^2][..4], System.Globalization.CultureInfo.InvariantCulture);

    private static string Text(string resource)
    {
        using var text = new StreamReader(Assembly.GetAssembly(typeof(StoreDatabase))!.GetManifestResourceStream(resource)!);
        return text.ReadToEnd();
    }
}
