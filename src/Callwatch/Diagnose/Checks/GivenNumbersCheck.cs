using System.Globalization;
using Callwatch.Control;

namespace Callwatch.Diagnose.Checks;

/// <summary>Whether control data are as new as all that refers to them.</summary>
internal sealed class GivenNumbersCheck : ICheck
{
    public string Name => "control";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel)
    {
        if (!File.Exists(data.Paths.ControlFile)) return [];
        using var connection = DatabaseCheck.Open(data.Paths.ControlFile);
        return [.. new GivenNumbers(Path.Combine(data.Data, GivenNumbers.Name)).Lost(connection).Select(lost => new Finding(
            Name, FindingLevel.Warning,
            string.Create(CultureInfo.InvariantCulture, $"control.db is older than the rest: {lost.Table} have had numbers up to {lost.Known}, and it knows none above {lost.There}."),
            "What was received for them is kept under its numbers, and nobody else gets these. Put the newer control.db back if there is one; else make tenants, keys and destinations again."))];
    }
}
