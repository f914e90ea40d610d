using System.Data.Common;
using Callwatch.Client.Data;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Samples.Shared;

/// <summary>
/// The database that both services share, <c>ConnectionStrings:Chat</c>: a file of SQLite's (<c>Data Source=chat.db</c>) or a PostgreSQL server
/// (<c>Host=127.0.0.1;Username=...</c>). The SQL is the same for both.
/// </summary>
internal sealed class Database(IConfiguration settings)
{
    private const string Schema = """
        CREATE TABLE IF NOT EXISTS conversations (id TEXT PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE IF NOT EXISTS messages (id TEXT PRIMARY KEY, conversation TEXT NOT NULL, asked TEXT NOT NULL, answered TEXT NOT NULL);
        CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, envelope TEXT NOT NULL);
        """;

    private readonly string where = settings.GetConnectionString("Chat") ?? "Data Source=chat.db";

    public async Task PrepareAsync()
    {
        await using var connection = await OpenAsync(CancellationToken.None);
        await connection.Command(Schema).ExecuteNonQueryAsync();
    }

    public async Task<DbConnection> OpenAsync(CancellationToken cancel)
    {
        // Npgsql makes spans by itself; the driver of SQLite does not, so its connection is wrapped.
        DbConnection connection = where.Contains("Host=", StringComparison.OrdinalIgnoreCase) ? new NpgsqlConnection(where) : new SqliteConnection(where).Traced();
        await connection.OpenAsync(cancel);
        return connection;
    }
}

internal static class Commands
{
    public static DbCommand Command(this DbConnection connection, string sql, params (string Name, string Value)[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
