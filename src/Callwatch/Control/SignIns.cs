using System.Text.Json.Nodes;

namespace Callwatch.Control;

/// <summary>The sign-ins of a tenant, for people who look through them and end one.</summary>
public sealed class SignIns(Sessions sessions, Keys keys)
{
    /// <summary>Latest first. Those begun with the link of a start may do all, so that only operators see them.</summary>
    public IReadOnlyList<SignedIn> List(int tenantId, bool isOperator) =>
        [.. sessions.List().Where(session => Belongs(session, tenantId, isOperator)).OrderByDescending(session => session.Created)];

    /// <summary>False when the tenant has no such sign-in.</summary>
    public bool End(int tenantId, bool isOperator, string id, string who) =>
        sessions.List().FirstOrDefault(session => session.Id == id) is { } found && Belongs(found, tenantId, isOperator)
            && sessions.End(found, tenantId, who, new JsonObject { ["sign_in"] = id, ["key"] = found.KeyId });

    private bool Belongs(SignedIn session, int tenantId, bool isOperator) =>
        session.KeyId is { } id ? keys.Find(id)?.TenantId == tenantId : isOperator;
}
