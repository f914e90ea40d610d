using System.Collections.Concurrent;
using Callwatch.Control;

namespace Callwatch.Server.Access;

/// <summary>One-time tokens for the link that a start prints. They live in memory only, for a day at most.</summary>
public sealed class SignInLinks(TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<KeyHash, DateTimeOffset> open = new();

    /// <summary>Path and query of a new link, to be put behind the server's address.</summary>
    public string NewPath()
    {
        var token = KeySecret.Make();
        open[KeyHash.Of(token)] = time.GetUtcNow() + Lifetime;
        return SignIn.Path + "?token=" + token;
    }

    /// <summary>True once for each token.</summary>
    internal bool Redeem(string token) => open.TryRemove(KeyHash.Of(token), out var expires) && time.GetUtcNow() < expires;
}
