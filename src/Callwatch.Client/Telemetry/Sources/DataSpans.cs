using System.Data;
using System.Data.Common;
using System.Diagnostics;
using System.Text;

namespace Callwatch.Client.Telemetry.Sources;

/// <summary>Spans of database commands, by the conventions for databases.</summary>
internal static class DataSpans
{
    private const int LongestText = 4_000;

    public static readonly ActivitySource Source = new(KnownSources.Data, typeof(DataSpans).Assembly.GetName().Version?.ToString(3) ?? "");

    /// <summary>Null where nobody listens.</summary>
    /// <param name="began">Null for now.</param>
    public static Activity? Begin(DbCommand command, string? database, string system, DateTimeOffset? began = null)
    {
        if (!Source.HasListeners()) return null;
        var verb = VerbOf(command);
        // Without a context the current activity becomes the parent itself, and not just its id: the local trace goes on.
        var span = Source.StartActivity(ActivityKind.Client, default(ActivityContext), startTime: began ?? default, name: verb is null ? system : verb + (database is null ? "" : " " + database));
        if (span is not { IsAllDataRequested: true }) return span;
        span.SetTag("db.system.name", system);
        if (database is not null) span.SetTag("db.namespace", database);
        if (verb is not null) span.SetTag("db.operation.name", verb);
        span.SetTag("db.query.text", WithoutValues(command.CommandText ?? ""));
        return span;
    }

    public static void Failed(Activity? span, Exception error)
    {
        if (span is not { IsAllDataRequested: true }) return;
        span.SetTag("error.type", error.GetType().FullName);
        if (error is DbException { SqlState: { Length: > 0 } state }) span.SetTag("db.response.status_code", state);
        span.SetStatus(ActivityStatusCode.Error, error.Message);
        SpanErrors.TryAdd(span, error);
    }

    public static string SystemOf(DbConnection? connection)
    {
        var type = connection?.GetType().Name ?? "";
        return type switch
        {
            "SqliteConnection" => "sqlite",
            "NpgsqlConnection" => "postgresql",
            "SqlConnection" => "microsoft.sql_server",
            "MySqlConnection" => "mysql",
            "OracleConnection" => "oracle.db",
            _ => "other_sql",
        };
    }

    /// <summary>A file by its name alone: a path tells of the machine.</summary>
    public static string? NameOf(DbConnection? connection, string system)
    {
        if (connection is null) return null;
        var name = system == "sqlite" ? connection.DataSource : connection.Database;
        if (system == "sqlite") name = Path.GetFileName(name);
        return string.IsNullOrEmpty(name) ? null : name;
    }

    private static string? VerbOf(DbCommand command)
    {
        if (command.CommandType == CommandType.StoredProcedure) return "EXECUTE";
        var text = command.CommandText.AsSpan().TrimStart();
        // Some write a comment in front.
        while (text.StartsWith("--"))
        {
            var end = text.IndexOf('\n');
            if (end < 0) return null;
            text = text[(end + 1)..].TrimStart();
        }

        var length = 0;
        while (length < text.Length && length < 20 && char.IsAsciiLetter(text[length])) length++;
        return length == 0 ? null : text[..length].ToString().ToUpperInvariant();
    }

    /// <summary>The command with <c>?</c> in place of its texts and numbers, which may be anybody's data; parameters stay by their names.</summary>
    internal static string WithoutValues(string text)
    {
        var into = new StringBuilder(Math.Min(text.Length, LongestText));
        for (var at = 0; at < text.Length && into.Length < LongestText;)
        {
            var letter = text[at];
            if (letter == '\'')
            {
                at = EndOfText(text, at + 1);
                into.Append('?');
            }
            else if (char.IsAsciiDigit(letter) && (at == 0 || !IsPartOfName(text[at - 1])))
            {
                while (at < text.Length && (IsPartOfName(text[at]) || text[at] == '.')) at++;
                into.Append('?');
            }
            else
            {
                into.Append(letter);
                at++;
            }
        }

        return into.ToString();
    }

    // A quote within is written twice.
    private static int EndOfText(string text, int at)
    {
        while (at < text.Length)
        {
            if (text[at] != '\'') at++;
            else if (at + 1 < text.Length && text[at + 1] == '\'') at += 2;
            else return at + 1;
        }

        return at;
    }

    private static bool IsPartOfName(char letter) => char.IsLetterOrDigit(letter) || letter is '_' or '@' or '$' or ':' or '"';
}
