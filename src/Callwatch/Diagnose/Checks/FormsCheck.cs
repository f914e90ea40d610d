using System.Xml;

namespace Callwatch.Diagnose.Checks;

/// <summary>The keys that protect the dashboard's forms: one that cannot be read is passed over, and another made.</summary>
internal sealed class FormsCheck : ICheck
{
    public string Name => "forms";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel)
    {
        var folder = Path.Combine(data.Data, "forms");
        if (!Directory.Exists(folder)) return [];
        return Directory.EnumerateFiles(folder, "*.xml").Order(StringComparer.Ordinal).Where(file => !IsSound(file)).Select(file => new Finding(
            Name, FindingLevel.Warning, $"{Path.GetRelativePath(data.Data, file)} cannot be read: forms that were open when it was damaged have to be loaded anew.",
            "Delete it. Another key is there already, or is made when the next form is shown."));
    }

    private static bool IsSound(string file)
    {
        try
        {
            using var reader = XmlReader.Create(file, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            while (reader.Read())
            {
                // To its end.
            }

            return true;
        }
        catch (Exception e) when (e is XmlException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
