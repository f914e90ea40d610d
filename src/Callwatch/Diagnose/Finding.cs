namespace Callwatch.Diagnose;

public enum FindingLevel
{
    /// <summary>As it should be.</summary>
    Fine,

    /// <summary>Worth knowing; nothing has to be done at once.</summary>
    Warning,

    /// <summary>Something is lost, stands still or soon will.</summary>
    Problem,
}

/// <summary>What a check has found.</summary>
/// <param name="Check">Which check: <c>journal</c>, <c>disk</c>, ...</param>
/// <param name="What">One sentence.</param>
/// <param name="Cure">What to do; null where nothing is to be done.</param>
public sealed record Finding(string Check, FindingLevel Level, string What, string? Cure = null)
{
    /// <summary>Pieces of the sentences that senders, platforms or people chose: what is handed to somebody else goes without them.</summary>
    public IReadOnlyList<string> Foreign { get; init; } = [];

    /// <summary>Path and query of the page where it can be seen or mended, below the path base; null where there is none.</summary>
    public string? Page { get; init; }
}
