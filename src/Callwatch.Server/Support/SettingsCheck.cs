using Callwatch.Diagnose;
using Callwatch.Server.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Callwatch.Server.Support;

/// <summary>Settings that are legal, and still mostly a mistake.</summary>
internal sealed class SettingsCheck(IConfiguration settings, IOptions<HttpOptions> http, Listeners listeners, ForeignSettings foreign) : IHostCheck
{
    public string Name => "settings";

    public Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<Finding>>([.. Findings()]);

    private IEnumerable<Finding> Findings()
    {
        if (foreign.Sections.Count > 0)
            yield return new Finding(Name, FindingLevel.Warning, $"{string.Join(", ", foreign.Sections)}: no such section is known, so nothing in it is in force.", "Look for a mistyped name; docs/operations.md lists every setting.") { Foreign = [.. foreign.Sections] };
        if (http.Value.AllowedHosts.Contains("*", StringComparer.Ordinal))
            yield return new Finding(Name, FindingLevel.Warning, "Callwatch:Http:AllowedHosts is *: a page of another site whose name is made to lead here is answered.", "Name the hosts that the server is reached by.");
        if (!listeners.AllLoopback && listeners.Configured.Any(address => address is { Tls: false, IsLoopback: false }) && http.Value.KnownProxies.Count == 0)
            yield return new Finding(Name, FindingLevel.Warning, "The server listens beyond this machine without TLS, and no proxy is known: keys and prompts cross the network in the clear.", "Set Callwatch:Http:CertificateFile with an https address, or put a proxy with TLS in front and name it in Callwatch:Http:KnownProxies.");
        if (string.Equals(settings["Callwatch:Forward:AllowPrivateAddresses"]?.Trim(), "true", StringComparison.OrdinalIgnoreCase))
            yield return new Finding(Name, FindingLevel.Warning, "Callwatch:Forward:AllowPrivateAddresses is true: whoever may enter a destination can have this machine ask any other inside.", "Name the ranges that destinations lie in, as in 10.20.0.0/16.");
    }
}
