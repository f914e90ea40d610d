using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Callwatch.Server.Hosting;

/// <summary>One address of <c>Callwatch:Http:Urls</c>. <c>Host</c> is as written, without brackets.</summary>
public sealed record ListenAddress(bool Tls, string Host, int Port)
{
    /// <summary>What to bind. <c>localhost</c> is IPv4 loopback: a name that meant two sockets would need one port free on both.</summary>
    public IPAddress Address { get; } = AddressOf(Host) ?? IPAddress.Loopback;

    /// <summary>Listens on every address of the machine.</summary>
    public bool IsAny => Address.Equals(IPAddress.Any) || Address.Equals(IPAddress.IPv6Any);

    public bool IsLoopback => IPAddress.IsLoopback(Address);

    /// <summary>Reads the setting; on failure <paramref name="wrong"/> is the part that is no address.</summary>
    public static bool TryReadAll(string urls, out IReadOnlyList<ListenAddress> addresses, [NotNullWhen(false)] out string? wrong)
    {
        var read = new List<ListenAddress>();
        addresses = read;
        foreach (var part in urls.Split([';', ',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!TryRead(part, out var address))
            {
                wrong = part;
                return false;
            }

            read.Add(address);
        }

        wrong = read.Count == 0 ? urls : null;
        return wrong is null;
    }

    /// <summary>As a client on this machine would write it.</summary>
    public string ToUrl(int port)
    {
        var host = Address.Equals(IPAddress.Any) ? "127.0.0.1" : Address.Equals(IPAddress.IPv6Any) ? "[::1]" : Host.Contains(':') ? $"[{Host}]" : Host;
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(Tls ? "https" : "http")}://{host}:{port}");
    }

    private static bool TryRead(string text, [NotNullWhen(true)] out ListenAddress? address)
    {
        address = null;

        // "*" and "+" are what ASP.NET Core writes for every address; a Uri cannot hold them.
        var plain = text.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal);
        if (!Uri.TryCreate(plain, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")) return false;
        if (uri.PathAndQuery != "/" || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0) return false;
        var host = uri.DnsSafeHost;
        if (AddressOf(host) is null) return false;
        address = new ListenAddress(uri.Scheme == "https", host, uri.Port);
        return true;
    }

    private static IPAddress? AddressOf(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : IPAddress.TryParse(host, out var ip) ? ip : null;
}
