using System.Globalization;
using System.Text;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Callwatch.Control;

/// <summary>
/// The highest numbers of tenants, apps and destinations that were ever given away, in the file <c>numbers</c> beside <c>control.db</c>. Rows,
/// journal and lanes know them by number alone: where <c>control.db</c> had to come from an older backup, a number given away anew would show
/// one tenant's prompts to another. A line each, "apps 17"; without the file the numbers of <c>control.db</c> are all that is known. Thread-safe.
/// </summary>
internal sealed class GivenNumbers(string file)
{
    public const string Name = "numbers";

    private const int MostBytes = 1_000;

    private const string Destinations = "destinations";

    private static readonly string[] Tables = ["tenants", "apps", Destinations];

    private readonly Lock gate = new();

    // All that this process has read or written: a file that cannot be opened for a while takes nothing of it back.
    private readonly Dictionary<string, long> highest = new(StringComparer.Ordinal);
    private bool wasRead;

    /// <summary>The number for a new row of the table, within the transaction in which it is written.</summary>
    /// <exception cref="IOException">The file is there and has never been read: a number that is lost could be given away.</exception>
    public long Next(SqliteConnection connection, SqliteTransaction transaction, string table) =>
        Math.Max(Highest(connection, transaction, table), Known().GetValueOrDefault(table)) + 1;

    /// <summary>Those numbers that are known and of which <c>control.db</c> knows nothing, by table: the highest known, and the highest there.</summary>
    public IReadOnlyList<(string Table, long Known, long There)> Lost(SqliteConnection connection)
    {
        try
        {
            return [.. Known().Select(known => (known.Key, known.Value, Highest(connection, null, known.Key))).Where(number => number.Value > number.Item3)];
        }
        catch (IOException)
        {
            // Another check says which files cannot be read.
            return [];
        }
    }

    /// <summary>
    /// Numbers of destinations are SQLite's to give: the next one is above those that are known. Not before one is made: until then what lanes
    /// know of the lost ones stays, for the newer <c>control.db</c> may be put back.
    /// </summary>
    /// <exception cref="IOException">As for <see cref="Next"/>.</exception>
    public void Raise(SqliteConnection connection, SqliteTransaction transaction)
    {
        var known = Known().GetValueOrDefault(Destinations);
        if (known <= Highest(connection, transaction, Destinations)) return;
        connection.Execute(
            "DELETE FROM sqlite_sequence WHERE name = 'destinations'; INSERT INTO sqlite_sequence (name, seq) VALUES ('destinations', @known)", new { known }, transaction);
    }

    /// <summary>Keeps what <c>control.db</c> says now; to be called after a commit. A disk that refuses leaves it to the next call, or start.</summary>
    public void Keep(SqliteConnection connection)
    {
        lock (gate)
        {
            foreach (var table in Tables) Remember(table, Highest(connection, null, table));
            try
            {
                // Read again: a command on the folder may have given some away meanwhile. What cannot be read is not written over.
                var known = Read();
                foreach (var (table, number) in known) Remember(table, number);
                wasRead = true;
                var now = Tables.Select(table => KeyValuePair.Create(table, highest[table])).ToList();
                if (now.TrueForAll(number => known.GetValueOrDefault(number.Key) == number.Value)) return;
                Folders.WriteWhole(file, Encoding.ASCII.GetBytes(string.Concat(now.Select(number => string.Create(CultureInfo.InvariantCulture, $"{number.Key} {number.Value}\n")))));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Only what is restored before the next call would miss it.
            }
        }
    }

    private Dictionary<string, long> Known()
    {
        lock (gate)
        {
            try
            {
                foreach (var (table, number) in Read()) Remember(table, number);
                wasRead = true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // What was given away since it was read stands in control.db.
                if (!wasRead) throw new IOException($"The file {Name} cannot be read.", e);
            }

            return new Dictionary<string, long>(highest, StringComparer.Ordinal);
        }
    }

    private void Remember(string table, long number) => highest[table] = Math.Max(highest.GetValueOrDefault(table), number);

    // What is no such line, or no plausible number, is none.
    private Dictionary<string, long> Read()
    {
        var known = new Dictionary<string, long>(StringComparer.Ordinal);
        if (!File.Exists(file) || new FileInfo(file).Length > MostBytes) return known;
        foreach (var line in File.ReadLines(file))
        {
            if (line.Split(' ') is [var table, var said] && Tables.Contains(table) && long.TryParse(said, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and < int.MaxValue / 2)
                known[table] = number;
        }

        return known;
    }

    // Written out for each table: none of them comes from outside.
    private static long Highest(SqliteConnection connection, SqliteTransaction? transaction, string table) => connection.ExecuteScalar<long>(
        table switch
        {
            "tenants" => "SELECT coalesce(max(id), 0) FROM tenants",
            "apps" => "SELECT coalesce(max(id), 0) FROM apps",
            // Also of those that were deleted.
            _ => "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'destinations'",
        },
        transaction: transaction);
}
