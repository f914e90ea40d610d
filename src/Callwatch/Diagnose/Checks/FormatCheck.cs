using System.Globalization;
using Callwatch.Control;

namespace Callwatch.Diagnose.Checks;

/// <summary>Whether it is a whole data folder that this program can read.</summary>
internal sealed class FormatCheck : ICheck
{
    public string Name => "folder";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel)
    {
        if (File.Exists(Path.Combine(data.Data, DataFolder.RestoringFile)))
            yield return new Finding(Name, FindingLevel.Problem, "A restore into it was not finished; no server starts on it.", "Run it again: callwatch restore BACKUP --data DIR.");
        var format = Path.Combine(data.Data, "format");
        if (!File.Exists(format)) yield return new Finding(Name, FindingLevel.Warning, "The file format is missing; the next start makes it.");
        else if (!int.TryParse(File.ReadAllText(format).Trim('\0', '\n', ' '), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            yield return new Finding(Name, FindingLevel.Problem, "The file format holds no number; no server starts on it.", $"Write {DataFolder.Format} into it, if nothing newer than this program has used the folder.");
        else if (number > DataFolder.Format)
            yield return new Finding(Name, FindingLevel.Problem, "It was written by a newer callwatch.", "Use that version.");
        if (!File.Exists(data.Paths.ControlFile)) yield return new Finding(Name, FindingLevel.Problem, "control.db is missing: tenants, apps, keys and prices are in it.", "Restore a backup into a new folder.");
        var key = Path.Combine(data.Data, FirstStart.AdminKeyFileName);
        if (!OperatingSystem.IsWindows() && File.Exists(key) && (File.GetUnixFileMode(key) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != UnixFileMode.None)
            yield return new Finding(Name, FindingLevel.Warning, "admin.key can be read by others than its owner.", $"chmod 600 {key}");
    }
}
