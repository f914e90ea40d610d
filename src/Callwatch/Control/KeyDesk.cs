namespace Callwatch.Control;

/// <summary>What a new key shall be.</summary>
public sealed record KeyWish(string? App, IReadOnlyList<string> Scopes, string? Label);

/// <summary>How a wish for a key ended.</summary>
public abstract record KeyWishAnswer
{
    private KeyWishAnswer()
    {
    }

    public sealed record Made(NewKey Key) : KeyWishAnswer;

    /// <summary>The field that is wrong, and what would be right.</summary>
    public sealed record Refused(string Field, string Message) : KeyWishAnswer;

    /// <summary>The tenant has as many keys in force as it may.</summary>
    public sealed record Full(int Most) : KeyWishAnswer;

    /// <summary>Who asks may not give away what they do not have.</summary>
    public sealed record Beyond(KeyScopes Scopes) : KeyWishAnswer;
}

/// <summary>Makes keys by the rules of the scopes, for the API and for the command line alike.</summary>
public sealed class KeyDesk(Keys keys, Apps apps)
{
    public const int MaxLabelLength = 200;

    /// <param name="mayGrant">Scopes that may be given away, implied ones included.</param>
    /// <param name="who">For the audit; null leaves no row.</param>
    public KeyWishAnswer Make(int tenantId, KeyWish wish, KeyScopes mayGrant, string? who = null)
    {
        var all = string.Join(", ", KeyScopeWords.All);
        if (!KeyScopeWords.TryParse(wish.Scopes, out var scopes, out var unknown))
            return new KeyWishAnswer.Refused("scopes", unknown is null ? $"Name at least one of {all}." : $"'{unknown}' is no scope; there are {all}.");
        var app = string.IsNullOrWhiteSpace(wish.App) ? null : wish.App.Trim();
        if (wish.Label?.Length > MaxLabelLength) return new KeyWishAnswer.Refused("label", $"At most {MaxLabelLength} characters.");
        if (app is not null && !Apps.IsLegalName(app)) return new KeyWishAnswer.Refused("app", Apps.LegalNames);
        if (app is null && scopes.HasFlag(KeyScopes.Ingest) && !scopes.HasFlag(KeyScopes.IngestAny))
            return new KeyWishAnswer.Refused("app", "A key with the scope ingest sends for one app: name it. One that may send for any has the scope ingest-any.");
        if (app is not null && (scopes & (KeyScopes.IngestAny | KeyScopes.Admin | KeyScopes.Operator)) != KeyScopes.None)
            return new KeyWishAnswer.Refused("app", "A key of one app has the scopes ingest and read only.");

        // An admin may name any app at home, and this scope any tenant: that is the operator's to give.
        var grantable = mayGrant.HasFlag(KeyScopes.Operator) ? mayGrant : mayGrant & ~KeyScopes.IngestAny;
        if ((scopes & ~grantable) != KeyScopes.None) return new KeyWishAnswer.Beyond(scopes & ~grantable);
        if (keys.IsFull(tenantId)) return new KeyWishAnswer.Full(Keys.MostPerTenant);
        if (app is not null && apps.Find(tenantId, app) is null && apps.IsFull(tenantId)) return new KeyWishAnswer.Refused("app", Apps.TooMany);
        var label = string.IsNullOrWhiteSpace(wish.Label) ? null : wish.Label.Trim();
        return new KeyWishAnswer.Made(keys.Create(tenantId, app is null ? null : apps.Create(tenantId, app, who).Id, scopes, label, who));
    }
}
