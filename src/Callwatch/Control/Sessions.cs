using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Callwatch.Spans;
using Dapper;

namespace Callwatch.Control;

/// <summary>A person signed in with a browser.</summary>
/// <param name="KeyId">The key it was begun with; null for the link printed at the start. A session ends with its key.</param>
public sealed record Session(int? KeyId, Timestamp Expires);

/// <summary>A sign-in as people see it in a list.</summary>
/// <param name="Id">Names it, and says nothing of the cookie.</param>
/// <param name="Agent">The browser in its own words; null when it did not say.</param>
public sealed record SignedIn(string Id, int? KeyId, Timestamp Created, Timestamp Expires, string? Agent);

/// <summary>The sign-ins in force. They outlive a restart and end at once when signed out of.</summary>
public sealed class Sessions(ControlDb db, TimeProvider time)
{
    /// <summary>Most in force of one key, and most by links: a further one ends the oldest. All of them are held in memory.</summary>
    public const int MostOfAKey = 100;

    private readonly Snapshot<FrozenDictionary<KeyHash, Session>> snapshot = new(db, "sessions", connection =>
        connection.Query<(byte[] Hash, long? Key, long Expires)>("SELECT hash, key, expires FROM sessions")
            .ToFrozenDictionary(row => KeyHash.Read(row.Hash), row => new Session((int?)row.Key, new Timestamp(row.Expires))));

    private Timestamp Now => Timestamp.From(time.GetUtcNow());

    /// <summary>Begins one; the answer is the secret for the cookie.</summary>
    /// <param name="agent">The browser in its own words, to tell sign-ins apart by.</param>
    public string Begin(int? keyId, TimeSpan lifetime, string? agent = null)
    {
        var secret = KeySecret.Make();
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction(deferred: false);
        connection.Execute(
            """
            DELETE FROM sessions WHERE expires <= @now
              OR (key IS @keyId AND hash NOT IN (SELECT hash FROM sessions WHERE key IS @keyId AND expires > @now ORDER BY created DESC LIMIT @others))
            """,
            new { keyId, now = Now.UnixNanoseconds, others = MostOfAKey - 1 },
            transaction);
        connection.Execute(
            "INSERT INTO sessions (hash, key, created, expires, agent) VALUES (@hash, @keyId, @now, @expires, @agent)",
            new { hash = KeyHash.Of(secret).ToBytes(), keyId, now = Now.UnixNanoseconds, expires = Now.Plus(lifetime).UnixNanoseconds, agent = Short(agent) },
            transaction);
        transaction.Commit();
        return secret;
    }

    public Session? Find(string secret) =>
        KeySecret.LooksRight(secret) && snapshot.Current().TryGetValue(KeyHash.Of(secret), out var session) && session.Expires > Now ? session : null;

    public void End(string secret)
    {
        using var connection = db.Open();
        connection.Execute("DELETE FROM sessions WHERE hash = @hash", new { hash = KeyHash.Of(secret).ToBytes() });
    }

    /// <summary>Those that have not run out, of all tenants.</summary>
    internal IReadOnlyList<SignedIn> List()
    {
        using var connection = db.Open();
        return
        [
            .. connection.Query<(byte[] Hash, long? Key, long Created, long Expires, string? Agent)>("SELECT hash, key, created, expires, agent FROM sessions WHERE expires > @now", new { now = Now.UnixNanoseconds })
                .Select(row => new SignedIn(IdOf(row.Hash), (int?)row.Key, new Timestamp(row.Created), new Timestamp(row.Expires), row.Agent)),
        ];
    }

    /// <summary>False when it has ended meanwhile.</summary>
    internal bool End(SignedIn session, int tenantId, string who, JsonObject detail)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction();
        var ended = connection.Execute("DELETE FROM sessions WHERE substr(hash, 1, 8) = @id", new { id = Convert.FromHexString(session.Id) }, transaction) > 0;
        if (ended) AuditLog.Add(connection, transaction, time, tenantId, who, "end sign-in", detail);
        transaction.Commit();
        return ended;
    }

    /// <summary>The name of the sign-in with this cookie, as in a list.</summary>
    public static string IdOf(string secret) => IdOf(KeyHash.Of(secret).ToBytes());

    private static string IdOf(byte[] hash) => Convert.ToHexStringLower(hash.AsSpan(0, 8));

    private static string? Short(string? agent) => string.IsNullOrWhiteSpace(agent) ? null : agent.Length > 200 ? agent[..200] : agent;
}
