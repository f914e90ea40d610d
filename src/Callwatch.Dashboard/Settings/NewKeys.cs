using System.Collections.Concurrent;
using System.Security.Cryptography;
using Callwatch.Control;

namespace Callwatch.Dashboard.Settings;

/// <summary>
/// Holds the secret of a new key between the form and the page that shows it, once and for a minute at most: a form that is
/// answered by a page itself would make another key when somebody loads it again.
/// </summary>
public sealed class NewKeys(TimeProvider time)
{
    private const int Most = 1_000;

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, (int TenantId, string Who, NewKey Key, DateTimeOffset Until)> kept = new(StringComparer.Ordinal);

    /// <summary>What to ask for it with; worth nothing to anybody else.</summary>
    public string Keep(int tenantId, string who, NewKey key)
    {
        var now = time.GetUtcNow();
        foreach (var (old, entry) in kept)
            if (entry.Until <= now || kept.Count >= Most) kept.TryRemove(old, out _);
        var token = RandomNumberGenerator.GetHexString(24, lowercase: true);
        kept[token] = (tenantId, who, key, now + Lifetime);
        return token;
    }

    /// <summary>The key, the first time the same person asks.</summary>
    public NewKey? Take(int tenantId, string who, string? token) =>
        token is not null && kept.TryGetValue(token, out var entry) && entry.TenantId == tenantId && entry.Who == who && kept.TryRemove(token, out entry) && entry.Until > time.GetUtcNow()
            ? entry.Key : null;
}
