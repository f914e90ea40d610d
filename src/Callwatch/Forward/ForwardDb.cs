using System.Globalization;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Forward;

/// <summary><c>forward.db</c>: where lanes stand and what went wrong. Small, synced with every commit, one connection for all lanes.</summary>
internal sealed class ForwardDb : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly Lock gate = new();

    public ForwardDb(string file)
    {
        connection = StoreDatabase.OpenForWriting(file, "forward", cacheKib: 4_096);
        StoreDatabase.Execute(connection, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000");
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

    public void Dispose() => connection.Dispose();
}
