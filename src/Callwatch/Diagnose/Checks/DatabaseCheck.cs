using Microsoft.Data.Sqlite;

namespace Callwatch.Diagnose.Checks;

/// <summary>Lets SQLite look through every page of every database.</summary>
internal sealed class DatabaseCheck : ICheck
{
    public string Name => "databases";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel)
    {
        foreach (var file in data.Databases())
        {
            cancel.ThrowIfCancellationRequested();
            if (TroubleOf(file, data.Deep) is not { } trouble) continue;
            var name = Path.GetRelativePath(data.Data, file);
            yield return new Finding(Name, FindingLevel.Problem, $"{name} is damaged: {trouble}.", Cure(name));
        }
    }

    /// <summary>For reading; it may be in use.</summary>
    public static SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, Mode = SqliteOpenMode.ReadWrite }.ToString());
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA query_only = ON; PRAGMA busy_timeout = 10000";
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static string? TroubleOf(string file, bool deep)
    {
        try
        {
            using var connection = Open(file);
            using var command = connection.CreateCommand();
            command.CommandText = deep ? "PRAGMA quick_check(3)" : "SELECT 'ok' FROM (SELECT count(*) FROM sqlite_master)";
            using var rows = command.ExecuteReader();
            var lines = new List<string>();
            while (rows.Read()) lines.Add(rows.GetString(0).ReplaceLineEndings(" ").TrimEnd('.'));
            return lines is ["ok"] ? null : string.Join("; ", lines);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_IOERR)
        {
            return SQLitePCL.raw.sqlite3_errstr(e.SqliteErrorCode).utf8_to_string();
        }
    }

    private static string Cure(string name) => Path.GetDirectoryName(name) switch
    {
        "store" => "Stop the server and move the file away: what the journal still holds of that day is stored again by callwatch reindex; older days are in backups only.",
        "settled" => "Stop the server and move the file away: what the journal still holds of it settles once more, and destinations are sent it once more, with the same ids.",
        "" when name == "forward.db" => "Stop the server and move the file away: each destination begins again where it was made, with the same ids; its dead letters and replays are gone.",
        "search" => "Stop the server and move the folder search/ away: it is made again from the journal.",
        _ => "Restore a backup into a new folder: this one cannot be made again.",
    };
}
