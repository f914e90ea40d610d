using System.Collections.Frozen;
using Callwatch.Spans;
using Dapper;

namespace Callwatch.Control;

/// <summary>A person signed in with a browser.</summary>
/// <param name="KeyId">The key it was begun with; null for the link printed at the start. A session ends with its key.</param>
public sealed record Session(int? KeyId, Timestamp Expires);

/// <summary>The sign-ins in force. They outlive a restart and end at once when signed out of.</summary>
public sealed class Sessions(ControlDb db, TimeProvider time)
{
    private readonly Snapshot<FrozenDictionary<KeyHash, Session>> snapshot = new(db, connection =>
        connection.Query<(byte[] Hash, long? Key, long Expires)>("SELECT hash, key, expires FROM sessions")
            .ToFrozenDictionary(row => KeyHash.Read(row.Hash), row => new Session((int?)row.Key, new Timestamp(row.Expires))));

    private Timestamp Now => Timestamp.From(time.GetUtcNow());

    /// <summary>Begins one; the answer is the secret for the cookie.</summary>
    public string Begin(int? keyId, TimeSpan lifetime)
    {
        var secret = KeySecret.Make();
        using var connection = db.Open();
        connection.Execute("DELETE FROM sessions WHERE expires <= @now", new { now = Now.UnixNanoseconds });
        connection.Execute(
            "INSERT INTO sessions (hash, key, created, expires) VALUES (@hash, @keyId, @now, @expires)",
            new { hash = KeyHash.Of(secret).ToBytes(), keyId, now = Now.UnixNanoseconds, expires = Now.Plus(lifetime).UnixNanoseconds });
        return secret;
    }

    public Session? Find(string secret) =>
        KeySecret.LooksRight(secret) && snapshot.Current().TryGetValue(KeyHash.Of(secret), out var session) && session.Expires > Now ? session : null;

    public void End(string secret)
    {
        using var connection = db.Open();
        connection.Execute("DELETE FROM sessions WHERE hash = @hash", new { hash = KeyHash.Of(secret).ToBytes() });
    }
}
