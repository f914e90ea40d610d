using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Callwatch.Spans;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Callwatch.Control;

/// <summary>A key just made: the only time its secret is known.</summary>
public sealed record NewKey(ApiKey Key, string Secret);

/// <summary>The keys of every tenant: stored hashed, found by their secret in a table in memory.</summary>
public sealed class Keys(ControlDb db, TimeProvider time)
{
    /// <summary>Most keys in force of one tenant, and most revoked ones that are still listed. All of them are held in memory.</summary>
    public const int MostPerTenant = 1_000;

    private readonly Snapshot<FrozenDictionary<KeyHash, ApiKey>> snapshot = new(db, "keys", Read);

    /// <summary>
    /// The key with this secret, if it has not been revoked. Sees at once what another process has made or revoked.
    /// The search goes by the secret's hash, so its duration tells nothing of any secret.
    /// </summary>
    public ApiKey? Find(string secret) =>
        KeySecret.LooksRight(secret) && snapshot.Current().TryGetValue(KeyHash.Of(secret), out var key) && key.RevokedAt is null ? key : null;

    /// <summary>Null when there is no such key or it has been revoked.</summary>
    public ApiKey? Find(int keyId) => snapshot.Current().Values.FirstOrDefault(key => key.Id == keyId && key.RevokedAt is null);

    /// <summary>In order of making, revoked ones too.</summary>
    public IReadOnlyList<ApiKey> List(int tenantId) =>
        [.. snapshot.Current().Values.Where(key => key.TenantId == tenantId).OrderBy(key => key.Id)];

    /// <summary>Whether the tenant has as many keys in force as it may.</summary>
    public bool IsFull(int tenantId) => snapshot.Current().Values.Count(key => key.TenantId == tenantId && key.RevokedAt is null) >= MostPerTenant;

    /// <param name="appId">The one app it is for; null for the tenant.</param>
    /// <param name="who">For the audit; null leaves no row.</param>
    public NewKey Create(int tenantId, int? appId, KeyScopes scopes, string? label, string? who = null)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction();
        var made = Insert(connection, transaction, KeySecret.Make(), tenantId, appId, scopes, label, time);
        AuditLog.Add(connection, transaction, time, tenantId, who, "make key", Told(made.Key));
        transaction.Commit();
        return made;
    }

    /// <summary>False when the tenant has no such key; revoking twice is fine.</summary>
    /// <param name="who">For the audit; null leaves no row.</param>
    public bool Revoke(int tenantId, int keyId, string? who = null)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction();
        var now = Timestamp.From(time.GetUtcNow()).UnixNanoseconds;
        var revoked = connection.Execute("UPDATE keys SET revoked = @now WHERE id = @keyId AND tenant = @tenantId AND revoked IS NULL", new { keyId, tenantId, now }, transaction) == 1;
        if (revoked)
        {
            AuditLog.Add(connection, transaction, time, tenantId, who, "revoke key", new JsonObject { ["key"] = keyId });
            ForgetOldest(connection, transaction, tenantId);
        }

        var known = revoked || connection.ExecuteScalar<long>("SELECT count(*) FROM keys WHERE id = @keyId AND tenant = @tenantId", new { keyId, tenantId }, transaction) == 1;
        transaction.Commit();
        return known;
    }

    // The audit still tells of them. Never the highest number: it would be given to another key.
    private static void ForgetOldest(SqliteConnection connection, SqliteTransaction transaction, int tenantId)
    {
        const string Oldest = """
            SELECT id FROM keys WHERE tenant = @tenantId AND revoked IS NOT NULL AND id < (SELECT max(id) FROM keys) ORDER BY revoked DESC, id DESC LIMIT -1 OFFSET @most
            """;
        connection.Execute($"DELETE FROM sessions WHERE key IN ({Oldest})", new { tenantId, most = MostPerTenant }, transaction);
        connection.Execute($"DELETE FROM keys WHERE id IN ({Oldest})", new { tenantId, most = MostPerTenant }, transaction);
    }

    private static JsonObject Told(ApiKey key) =>
        new() { ["key"] = key.Id, ["prefix"] = key.Prefix, ["scopes"] = new JsonArray([.. key.Scopes.ToWords().Select(word => (JsonNode)word)]), ["label"] = key.Label };

    internal static NewKey Insert(
        SqliteConnection connection, SqliteTransaction? transaction, string secret, int tenantId, int? appId, KeyScopes scopes, string? label, TimeProvider time)
    {
        var now = Timestamp.From(time.GetUtcNow());
        var prefix = KeySecret.PrefixOf(secret);
        var id = connection.ExecuteScalar<int>(
            """
            INSERT INTO keys (tenant, app, scopes, hash, prefix, label, created)
            VALUES (@tenantId, @appId, @scopes, @hash, @prefix, @label, @now) RETURNING id
            """,
            new { tenantId, appId, scopes = (long)scopes, hash = KeyHash.Of(secret).ToBytes(), prefix, label, now = now.UnixNanoseconds }, transaction);
        return new NewKey(new ApiKey(id, tenantId, appId, scopes, prefix, label, now, null), secret);
    }

    private static FrozenDictionary<KeyHash, ApiKey> Read(SqliteConnection connection) =>
        connection.Query<Row>("SELECT id, tenant, app, scopes, hash, prefix, label, created, revoked FROM keys").ToFrozenDictionary(
            row => KeyHash.Read(row.Hash),
            row => new ApiKey(
                (int)row.Id, (int)row.Tenant, (int?)row.App, (KeyScopes)row.Scopes, row.Prefix, row.Label, new Timestamp(row.Created),
                row.Revoked is { } revoked ? new Timestamp(revoked) : null));

    private sealed record Row
    {
        public required long Id { get; init; }

        public required long Tenant { get; init; }

        public long? App { get; init; }

        public required long Scopes { get; init; }

        public required byte[] Hash { get; init; }

        public required string Prefix { get; init; }

        public string? Label { get; init; }

        public required long Created { get; init; }

        public long? Revoked { get; init; }
    }
}
