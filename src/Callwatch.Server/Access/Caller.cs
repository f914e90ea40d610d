using Callwatch.Control;
using Callwatch.Query;

namespace Callwatch.Server.Access;

/// <summary>By what right somebody asks.</summary>
public enum CallerKind
{
    Key,

    /// <summary>No key, but from this very machine (<see cref="LoopbackTrust"/>): may send and look, and change nothing.</summary>
    Loopback,

    /// <summary>The cookie of a sign-in.</summary>
    SignIn,
}

/// <summary>Who asks: the tenant (and app) of the key, of the trusted loopback, or of the sign-in, and what it may do.</summary>
/// <param name="AppId">The one app it is for; null for the whole tenant.</param>
/// <param name="Scopes">With all that they imply (<see cref="CallerScopes.WithImplied"/>).</param>
/// <param name="KeyId">0 for trusted loopback and for the sign-in link.</param>
public sealed record Caller(int TenantId, int? AppId, KeyScopes Scopes, int KeyId)
{
    public CallerKind Kind { get; init; }

    /// <summary>May name the app of what it sends (architecture, section 3.1).</summary>
    public bool MayNameApp => MayAnyOf(KeyScopes.IngestAny);

    /// <summary>For what remembers who did something.</summary>
    public string Who => KeyId == 0 ? "A sign-in" : $"Key {KeyId}";

    public bool MayAnyOf(KeyScopes scopes) => (Scopes & scopes) != KeyScopes.None;

    /// <summary>
    /// May see how the instance is: its operator, and who sits at the machine itself, who sees its disk anyway; but not what is other tenants', where
    /// there are others.
    /// </summary>
    public bool SeesInstance(Apps apps) => MayAnyOf(KeyScopes.Operator) || (Kind == CallerKind.Loopback && !apps.HasSeveralTenants);

    /// <summary>What it may see.</summary>
    public ReadScope ReadScope => new(TenantId, AppId);
}

public static class CallerScopes
{
    /// <summary>Operator may all; admin all within its tenant; who may name the app may send.</summary>
    public static KeyScopes WithImplied(this KeyScopes scopes)
    {
        if (scopes.HasFlag(KeyScopes.Operator)) scopes |= KeyScopes.Admin;
        if (scopes.HasFlag(KeyScopes.Admin)) scopes |= KeyScopes.Read | KeyScopes.IngestAny;
        return scopes.HasFlag(KeyScopes.IngestAny) ? scopes | KeyScopes.Ingest : scopes;
    }
}
