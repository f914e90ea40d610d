using Microsoft.Data.Sqlite;

namespace Callwatch.Diagnose.Checks;

/// <summary>Whether the full-text index has all of the days that it is asked for.</summary>
internal sealed class FullTextCheck : ICheck
{
    public string Name => "full_text";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel)
    {
        var catalog = Path.Combine(data.Paths.SearchFolder, "catalog.db");
        // Without one, or with a damaged one, a start makes it anew; of damage another check tells.
        if (!File.Exists(catalog)) yield break;
        foreach (var (day, from) in LeftOut(catalog))
        {
            yield return new Finding(
                Name, FindingLevel.Warning,
                FormattableString.Invariant($"Of {day:yyyy-MM-dd} a file of the full-text index was lost: what came before record {from} is found by names and previews only."),
                "Nothing has to be done; a backup has that day's file. It is lost no further, and goes with the rows of the day.");
        }
    }

    private static List<(DateOnly Day, long From)> LeftOut(string catalog)
    {
        var days = new List<(DateOnly, long)>();
        try
        {
            using var connection = DatabaseCheck.Open(catalog);
            using var command = connection.CreateCommand();
            // With files: of a day that has none any more retention has taken all.
            command.CommandText = "SELECT day, began FROM rebuilt WHERE began > 1 AND day IN (SELECT day FROM files) ORDER BY day";
            using var rows = command.ExecuteReader();
            while (rows.Read()) days.Add((DateOnly.FromDayNumber(rows.GetInt32(0)), rows.GetInt64(1)));
        }
        catch (SqliteException)
        {
            days.Clear();
        }

        return days;
    }
}
