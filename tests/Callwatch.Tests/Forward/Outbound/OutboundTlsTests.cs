using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Outbound;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Forward.Outbound;

/// <summary>Whose certificates are believed.</summary>
public sealed class OutboundTlsTests : IDisposable
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private readonly TempFolder folder = new();
    private readonly ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 authority;

    public OutboundTlsTests()
    {
        var request = new CertificateRequest("CN=authority of a test", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authority = request.CreateSelfSigned(Now.AddDays(-1), Now.AddDays(1));
        File.WriteAllText(folder.At("ca.pem"), authority.ExportCertificatePem());
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        authority.Dispose();
        authorityKey.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task An_unknown_authority_is_refused_and_one_the_operator_names_is_believed()
    {
        await using var platform = new TlsPlatform(Certificate("127.0.0.1"));
        using (var stranger = Client(null))
        {
            var failure = await Assert.ThrowsAsync<HttpRequestException>(() => stranger.GetAsync(platform.Address, Cancel));
            Assert.StartsWith("No secure connection", PlatformAnswer.Trouble(failure).Message, StringComparison.Ordinal);
        }

        using var client = Client(folder.At("ca.pem"));
        Assert.Equal("hi", await client.GetStringAsync(platform.Address, Cancel));
        Assert.True(platform.Spoken is SslProtocols.Tls12 or SslProtocols.Tls13);
    }

    [Fact]
    public async Task Certificates_between_are_those_the_host_sends()
    {
        using var betweenKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=between", betweenKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var between = request.Create(authority, Now.AddHours(-2), Now.AddHours(2), [5, 6, 7, 8]);
        using var signing = between.CopyWithPrivateKey(betweenKey);
        await using var platform = new TlsPlatform(Certificate("127.0.0.1", signing), between);
        using var client = Client(folder.At("ca.pem"));
        Assert.Equal("hi", await client.GetStringAsync(platform.Address, Cancel));
    }

    [Fact]
    public async Task The_name_must_fit_whoever_signed_it()
    {
        await using var platform = new TlsPlatform(Certificate("10.9.9.9"));
        using var client = Client(folder.At("ca.pem"));
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(platform.Address, Cancel));
    }

    [Fact]
    public async Task A_certificate_of_its_own_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var platform = new TlsPlatform(Request(key, "127.0.0.1").CreateSelfSigned(Now.AddHours(-1), Now.AddHours(1)));
        using var client = Client(folder.At("ca.pem"));
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(platform.Address, Cancel));
    }

    [Fact]
    public void A_file_without_certificates_refuses_the_start()
    {
        File.WriteAllText(folder.At("empty.pem"), "nothing");
        foreach (var file in (string[])[folder.At("empty.pem"), folder.At("missing.pem")])
            Assert.Contains("Callwatch:Forward:CaFile cannot be used", new ForwardOptionsRules().Validate(null, new ForwardOptions { CaFile = file }).FailureMessage, StringComparison.Ordinal);
        Assert.True(new ForwardOptionsRules().Validate(null, new ForwardOptions { CaFile = folder.At("ca.pem") }).Succeeded);
    }

    private static HttpClient Client(string? caFile) =>
        new OutboundHttp(new OutboundGuard(AllowedRanges.Read("true", out _)!, TimeProvider.System), new ForwardOptions { CaFile = caFile }, TimeProvider.System).ClientFor(1, null);

    private X509Certificate2 Certificate(string address, X509Certificate2? signer = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var signed = Request(key, address).Create(signer ?? authority, Now.AddHours(-1), Now.AddHours(1), [1, 2, 3, 4]);
        using var whole = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }

    private static CertificateRequest Request(ECDsa key, string address)
    {
        var request = new CertificateRequest("CN=platform of a test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        return request;
    }

    /// <summary>Answers "hi" over TLS.</summary>
    private sealed class TlsPlatform : IAsyncDisposable
    {
        private readonly X509Certificate2 certificate;
        private readonly X509Certificate2Collection between;
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource stop = new();
        private readonly Task serving;

        public TlsPlatform(X509Certificate2 certificate, params X509Certificate2[] between)
        {
            (this.certificate, this.between) = (certificate, [.. between]);
            listener.Start();
            serving = ServeAsync();
        }

        public Uri Address => new(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/"));

        public SslProtocols Spoken { get; private set; }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            listener.Stop();
            await serving;
            listener.Dispose();
            stop.Dispose();
            certificate.Dispose();
        }

        private async Task ServeAsync()
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    using var client = await listener.AcceptTcpClientAsync(stop.Token);
                    await using var tls = new SslStream(client.GetStream());
                    await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = SslStreamCertificateContext.Create(certificate, between, offline: true) }, stop.Token);
                    Spoken = tls.SslProtocol;
                    var request = new byte[4_096];
                    if (await tls.ReadAsync(request, stop.Token) > 0) await tls.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"), stop.Token);
                }
                catch (Exception e) when (e is OperationCanceledException or IOException or AuthenticationException or SocketException or ObjectDisposedException)
                {
                    // The client has not believed it, or the test has ended.
                }
            }
        }
    }
}
