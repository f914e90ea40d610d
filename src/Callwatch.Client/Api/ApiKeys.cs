namespace Callwatch.Client.Api;

/// <summary>A key without its secret, which the server keeps hashed and shows once.</summary>
public record ApiAccessKey
{
    /// <summary>Its number.</summary>
    public required int Id { get; init; }

    /// <summary>The one app it is for; null for the whole tenant.</summary>
    public string? App { get; init; }

    /// <summary>What it may do: <c>ingest</c>, <c>read</c>, <c>ingest-any</c>, <c>admin</c>, <c>operator</c>.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>The first characters of its secret, to tell keys apart.</summary>
    public required string Prefix { get; init; }

    /// <summary>What it is for, in the words of who made it.</summary>
    public string? Label { get; init; }

    /// <summary>When it was made, RFC 3339 in UTC.</summary>
    public required string CreatedAt { get; init; }

    /// <summary>When it was revoked; null while it works.</summary>
    public string? RevokedAt { get; init; }
}

/// <summary>A key just made: the only time its secret is shown.</summary>
public sealed record ApiNewAccessKey : ApiAccessKey
{
    /// <summary>What to send as <c>Authorization: Bearer</c>.</summary>
    public required string Secret { get; init; }
}

/// <summary>Asks for a key.</summary>
public sealed record ApiKeyWish
{
    /// <summary>The one app it shall be for, made if missing. <c>ingest</c> needs one, <c>read</c> may have one, the other scopes have none.</summary>
    public string? App { get; init; }

    /// <summary>What it shall do; at least one.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>What it is for.</summary>
    public string? Label { get; init; }
}
