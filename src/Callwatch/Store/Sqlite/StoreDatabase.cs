using System.Buffers.Binary;
using System.Globalization;
using System.Reflection;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Sqlite;

/// <summary>Opens the store's SQLite files with the settings that its promises rest on.</summary>
internal static class StoreDatabase
{
    private const int MostPlausible = 1_000;

    // The full-text index and control data have scripts of their own, some by the same names.
    private static readonly string[] Stages = [".Store.Schema.", ".Settle.Schema.", ".Forward.Schema."];

    /// <summary>Opens a file for writing and brings it to the newest schema.</summary>
    /// <param name="schema">Name of the numbered scripts, each stage's in its folder <c>Schema</c>: <c>partition</c>, <c>catalog</c>, <c>settled</c>.</param>
    public static SqliteConnection OpenForWriting(string file, string schema, int cacheKib)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        try
        {
            connection.OpenNamed();
            // The journal is the truth: a commit lost in a power cut is read again from there, so none has to wait for the disk.
            // Checkpoints are made off the writer's way. A checkpoint that runs meanwhile must not fail a commit: busy_timeout.
            Execute(connection, $"""
                PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA busy_timeout = 10000;
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
            connection.OpenNamed();
            Execute(connection, "PRAGMA query_only = ON; PRAGMA busy_timeout = 10000; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -1024");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opens a file that nobody else has open for a look into it, as a start does with each of a thousand: where it has no log, none is made
    /// and taken away again, nor the shared memory of one.
    /// </summary>
    public static SqliteConnection OpenAtRest(string file)
    {
        if (OperatingSystem.IsWindows() || File.Exists(file + "-wal")) return OpenForReading(file);
        var path = string.Join('/', Path.GetFullPath(file).Split('/').Select(Uri.EscapeDataString));
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = $"file:{path}?immutable=1", Pooling = false, Mode = SqliteOpenMode.ReadOnly }.ToString());
        try
        {
            connection.OpenNamed();
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

    /// <summary>
    /// The schema's version in the file; 0 when a crash came before its making was committed. It stands there twice (files of the first program:
    /// once), so that a damaged byte is neither taken for a newer program's file nor for an empty one.
    /// </summary>
    public static long SchemaOf(SqliteConnection connection)
    {
        var (said, again) = (Number(connection, "PRAGMA user_version") ?? 0, Number(connection, "PRAGMA application_id") ?? 0);
        if (said == again || (again == 0 && said is > 0 and <= MostPlausible)) return said != 0 || IsEmpty(connection) ? said : 1;
        return again is > 0 and <= MostPlausible ? again : said is > 0 and <= MostPlausible ? said : 1;
    }

    /// <summary>The number of the newest script of a schema.</summary>
    public static int NewestOf(string schema) => Scripts(schema)[^1].Number;

    /// <summary>The schema's version as a closed file says it, without opening it as a database; 0 when it does not say so clearly.</summary>
    public static int SchemaInHeader(string file)
    {
        Span<byte> bytes = stackalloc byte[72];
        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (RandomAccess.Read(handle, bytes, 0) < bytes.Length || !bytes.StartsWith("SQLite format 3\0"u8)) return 0;
        var said = BinaryPrimitives.ReadInt32BigEndian(bytes[60..]);
        return said == BinaryPrimitives.ReadInt32BigEndian(bytes[68..]) ? said : 0;
    }

    // Each numbered script in a transaction of its own with its number, so that a stop at any statement repeats or skips it as a whole.
    private static void Migrate(SqliteConnection connection, string schema)
    {
        var (version, scripts) = (SchemaOf(connection), Scripts(schema));
        if (version > scripts[^1].Number) throw Newer(Path.GetDirectoryName(connection.DataSource)!, version, scripts[^1].Number);
        foreach (var (number, name) in scripts.Where(script => script.Number > version))
        {
            using var script = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!);
            var said = number.ToString(CultureInfo.InvariantCulture);
            Execute(connection, "BEGIN IMMEDIATE");

            // Another connection may have done it while this one waited.
            if (SchemaOf(connection) >= number) Execute(connection, "ROLLBACK");
            else Execute(connection, $"{script.ReadToEnd()}; PRAGMA user_version = {said}; PRAGMA application_id = {said}; COMMIT;");
        }
    }

    public static StartRefusedException Newer(string folder, long version, long known) =>
        new(new StartRefusal.DataNewer(Path.GetDirectoryName(Path.GetFullPath(folder))!, "store", version, known));

    private static bool IsEmpty(SqliteConnection connection) => Number(connection, "SELECT count(*) FROM sqlite_master") == 0;

    private static List<(int Number, string Name)> Scripts(string schema) =>
    [
        .. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(name => Stages.Any(stage => name.Contains(stage, StringComparison.Ordinal)) && name.EndsWith($"_{schema}.sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => (int.Parse(name.AsSpan(name.IndexOf(".Schema.", StringComparison.Ordinal) + ".Schema.".Length, 4), CultureInfo.InvariantCulture), name)),
    ];
}
