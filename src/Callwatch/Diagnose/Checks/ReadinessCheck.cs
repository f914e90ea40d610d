namespace Callwatch.Diagnose.Checks;

/// <summary>Whether the running server takes and stores what is sent.</summary>
internal sealed class ReadinessCheck : ICheck
{
    public string Name => "ready";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel)
    {
        if (data.Ready is (false, var reason)) yield return new Finding(Name, FindingLevel.Problem, reason ?? "It is not ready.", "The findings below and the log say more.");
    }
}
