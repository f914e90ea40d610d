using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Otlp;
using Callwatch.Forward.Outbound;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Otlp;

/// <summary>A receiver whose certificate nobody but its owner has signed, and that wants to see one of ours.</summary>
public sealed class OtlpTlsTests
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("http/json")]
    [InlineData("grpc")]
    public async Task Certificates_of_the_config_are_trusted_and_shown(string protocol)
    {
        using var server = Certificate("127.0.0.1");
        using var client = Certificate("10.0.0.1");
        await using var receiver = new OtlpStandIn { Certificate = server };
        await receiver.StartAsync();
        var config = new JsonObject { ["endpoint"] = receiver.Address, ["protocol"] = protocol };
        Assert.StartsWith("No secure connection", (await CheckAsync(config)).Detail, StringComparison.Ordinal);
        config["tls_ca"] = server.ExportCertificatePem();
        config["tls_certificate"] = client.ExportCertificatePem();
        config["tls_key"] = client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();
        Assert.True((await CheckAsync(config)).Ok);
        Assert.Equal(client.Thumbprint, receiver.ClientThumbprint);
    }

    private static async Task<CheckResult> CheckAsync(JsonObject config)
    {
        IDestinationKind kind = new OtlpKind();
        var good = Assert.IsType<ConfigResult.Good>(kind.Normalize(config, new OutboundRules(AllowPrivateAddresses: true, []))).Config;
        var outbound = new OutboundHttp(new OutboundGuard(AllowedRanges.Read("true", out _)!, TimeProvider.System), new ForwardOptions(), TimeProvider.System);
        using var http = outbound.ClientFor(1, kind.TlsOf(good));
        await using var destination = kind.Create(good, new DestinationContext(http, TimeProvider.System, "1.0.0"));
        return await destination.CheckAsync(TestContext.Current.CancellationToken);
    }

    private static X509Certificate2 Certificate(string address)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + address, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(Now.AddHours(-1), Now.AddHours(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }
}
