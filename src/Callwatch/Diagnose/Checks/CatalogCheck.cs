using Callwatch.Store.Partitions;

namespace Callwatch.Diagnose.Checks;

/// <summary>Whether the store's table of contents and its files agree.</summary>
internal sealed class CatalogCheck : ICheck
{
    public string Name => "catalog";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel)
    {
        var catalog = Path.Combine(data.Paths.StoreFolder, "catalog.db");
        if (!Directory.Exists(data.Paths.StoreFolder)) yield break;
        if (!File.Exists(catalog))
        {
            yield return new Finding(Name, FindingLevel.Warning, "The store has no catalog; the next start makes one from the files and reads the journal again, which stores nothing twice.");
            yield break;
        }

        var known = Known(catalog);

        // What was made or taken in this very moment is no finding.
        var files = Directory.EnumerateFiles(data.Paths.StoreFolder, "*.db").Select(file => Path.GetFileName(file)).Where(file => Partition.TryParse(file, out _)).ToHashSet(StringComparer.Ordinal);
        foreach (var missing in known.Except(files).Where(file => !File.Exists(Path.Combine(data.Paths.StoreFolder, file))).Order(StringComparer.Ordinal))
            yield return new Finding(Name, FindingLevel.Problem, $"store/{missing} is missing: lists and figures of its day are incomplete.", SetAsideCheck.CureOf(missing));
        if (data.Ready is not null) yield break;
        foreach (var unknown in files.Except(known).Order(StringComparer.Ordinal))
            yield return new Finding(Name, FindingLevel.Warning, $"store/{unknown} is not in the catalog; the next start takes it in, or away where a rebuilt file stands for it.");
    }

    private static HashSet<string> Known(string catalog)
    {
        using var connection = DatabaseCheck.Open(catalog);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT file FROM partitions";
        using var rows = command.ExecuteReader();
        var known = new HashSet<string>(StringComparer.Ordinal);
        while (rows.Read()) known.Add(rows.GetString(0));
        return known;
    }
}
