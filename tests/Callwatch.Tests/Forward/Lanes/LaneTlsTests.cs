using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Otlp;
using Callwatch.Forward.Lanes;
using Callwatch.Forward.Outbound;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Lanes;

/// <summary>A lane to a host whose certificate is not believed: nothing is sent, people are told why, and it goes on when that is mended.</summary>
public sealed class LaneTlsTests : IAsyncDisposable
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private readonly ForwardOptions options = new() { BatchDelay = TimeSpan.Zero, StopGrace = TimeSpan.FromMilliseconds(200), Timeout = TimeSpan.FromDays(40) };
    private readonly LaneWorld world;

    public LaneTlsTests() => world = new LaneWorld(options, http: new OutboundHttp(new OutboundGuard(AllowedRanges.Read("true", out _)!, TimeProvider.System), options, TimeProvider.System));

    public ValueTask DisposeAsync() => world.DisposeAsync();

    public static TheoryData<string, string, int, string> Untrusted() => new()
    {
        { "http/protobuf", "127.0.0.1", 0, "it has signed itself" },
        { "http/json", "127.0.0.1", 0, "it has signed itself" },
        { "grpc", "127.0.0.1", 0, "it has signed itself" },
        { "http/protobuf", "10.0.0.1", 0, "it is for another name" },
        { "http/protobuf", "127.0.0.1", -30, "is not valid now" },
    };

    [Theory]
    [MemberData(nameof(Untrusted))]
    public async Task It_is_told_in_words_tried_again_and_goes_on_when_the_certificate_is_believed(string protocol, string name, int days, string words)
    {
        using var certificate = Certificate(name, days);
        await using var receiver = new OtlpStandIn { Certificate = certificate };
        await receiver.StartAsync();
        IDestinationKind kind = new OtlpKind();
        var destination = world.Destination(new Uri("https://unused/"), kind) with { Config = Config(kind, new JsonObject { ["endpoint"] = receiver.Address, ["protocol"] = protocol }) };
        await world.StartAsync(destination);
        await world.SettleAsync(1, A.Span("chat"));
        await Eventually.HoldsAsync(() => world.Status().State == LaneState.Retrying && world.Status().NextAttempt is not null, "it is tried again");
        var error = world.Status().LastError!;
        Assert.StartsWith("No secure connection: the host's certificate is not trusted", error.Message, StringComparison.Ordinal);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Contains("Callwatch:Forward:CaFile", error.Advice, StringComparison.Ordinal);
        Assert.Empty(receiver.Requests);
        Assert.Equal(0, world.Letters.Count(1));

        // Named as an authority it is believed, unless it is not sound.
        world.Directory.Set(destination with { Config = Config(kind, new JsonObject { ["endpoint"] = receiver.Address, ["protocol"] = protocol, ["tls_ca"] = certificate.ExportCertificatePem() }) });
        if (name != "127.0.0.1" || days < 0)
        {
            await world.UntilAsync(() => world.Status().LastError is not null && world.Status().State == LaneState.Retrying, "it is still not believed");
            Assert.Empty(receiver.Spans);
            return;
        }

        await world.WhenDoneAsync();
        Assert.Equal("chat", Assert.Single(receiver.Spans).Name);
    }

    private static JsonObject Config(IDestinationKind kind, JsonObject config) => Assert.IsType<ConfigResult.Good>(kind.Normalize(config, new OutboundRules(AllowPrivateAddresses: true, []))).Config;

    private static X509Certificate2 Certificate(string address, int days)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + address, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(Now.AddDays(days).AddHours(-1), Now.AddDays(days).AddHours(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }
}
