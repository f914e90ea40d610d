namespace Callwatch.Client.Api;

/// <summary>What a look at the data folder from all sides has found.</summary>
public sealed record ApiDoctor
{
    /// <summary>True when no finding is a <c>problem</c>.</summary>
    public required bool Healthy { get; init; }

    /// <summary>One for each check at least.</summary>
    public required IReadOnlyList<ApiFinding> Findings { get; init; }
}

/// <summary>What a check has found.</summary>
/// <param name="Check">Which: <c>journal</c>, <c>disk</c>, ...</param>
/// <param name="Level"><c>fine</c>, <c>warning</c> or <c>problem</c>.</param>
/// <param name="What">In one sentence.</param>
/// <param name="Cure">What to do; null where nothing is to be done.</param>
public sealed record ApiFinding(string Check, string Level, string What, string? Cure);
