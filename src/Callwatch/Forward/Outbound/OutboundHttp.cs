using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Lanes;

namespace Callwatch.Forward.Outbound;

/// <summary>
/// Makes the clients that platforms are reached with: each connect passes the guard; redirects are answers like others; no cookies, no proxy
/// but the operator's own, no trace headers, nothing decompressed, answers bounded; connections are renewed, so that a changed name is seen.
/// </summary>
internal sealed class OutboundHttp(OutboundGuard guard, ForwardOptions options, TimeProvider time) : IOutboundHttp
{
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(15);
    private const int MostConnections = 16;

    public HttpClient ClientFor(int tenantId, OutboundTls? tls)
    {
        var proxy = string.IsNullOrWhiteSpace(options.Proxy) ? null : new Uri(options.Proxy);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = proxy is not null,
            Proxy = proxy is null ? null : ProxyOf(proxy),
            Credentials = null,
            PreAuthenticate = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            MaxConnectionsPerServer = MostConnections,
            MaxResponseHeadersLength = 64,
            MaxResponseDrainSize = 256 * 1024,
            ResponseDrainTimeout = TimeSpan.FromSeconds(1),
            ConnectTimeout = ConnectTime < options.Timeout ? ConnectTime : options.Timeout,
            PooledConnectionLifetime = ConnectionLifetime,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            ConnectCallback = proxy is null ? guard.ConnectAsync : ToProxyAsync,
            SslOptions = SslOf(tls),
        };
        HttpMessageHandler chain = proxy is null ? handler : new GuardedTargets(handler, guard);

        // The bound of time is the handler's: the client's own ends where the body begins.
        return new HttpClient(new BoundedAnswers(chain, options.Timeout, time)) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = BoundedAnswers.MostBytes };
    }

    // The operator's own word: where the proxy may be is not asked.
    private async ValueTask<Stream> ToProxyAsync(SocketsHttpConnectionContext context, CancellationToken cancel) =>
        await guard.ConnectAsync(await guard.AddressesOfAsync(context.DnsEndPoint.Host, cancel), context.DnsEndPoint.Port, cancel);

    private static WebProxy ProxyOf(Uri address)
    {
        if (address.UserInfo.Length == 0) return new WebProxy(address);
        var parts = address.UserInfo.Split(':', 2);
        return new WebProxy(new UriBuilder(address) { UserName = "", Password = "" }.Uri)
        {
            Credentials = new NetworkCredential(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : ""),
        };
    }

    private SslClientAuthenticationOptions SslOf(OutboundTls? tls)
    {
        // TLS 1.2 is the least that is spoken, whatever the machine's own settings allow.
        var ssl = new SslClientAuthenticationOptions { EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13 };
        var authorities = new X509Certificate2Collection();
        if (!string.IsNullOrWhiteSpace(options.CaFile)) authorities.ImportFromPemFile(options.CaFile);
        if (tls?.Authority is { } authority) authorities.ImportFromPem(authority);
        ssl.RemoteCertificateValidationCallback = (_, certificate, sent, errors) =>
            IsTrusted(certificate, sent, errors, authorities) ? true : throw new UntrustedHostException(UntrustedHostException.WordsOf(certificate as X509Certificate2, sent, errors));
        if (tls is { ClientCertificate: { } certificate, ClientKey: { } key }) ssl.ClientCertificates = [X509Certificate2.CreateFromPem(certificate, key)];
        return ssl;
    }

    // Besides the authorities of the machine those that were given; the host's name must fit either way.
    private static bool IsTrusted(X509Certificate? certificate, X509Chain? sent, SslPolicyErrors errors, X509Certificate2Collection authorities)
    {
        if (errors == SslPolicyErrors.None) return true;
        if (authorities.Count == 0 || errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 leaf) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;

        // What stands between, as the host has sent it.
        if (sent is not null) chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        return chain.Build(leaf);
    }

    /// <summary>Behind a proxy the connection says nothing of where a request goes: so each request's own address is looked at.</summary>
    private sealed class GuardedTargets(HttpMessageHandler inner, OutboundGuard guard) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri is { } address && await guard.ObjectionAsync(address, cancellationToken) is { } objection) throw new OutboundRefusedException(objection);
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
