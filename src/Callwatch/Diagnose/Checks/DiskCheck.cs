using Callwatch.Journal;
using Callwatch.Journal.Disk;

namespace Callwatch.Diagnose.Checks;

/// <summary>Whether there is room.</summary>
internal sealed class DiskCheck : ICheck
{
    public string Name => "disk";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel)
    {
        var disk = new RealDiskSpace().Of(data.Data);
        var keep = new JournalOptions().KeepFreeBytes(disk.TotalBytes);
        const string Cure = "Make room or a larger disk, or shorten what is kept (settings/retention, Callwatch:Journal:MaxAge).";
        if (!disk.IsKnown)
        {
            yield return new Finding(
                Name, FindingLevel.Warning, "The file system does not say how large it is: nothing goes for want of room, and a full disk shows only when it refuses to write.",
                "Set Callwatch:Journal:MaxBytes and Callwatch:Media:MaxBytes, or put the data folder on a local disk.");
        }

        if (disk.FreeBytes < keep) yield return new Finding(Name, FindingLevel.Problem, $"{disk.FreeBytes >> 20} MiB are free; below {keep >> 20} MiB nothing is received.", Cure);
        else if (disk.FreeBytes < 2 * keep) yield return new Finding(Name, FindingLevel.Warning, $"{disk.FreeBytes >> 20} MiB are free; below {keep >> 20} MiB nothing would be received.", Cure);
    }
}
