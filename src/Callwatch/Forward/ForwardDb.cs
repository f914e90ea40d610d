using System.Globalization;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;
using Callwatch.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Callwatch.Forward;

/// <summary><c>forward.db</c>: where lanes stand and what went wrong. Small, synced with every commit, one connection for all lanes.</summary>
internal sealed partial class ForwardDb : IDisposable
{
    // Larger ones are not read from end to end at every start.
    private const long MostLookedThrough = 64L << 20;

    private static readonly string[] Tables = ["lanes", "anchors", "dead_letters", "steps", "losses", "lost"];

    private readonly SqliteConnection connection;
    private readonly Dictionary<string, Statement> prepared = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <param name="time">For the note about a file that was set aside; the system's by default.</param>
    /// <exception cref="StartRefusedException">A newer program has written it.</exception>
    public ForwardDb(string file, TimeProvider? time = null)
    {
        if (Open(file) is { } sound) connection = sound;
        else
        {
            // Destinations begin again at their beginning: rather twice, with the same ids, than not at all.
            DamagedFiles.SetAside(Path.GetDirectoryName(Path.GetFullPath(file))!, Path.GetFileName(file));
            connection = Open(file) ?? throw new IOException($"{file} cannot be made anew.");
            SetAside = true;
            using var note = Command(connection, "INSERT INTO lost (time) VALUES ($1)", Timestamp.From((time ?? TimeProvider.System).GetUtcNow()).UnixNanoseconds);
            note.ExecuteNonQuery();
        }

        using var last = Command(connection, "SELECT max(time) FROM lost");
        LostAt = last.ExecuteScalar() is long lost ? new Timestamp(lost) : null;
    }

    /// <summary>True when this start found the file damaged and began a new one.</summary>
    public bool SetAside { get; }

    /// <summary>When a damaged file was last set aside: what is not known of destinations made before then was known once. Null when none ever was.</summary>
    public Timestamp? LostAt { get; }

    /// <summary>Says so where this start has set a file aside.</summary>
    public void Report(Counters counters, ILogger log)
    {
        if (!SetAside) return;
        counters.Add(Reason.DamagedForwardFile);
        BegunAnew(log);
    }

    /// <summary>In one transaction, on disk on return.</summary>
    /// <exception cref="SqliteException">The disk refuses; nothing was changed.</exception>
    public T Write<T>(Func<SqliteConnection, T> change)
    {
        lock (gate)
        {
            using var transaction = connection.BeginTransaction();
            var result = change(connection);
            transaction.Commit();
            return result;
        }
    }

    public T Read<T>(Func<SqliteConnection, T> question)
    {
        lock (gate) return question(connection);
    }

    /// <summary>A command with its parameters <c>$1</c>, <c>$2</c>, ... in order; null is NULL.</summary>
    public static SqliteCommand Command(SqliteConnection connection, string sql, params object?[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++) command.Parameters.AddWithValue("$" + (i + 1).ToString(CultureInfo.InvariantCulture), values[i] ?? DBNull.Value);
        return command;
    }

    /// <summary>A statement that is prepared once, for what is done for every trace; only within <see cref="Read"/> and <see cref="Write"/>, and run to its end there.</summary>
    public Statement Prepared(string sql) => prepared.TryGetValue(sql, out var statement) ? statement : prepared[sql] = new Statement(connection, sql);

    public void Dispose()
    {
        foreach (var statement in prepared.Values) statement.Dispose();
        connection.Dispose();
    }

    /// <summary>Null when the file is damaged.</summary>
    private static SqliteConnection? Open(string file)
    {
        SqliteConnection? opened = null;
        try
        {
            opened = StoreDatabase.OpenForWriting(file, "forward", cacheKib: 4_096);
            StoreDatabase.Execute(opened, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000");
            foreach (var table in Tables) StoreDatabase.Execute(opened, $"SELECT 1 FROM {table} LIMIT 1");
            if (new FileInfo(file).Length > MostLookedThrough || IsWhole(opened)) return opened;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_ERROR)
        {
            // Set aside by whoever asked.
        }
        catch
        {
            opened?.Dispose();
            throw;
        }

        opened?.Dispose();
        return null;
    }

    private static bool IsWhole(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA quick_check(1)";
        return command.ExecuteScalar() as string == "ok";
    }

    [LoggerMessage(EventId = 661, Level = LogLevel.Error, Message = "forward.db was damaged and is set aside: destinations begin again where they were made and are sent the same once more, with the same ids; their dead letters and replays are gone")]
    private static partial void BegunAnew(ILogger log);
}
