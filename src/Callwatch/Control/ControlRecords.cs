using Callwatch.Spans;

namespace Callwatch.Control;

/// <summary>An organisation; nothing crosses from one to another. Tenant 1 is <c>default</c>.</summary>
public sealed record Tenant(int Id, string Name);

/// <summary>An application whose calls are watched. Each tenant has one named <c>default</c> and, past the bound, one named <c>other</c>.</summary>
public sealed record App(int Id, int TenantId, string Name);

/// <summary>What a key may do (api, section 2).</summary>
[Flags]
public enum KeyScopes : byte
{
    None = 0,

    /// <summary>Send for its own app.</summary>
    Ingest = 1,

    /// <summary>Read; its own app if it has one, else its tenant.</summary>
    Read = 2,

    /// <summary>Send and name tenant and app.</summary>
    IngestAny = 4,

    /// <summary>Everything in its tenant.</summary>
    Admin = 8,

    /// <summary>The instance: all tenants.</summary>
    Operator = 16,
}

/// <summary>A key without its secret, which is stored hashed and shown once.</summary>
public sealed record ApiKey(
    int Id, int TenantId, int? AppId, KeyScopes Scopes, string Prefix, string? Label, Timestamp CreatedAt, Timestamp? RevokedAt);
