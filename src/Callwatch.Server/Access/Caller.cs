using Callwatch.Control;

namespace Callwatch.Server.Access;

/// <summary>Who asks: the tenant (and app) of the key, of the trusted loopback, or of the sign-in, and what it may do.</summary>
/// <param name="KeyId">0 for trusted loopback and sign-in.</param>
public sealed record Caller(int TenantId, int? AppId, KeyScopes Scopes, int KeyId)
{
    /// <summary>May name tenant and app of what it sends (architecture, section 3.1).</summary>
    public bool MayNameApp => (Scopes & (KeyScopes.IngestAny | KeyScopes.Admin | KeyScopes.Operator)) != KeyScopes.None || KeyId == 0;
}
