namespace Callwatch.Diagnose.Checks;

/// <summary>Whether what reads the journal keeps up with it.</summary>
internal sealed class BacklogCheck : ICheck
{
    private const double WorthAWord = 60, Long = 900;

    public string Name => "backlog";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel)
    {
        foreach (var reader in data.Readers)
        {
            if (reader.State is "failing" or "stopped")
            {
                yield return new Finding(Name, FindingLevel.Problem, $"{reader.Name} does not go on: {reader.Why?.TrimEnd('.') ?? reader.State}. {reader.Lag} records wait.", "The log says more; what it waits for is on the page System.") { Page = "/system", Foreign = reader.Why is null ? [] : [reader.Why.TrimEnd('.')] };
            }
            else if (reader.LagSeconds > WorthAWord)
            {
                yield return new Finding(
                    Name, reader.LagSeconds > Long ? FindingLevel.Problem : FindingLevel.Warning, $"{reader.Name} is {(long)reader.LagSeconds} s behind: {reader.Lag} records wait.",
                    "More comes than this machine stores, or its disk is slow: send less, give it more cores, or a faster disk. Nothing is lost meanwhile.")
                {
                    Page = "/system",
                };
            }
        }
    }
}
