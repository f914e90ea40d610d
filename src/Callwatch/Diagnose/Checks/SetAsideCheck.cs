using Callwatch.Store.Partitions;

namespace Callwatch.Diagnose.Checks;

/// <summary>Files that an earlier start found damaged and put aside.</summary>
internal sealed class SetAsideCheck : ICheck
{
    public string Name => "set_aside";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel) =>
        Directory.EnumerateFiles(data.Data, "*.damaged*", SearchOption.AllDirectories).Concat(Directory.EnumerateFiles(data.Data, "*" + DamagedFiles.MissingSuffix, SearchOption.AllDirectories))
            .Order(StringComparer.Ordinal).Select(file => Found(data, file));

    /// <summary>What brings a day of the store back.</summary>
    public static string? CureOf(string file) => DamagedFiles.DayOf(file) is { } day
        ? $"With the server running, {new DamagedFile(file, day, 0).Command} makes the day anew, if the journal still reaches back to it; else restore a backup into a new folder, if that day matters."
        : null;

    private Finding Found(Examined data, string file)
    {
        var name = Path.GetRelativePath(data.Data, file);
        var cure = Path.GetDirectoryName(name) == "store" ? CureOf(Path.GetFileName(file)) : null;
        return file.EndsWith(DamagedFiles.MissingSuffix, StringComparison.Ordinal)
            ? new Finding(Name, FindingLevel.Warning, $"{name[..^DamagedFiles.MissingSuffix.Length]} has vanished: lists and figures of its day are incomplete.", cure)
            : new Finding(
                Name, FindingLevel.Warning, $"{name} was found damaged and put aside{(cure is null ? "." : ": lists and figures of its day are incomplete.")}",
                cure ?? "Keep it as long as somebody may want to look into it; then delete it.");
    }
}
