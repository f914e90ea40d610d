using System.Collections.Frozen;
using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Callwatch.Server.Access;

/// <summary>
/// Whether a request without a key comes from a program or person on this machine. All conditions must hold: each closes a way by which
/// somebody else's request arrives from loopback: a listener for all, a reverse proxy, a page of another site in a browser here.
/// </summary>
internal sealed class LoopbackTrust(IServer server, IOptions<AccessOptions> options)
{
    // Known once the server listens, and no request comes before that.
    private readonly Lazy<FrozenSet<int>> portsForAnybody = new(() => PortsForAnybody(server));

    /// <summary>
    /// Null when the request is trusted, else what stands against it, fit for the answer. To be asked before forwarding headers are
    /// believed: afterwards the peer is whoever they name.
    /// </summary>
    public string? Objection(HttpContext context)
    {
        if (!options.Value.TrustLoopback) return "Callwatch:Access:TrustLoopback is off";
        var connection = context.Connection;
        if (!IsLoopback(connection.LocalIpAddress) || portsForAnybody.Value.Contains(connection.LocalPort)) return "the server listens beyond loopback";
        if (!IsLoopback(connection.RemoteIpAddress)) return "the request comes from another machine";
        if (!IsLoopbackName(context.Request.Host.Host)) return "its Host is not localhost, 127.0.0.1 or [::1]";
        foreach (var header in context.Request.Headers)
            if (IsOfAProxy(header.Key)) return "it came through a proxy";
        return SameOrigin.Objection(context.Request);
    }

    /// <summary>Whether a program on this machine asks, not a proxy on behalf of another. Says nothing of what it may do.</summary>
    public static bool IsFromHere(HttpContext context) =>
        IsLoopback(context.Connection.RemoteIpAddress) && IsLoopbackName(context.Request.Host.Host)
        && !context.Request.Headers.Any(header => IsOfAProxy(header.Key)) && SameOrigin.Objection(context.Request) is null;

    internal static bool IsLoopbackName(string host) => host is "127.0.0.1" or "[::1]" || host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    private static bool IsLoopback(IPAddress? address) => address is not null && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    private static bool IsOfAProxy(string header) =>
        header.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
        || header.Equals("Forwarded", StringComparison.OrdinalIgnoreCase)
        || header.Equals("X-Real-IP", StringComparison.OrdinalIgnoreCase)
        || header.Equals("Via", StringComparison.OrdinalIgnoreCase);

    /// <summary>A connection to 127.0.0.1 may well have reached a listener on every address: only the list of listeners tells.</summary>
    private static FrozenSet<int> PortsForAnybody(IServer server) =>
    [
        .. from address in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []
           let uri = new Uri(address.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal))
           where IsForAnybody(uri.DnsSafeHost)
           select uri.Port,
    ];

    // A name that is no address makes the server listen on every address; of addresses, those two do.
    private static bool IsForAnybody(string host) =>
        IPAddress.TryParse(host, out var ip) ? ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any) : !IsLoopbackName(host);
}
