namespace Callwatch.Diagnose.Checks;

/// <summary>Files that an earlier start found damaged and put aside.</summary>
internal sealed class SetAsideCheck : ICheck
{
    public string Name => "set_aside";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel) =>
        from file in Directory.EnumerateFiles(data.Data, "*.damaged*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        select new Finding(Name, FindingLevel.Warning, $"{Path.GetRelativePath(data.Data, file)} was found damaged and put aside.", "Keep it as long as somebody may want to look into it; then delete it.");
}
