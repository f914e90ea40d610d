using Callwatch.Control;
using Callwatch.Dashboard.Frame;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Callwatch.Server.Access;

/// <summary>How the question "who asks?" ended.</summary>
internal abstract record WhoAsks
{
    private WhoAsks()
    {
    }

    public sealed record Known(Caller Caller) : WhoAsks;

    /// <summary>Refused with this status and code; the detail says what would help.</summary>
    public sealed record Refused(int Status, string Code, string Detail) : WhoAsks;
}

/// <summary>What loopback trust said of a request, before forwarding headers were believed.</summary>
/// <param name="IsFromHere">Whether the request comes from this machine and through no proxy, whatever is trusted of it.</param>
internal sealed record LoopbackVerdict(string? Objection, bool IsFromHere);

/// <summary>Finds out who asks: the key if there is one, else the sign-in, else the trust of loopback.</summary>
internal sealed class Callers(Keys keys, Tenants tenants, Sessions sessions)
{
    /// <summary>Chooses the tenant, by name: for operators, and for keys that may send for any.</summary>
    public const string TenantHeader = "x-callwatch-tenant";

    private static readonly Caller Loopback =
        new(Tenants.DefaultId, null, KeyScopes.Ingest | KeyScopes.IngestAny | KeyScopes.Read, KeyId: 0) { Kind = CallerKind.Loopback };

    private static readonly Caller SignInLink =
        new(Tenants.DefaultId, null, (KeyScopes.Admin | KeyScopes.Operator).WithImplied(), KeyId: 0) { Kind = CallerKind.SignIn };

    public WhoAsks Find(HttpContext context)
    {
        var who = FindIgnoringTenant(context, out var mayNameTenant);
        var wanted = context.Request.Headers[TenantHeader].ToString();
        if (who is not WhoAsks.Known known) return who;
        return wanted.Length > 0 ? InTenant(known.Caller, wanted, mayNameTenant) : Chosen(context, known);
    }

    /// <summary>The tenant that an operator has gone to in a browser. The cookie gives no right, and one of a tenant that is gone says nothing.</summary>
    private WhoAsks.Known Chosen(HttpContext context, WhoAsks.Known known) =>
        known.Caller is { Kind: CallerKind.SignIn } caller && caller.Scopes.HasFlag(KeyScopes.Operator)
            && context.Request.Cookies[Visit.TenantCookie] is { Length: > 0 } name && tenants.Find(name) is { } tenant
            ? new WhoAsks.Known(caller with { TenantId = tenant.Id, AppId = null }) : known;

    private WhoAsks FindIgnoringTenant(HttpContext context, out bool mayNameTenant)
    {
        mayNameTenant = false;
        var credentials = Credentials.Of(context.Request);
        if (credentials.Secret is { } secret)
        {
            if (keys.Find(secret) is not { } key) return new WhoAsks.Refused(401, "bad_key", "The key is unknown or has been revoked.");
            if (credentials.SentByBrowser && SameOrigin.Objection(context.Request) is { } foreign) return Foreign(foreign);
            mayNameTenant = MayNameTenant(key);
            return new WhoAsks.Known(CallerOf(key, CallerKind.Key));
        }

        if (SignInCookie.Of(context.Request) is { } cookie && sessions.Find(cookie) is { } session)
        {
            if (SameOrigin.Objection(context.Request) is { } foreign) return Foreign(foreign);
            mayNameTenant = true;
            if (session.KeyId is null) return new WhoAsks.Known(SignInLink);
            if (keys.Find(session.KeyId.Value) is { } key)
            {
                mayNameTenant = MayNameTenant(key);
                return new WhoAsks.Known(CallerOf(key, CallerKind.SignIn));
            }
        }

        return context.Features.GetRequiredFeature<LoopbackVerdict>().Objection is { } objection ? KeyNeeded(objection) : new WhoAsks.Known(Loopback);
    }

    private static WhoAsks.Refused KeyNeeded(string objection) => new(
        401,
        "key_required",
        $"Send a key as Authorization: Bearer {KeySecret.Start}... or sign in. Without one only requests from this machine are trusted, and not this one: {objection}.");

    private static WhoAsks.Refused Foreign(string objection) =>
        new(403, "foreign_origin", $"A browser sent this with a sign-in, but {objection}. Behind a reverse proxy, set Callwatch:Http:KnownProxies.");

    /// <summary>Another's tenant and one that does not exist are told apart by nobody.</summary>
    private WhoAsks InTenant(Caller caller, string name, bool mayNameTenant)
    {
        if (tenants.Find(name) is not { } tenant || (tenant.Id != caller.TenantId && !mayNameTenant))
            return new WhoAsks.Refused(404, "tenant_not_found", $"The header {TenantHeader} names no tenant of yours.");
        if (tenant.Id == caller.TenantId) return new WhoAsks.Known(caller);

        // Who is no operator may name another tenant for sending only, whatever else the key may do at home.
        var scopes = caller.Scopes.HasFlag(KeyScopes.Operator) ? caller.Scopes : KeyScopes.Ingest | KeyScopes.IngestAny;
        return new WhoAsks.Known(caller with { TenantId = tenant.Id, AppId = null, Scopes = scopes });
    }

    private static bool MayNameTenant(ApiKey key) => (key.Scopes & (KeyScopes.Operator | KeyScopes.IngestAny)) != KeyScopes.None;

    private static Caller CallerOf(ApiKey key, CallerKind kind) => new(key.TenantId, key.AppId, key.Scopes.WithImplied(), key.Id) { Kind = kind };
}
