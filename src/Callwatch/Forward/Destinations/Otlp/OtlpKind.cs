using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Forward.Lanes;

namespace Callwatch.Forward.Destinations.Otlp;

/// <summary>Any endpoint that takes OTLP: a collector, or a platform that has no kind of its own here.</summary>
internal sealed class OtlpKind : IDestinationKind
{
    // Set by the sending itself.
    private static readonly HashSet<string> OwnHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "host", "connection", "content-type", "content-length", "content-encoding", "transfer-encoding", "te", "trailer", "upgrade", "expect", "grpc-encoding", "grpc-timeout", "grpc-accept-encoding",
    };

    public string Name => "otlp";

    public string Title => "OpenTelemetry (OTLP)";

    public bool Deduplicates => false;

    public IReadOnlyList<string> Signals { get; } = ["traces", "logs", "metrics"];

    public IReadOnlyList<DestinationField> Fields { get; } =
    [
        new("endpoint", "url", false, true, null, "Address of the receiver, such as https://collector.example:4318."),
        new("protocol", "choice", false, false, "http/protobuf", "How it is sent.") { Choices = ["http/protobuf", "http/json", "grpc"] },
        new("path_mode", "choice", false, false, "base", "base: /v1/traces is added to the address; exact: the address is used as it is.") { Choices = ["base", "exact"] },
        new("headers", "pairs", true, false, null, "Headers sent with each request, such as Authorization. Their values are secret."),
        new("compression", "choice", false, false, "gzip", "Whether requests are compressed.") { Choices = ["gzip", "none"] },
        new("timeout", "number", false, false, 10, "Longest a request may take, in seconds."),
        new("conventions", "choice", false, false, "genai", "Names that are added where spans lack them.") { Choices = ["genai", "openinference", "both"] },
        new("service_name", "text", false, false, null, "Puts this service name in place of the senders' own."),
        new("resource_attributes", "pairs", false, false, null, "Added to each resource."),
        new("capture_content", "switch", false, false, true, "Whether prompts and answers go along."),
        new("tls_ca", "text", false, false, null, "Certificates (PEM) to trust instead of the system's."),
        new("tls_certificate", "text", false, false, null, "Client certificate (PEM)."),
        new("tls_key", "text", true, false, null, "Key of the client certificate (PEM)."),
        new("link_template", "text", false, false, null, "Address of a trace there, with {trace_id} where its id belongs."),
    ];

    public ConfigResult Normalize(JsonObject config, OutboundRules rules)
    {
        var reader = new ConfigReader(config, Fields, rules);
        var endpoint = reader.Url("endpoint");
        reader.Choice("protocol");
        reader.Choice("path_mode");
        foreach (var (name, value) in reader.Pairs("headers", StringComparer.OrdinalIgnoreCase))
        {
            if (!IsHeader(name) || value.Any(letter => letter is < ' ' or > '~')) reader.Fail("headers", $"'{name}' is no legal header: a name of letters, digits and dashes, a value of printable ASCII.");
            if (OwnHeaders.Contains(name)) reader.Fail("headers", $"'{name}' is set by the protocol itself; leave it out.");
        }

        reader.Choice("compression");
        reader.Number("timeout", 1, 600);
        reader.Choice("conventions");
        reader.Text("service_name", 255);
        reader.Pairs("resource_attributes", StringComparer.Ordinal);
        reader.Switch("capture_content");
        ReadTls(reader, endpoint);
        if (reader.Text("link_template") is { } template && (!template.Contains("{trace_id}", StringComparison.Ordinal) || !(template.StartsWith("http://", StringComparison.Ordinal) || template.StartsWith("https://", StringComparison.Ordinal))))
            reader.Fail("link_template", "'link_template' is an http or https address that holds {trace_id}.");
        return reader.Result();
    }

    public IDestination Create(JsonObject config, DestinationContext context)
    {
        var headers = (config["headers"] as JsonObject ?? []).ToDictionary(pair => pair.Key.Trim(), pair => (string)pair.Value!, StringComparer.OrdinalIgnoreCase);
        var protocol = (string?)config["protocol"] switch { "http/json" => OtlpProtocol.HttpJson, "grpc" => OtlpProtocol.Grpc, _ => OtlpProtocol.HttpProtobuf };
        var endpoint = (string)config["endpoint"]!;
        var address = protocol == OtlpProtocol.Grpc || (string?)config["path_mode"] == "exact" || endpoint.EndsWith("/v1/traces", StringComparison.Ordinal) ? endpoint : endpoint + "/v1/traces";
        var shape = new OtlpShape(
            (string?)config["conventions"] switch { "openinference" => Conventions.OpenInference, "both" => Conventions.Both, _ => Conventions.GenAi },
            (string?)config["service_name"], (config["resource_attributes"] as JsonObject ?? []).ToDictionary(pair => pair.Key, pair => (string)pair.Value!),
            (bool?)config["capture_content"] ?? true, context.Version);
        var answers = new PlatformAnswer(new Secrets(headers.Values.SelectMany(PartsOf)), context.Time);
        var target = new OtlpTarget(protocol, new Uri(address), headers, (string?)config["compression"] != "none") { Agent = "callwatch/" + context.Version, Timeout = TimeSpan.FromSeconds(WorkFacts.Number(config["timeout"]) ?? 10) };
        return new OtlpDestination(new OtlpSender(context.Http, target, answers), new OtlpSignals(context.Http, target, answers), shape, (string?)config["link_template"]);
    }

    public OutboundTls? TlsOf(JsonObject config) =>
        config["tls_ca"] is null && config["tls_certificate"] is null ? null : new OutboundTls((string?)config["tls_ca"], (string?)config["tls_certificate"], (string?)config["tls_key"]);

    private static void ReadTls(ConfigReader reader, Uri? endpoint)
    {
        var authority = reader.Pem("tls_ca", "CERTIFICATE");
        var certificate = reader.Pem("tls_certificate", "CERTIFICATE");
        var key = reader.Pem("tls_key", "KEY");
        if (certificate is not null && key is null) reader.Fail("tls_key", "A client certificate needs its key.");
        if (certificate is null && key is not null) reader.Fail("tls_certificate", "A key needs its certificate.");
        if (certificate is not null && key is not null && !IsPair(certificate, key)) reader.Fail("tls_key", "The key does not belong to the certificate, or one of them cannot be read.");
        if (endpoint?.Scheme == "http" && (authority ?? certificate) is not null) reader.Fail("endpoint", "Certificates need an address that begins with https://.");
    }

    private static bool IsPair(string certificate, string key)
    {
        try
        {
            using var pair = X509Certificate2.CreateFromPem(certificate, key);
            return pair.HasPrivateKey;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    // A receiver may repeat the whole value, or only the token in it, or what Basic has put into base64.
    private static IEnumerable<string> PartsOf(string value)
    {
        yield return value;
        var space = value.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0) yield break;
        var token = value[(space + 1)..].Trim();
        yield return token;
        var bytes = new byte[token.Length];
        if (!value.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) || !Convert.TryFromBase64String(token, bytes, out var length)) yield break;
        foreach (var part in Encoding.UTF8.GetString(bytes.AsSpan(0, length)).Split(':', 2)) yield return part;
    }

    private static bool IsHeader(string name) => name.Length > 0 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || "!#$%&'*+-.^_`|~".Contains(letter, StringComparison.Ordinal));
}
