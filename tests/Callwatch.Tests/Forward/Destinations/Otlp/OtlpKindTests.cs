using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Otlp;
using Callwatch.Forward.Lanes;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Otlp;

public sealed class OtlpKindTests
{
    private static readonly OutboundRules Rules = new(AllowPrivateAddresses: false, []);

    [Fact]
    public void Fills_in_what_is_left_out()
    {
        var config = Good(new JsonObject { ["endpoint"] = "https://collector.example:4318/" });
        Assert.Equal("https://collector.example:4318", (string?)config["endpoint"]);
        Assert.Equal(("http/protobuf", "base", "gzip", "genai", 10, true), ((string)config["protocol"]!, (string)config["path_mode"]!, (string)config["compression"]!, (string)config["conventions"]!, (int)config["timeout"]!, (bool)config["capture_content"]!));
    }

    [Fact]
    public void Reads_headers_as_the_settings_of_sdks_have_them()
    {
        var headers = (JsonObject)Good(new JsonObject { ["endpoint"] = "https://c.example", ["headers"] = "x-api-key=abc, authorization=Bearer%20t%3D1" })["headers"]!;
        Assert.Equal(("abc", "Bearer t=1"), ((string)headers["x-api-key"]!, (string)headers["authorization"]!));
    }

    [Theory]
    [InlineData("endpoint", null, "missing")]
    [InlineData("endpoint", "\"collector\"", "absolute")]
    [InlineData("endpoint", "\"ftp://c.example\"", "absolute")]
    [InlineData("endpoint", "\"https://u:p@c.example\"", "user")]
    [InlineData("endpoint", "\"https://c.example?key=1\"", "path")]
    [InlineData("protocol", "\"http\"", "one of")]
    [InlineData("path_mode", "\"other\"", "one of")]
    [InlineData("headers", "\"nothing\"", "object")]
    [InlineData("headers", "{\"a b\":\"c\"}", "legal header")]
    [InlineData("headers", "{\"a\":\"c\\r\\nx: y\"}", "legal header")]
    [InlineData("headers", "{\"Content-Type\":\"x\"}", "leave it out")]
    [InlineData("headers", "{\"a\":1}", "object")]
    [InlineData("headers", "{\"Key\":\"1\",\"key\":\"2\"}", "twice")]
    [InlineData("headers", "{\" \":\"1\"}", "without a name")]
    [InlineData("resource_attributes", "{\"a\":\"1\",\" a\":\"2\"}", "twice")]
    [InlineData("compression", "\"brotli\"", "one of")]
    [InlineData("conventions", "\"langfuse\"", "one of")]
    [InlineData("timeout", "0", "number")]
    [InlineData("timeout", "\"10\"", "number")]
    [InlineData("capture_content", "\"yes\"", "true or false")]
    [InlineData("link_template", "\"https://c.example/\"", "{trace_id}")]
    [InlineData("link_template", "\"javascript:{trace_id}\"", "{trace_id}")]
    [InlineData("tls_ca", "\"no pem\"", "PEM")]
    [InlineData("tls_ca", "\"-----BEGIN CERTIFICATE-----\\nAA==\\n-----END CERTIFICATE-----\"", "PEM")]
    [InlineData("tls_key", "\"-----BEGIN CERTIFICATE-----\\nAA==\\n-----END CERTIFICATE-----\"", "PEM")]
    [InlineData("nonsense", "1", "no field")]
    public void Names_the_field_and_the_cure(string field, string? value, string says)
    {
        var config = new JsonObject { ["endpoint"] = "https://c.example" };
        config[field] = value is null ? null : JsonNode.Parse(value);
        var wrong = Assert.IsType<ConfigResult.Wrong>(new OtlpKind().Normalize(config, Rules));
        Assert.Contains(says, wrong.Message, StringComparison.Ordinal);
        Assert.Equal(field, wrong.Field);
    }

    [Fact]
    public void Certificates_are_for_https_and_come_with_their_own_key()
    {
        var (certificate, key) = Pair();
        var config = new JsonObject { ["endpoint"] = "http://c.example", ["tls_ca"] = certificate };
        Assert.Equal("endpoint", Wrong(config));
        config["endpoint"] = "https://c.example";
        config["tls_certificate"] = certificate;
        Assert.Equal("tls_key", Wrong(config));
        config["tls_key"] = Pair().Key;
        Assert.Equal("tls_key", Wrong(config));
        config["tls_key"] = key;
        Assert.Equal(new OutboundTls(certificate, certificate, key), ((IDestinationKind)new OtlpKind()).TlsOf(Good(config)));
        config.Remove("tls_certificate");
        Assert.Equal("tls_certificate", Wrong(config));
        Assert.Null(((IDestinationKind)new OtlpKind()).TlsOf(Good(new JsonObject { ["endpoint"] = "https://c.example" })));
    }

    private static (string Certificate, string Key) Pair()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256).CreateSelfSigned(A.Noon.ToDateTimeOffset(), A.Noon.ToDateTimeOffset().AddYears(1));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    private static string Wrong(JsonObject config) => Assert.IsType<ConfigResult.Wrong>(new OtlpKind().Normalize(config, Rules)).Field;

    private static JsonObject Good(JsonObject config) => Assert.IsType<ConfigResult.Good>(new OtlpKind().Normalize(config, Rules)).Config;
}
