using Callwatch.Store.Partitions;
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
        var days = StoredDays(data.Paths.StoreFolder);
        foreach (var (day, from) in LeftOut(catalog).Where(lost => days.Contains(lost.Day)))
        {
            yield return new Finding(
                Name, FindingLevel.Warning,
                FormattableString.Invariant($"Of {day:yyyy-MM-dd} a file of the full-text index was lost: what came before record {from} is found by names and previews only."),
                "Nothing has to be done; a backup has that day's file. It is lost no further, and goes with the rows of the day.");
        }
    }

    // Of a day without rows nothing can be found, whatever the index has. Its own files tell less: where the journal has nothing of the day, none is made again.
    private static HashSet<DateOnly> StoredDays(string store)
    {
        var days = new HashSet<DateOnly>();
        if (!Directory.Exists(store)) return days;
        foreach (var file in Directory.EnumerateFiles(store, "*.db"))
            if (Partition.TryParse(Path.GetFileName(file), out var partition)) days.Add(partition.Day);
        return days;
    }

    private static List<(DateOnly Day, long From)> LeftOut(string catalog)
    {
        var days = new List<(DateOnly, long)>();
        try
        {
            using var connection = DatabaseCheck.Open(catalog);
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT day, began FROM rebuilt WHERE began > 1 ORDER BY day";
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
