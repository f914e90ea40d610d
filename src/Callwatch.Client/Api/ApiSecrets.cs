namespace Callwatch.Client.Api;

/// <summary>How the secrets of destinations are kept; none of them is in it.</summary>
/// <param name="Source"><c>master.key</c>, or the setting the master key comes from.</param>
/// <param name="MasterKeyId">Tells master keys apart; null when there is none.</param>
/// <param name="DataKeys">Keys that secrets are sealed with, one per tenant.</param>
/// <param name="Sealed">Destinations that have secrets.</param>
/// <param name="Locked">Of them, those whose secrets the master key does not open.</param>
/// <param name="Problem">Why there is no master key, and what to do; null when there is one.</param>
public sealed record ApiSecrets(string Source, string? MasterKeyId, int DataKeys, int Sealed, int Locked, string? Problem);

/// <summary>Asks for other keys.</summary>
public sealed record ApiRotationWish
{
    /// <summary><c>tenant</c> (the default): a new data key for the caller's tenant; <c>all</c>: for every tenant; <c>master</c>: another master key. The last two are the operator's.</summary>
    public string? What { get; init; }
}

/// <summary>What a rotation did.</summary>
/// <param name="What"><c>tenant</c>, <c>all</c> or <c>master</c>.</param>
/// <param name="DataKeys">Data keys that were made, or sealed anew.</param>
/// <param name="Secrets">Destinations whose secrets were sealed anew; none when the master key was changed.</param>
/// <param name="Locked">Destinations left as they were, because their secrets do not open.</param>
/// <param name="MasterKeyId">Of the master key in use.</param>
public sealed record ApiRotation(string What, int DataKeys, int Secrets, int Locked, string MasterKeyId);
