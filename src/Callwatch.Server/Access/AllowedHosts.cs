using System.Net;
using Callwatch.Server.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Callwatch.Server.Access;

/// <summary>
/// The names this server answers to. A page of another site whose name is made to resolve to this machine says that name as Host:
/// it must get nothing.
/// </summary>
internal sealed class AllowedHosts(IOptions<HttpOptions> options, Listeners listeners)
{
    private readonly string[] named = [.. options.Value.AllowedHosts];
    private readonly string[] listening = [.. listeners.Configured.Select(address => InUrl(address.Host))];
    private readonly bool anyAddress = listeners.Configured.Any(address => address.IsAny);

    public bool Allows(HostString host)
    {
        var name = host.Host;
        if (name.Length == 0) return false;
        if (named.Length > 0) return Array.Exists(named, pattern => Matches(pattern, name));
        return LoopbackTrust.IsLoopbackName(name)
            || listening.Contains(name, StringComparer.OrdinalIgnoreCase)
            || (anyAddress && IPAddress.TryParse(name.AsSpan().Trim("[]"), out _));
    }

    // "*.example.com" is every name beneath; "*" is every name.
    private static bool Matches(string pattern, string name) =>
        pattern == "*"
        || (pattern.StartsWith("*.", StringComparison.Ordinal) && name.Length >= pattern.Length && name.EndsWith(pattern[1..], StringComparison.OrdinalIgnoreCase))
        || name.Equals(InUrl(pattern), StringComparison.OrdinalIgnoreCase);

    private static string InUrl(string host) => host.Contains(':') && host[0] != '[' ? $"[{host}]" : host;
}
