using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;

namespace Callwatch.Forward.Destinations.Otlp;

/// <summary>Any endpoint that takes OTLP: a collector, or a platform that has no kind of its own here.</summary>
internal sealed class OtlpKind : IDestinationKind
{
    public string Name => "otlp";

    public string Title => "OpenTelemetry (OTLP)";

    public bool Deduplicates => false;

    public IReadOnlyList<DestinationField> Fields { get; } =
    [
        new("endpoint", "url", false, true, null, "Address of the receiver, such as https://collector.example:4318."),
        new("protocol", "choice", false, false, "http/protobuf", "How it is sent.") { Choices = ["http/protobuf", "http/json", "grpc"] },
        new("path_mode", "choice", false, false, "base", "base: /v1/traces is added to the address; exact: the address is used as it is.") { Choices = ["base", "exact"] },
        new("headers", "pairs", true, false, null, "Headers sent with each request, such as Authorization. Their values are secret."),
        new("compression", "choice", false, false, "gzip", "Whether requests are compressed.") { Choices = ["gzip", "none"] },
        new("conventions", "choice", false, false, "genai", "Names that are added where spans lack them.") { Choices = ["genai", "openinference", "both"] },
        new("service_name", "text", false, false, null, "Puts this service name in place of the senders' own."),
        new("resource_attributes", "pairs", false, false, null, "Added to each resource."),
        new("capture_content", "switch", false, false, true, "Whether prompts and answers go along."),
        new("link_template", "text", false, false, null, "Address of a trace there, with {trace_id} where its id belongs."),
    ];

    public ConfigResult Normalize(JsonObject config, OutboundRules rules)
    {
        var reader = new ConfigReader(config, Fields, rules);
        reader.Url("endpoint");
        reader.Choice("protocol");
        reader.Choice("path_mode");
        foreach (var (name, value) in reader.Pairs("headers"))
            if (!IsHeader(name) || value.Any(letter => letter is '\r' or '\n' or '\0')) reader.Fail("headers", $"'{name}' is no legal header.");
        reader.Choice("compression");
        reader.Choice("conventions");
        reader.Text("service_name", 255);
        reader.Pairs("resource_attributes");
        reader.Switch("capture_content");
        if (reader.Text("link_template") is { } template && (!template.Contains("{trace_id}", StringComparison.Ordinal) || !template.StartsWith("http", StringComparison.Ordinal)))
            reader.Fail("link_template", "'link_template' is an http or https address that holds {trace_id}.");
        return reader.Result();
    }

    public IDestination Create(JsonObject config, DestinationContext context)
    {
        var headers = (config["headers"] as JsonObject ?? []).ToDictionary(pair => pair.Key, pair => (string)pair.Value!, StringComparer.OrdinalIgnoreCase);
        var protocol = (string?)config["protocol"] switch { "http/json" => OtlpProtocol.HttpJson, "grpc" => OtlpProtocol.Grpc, _ => OtlpProtocol.HttpProtobuf };
        var endpoint = (string)config["endpoint"]!;
        var address = protocol == OtlpProtocol.Grpc || (string?)config["path_mode"] == "exact" || endpoint.EndsWith("/v1/traces", StringComparison.Ordinal) ? endpoint : endpoint + "/v1/traces";
        var shape = new OtlpShape(
            (string?)config["conventions"] switch { "openinference" => Conventions.OpenInference, "both" => Conventions.Both, _ => Conventions.GenAi },
            (string?)config["service_name"], (config["resource_attributes"] as JsonObject ?? []).ToDictionary(pair => pair.Key, pair => (string)pair.Value!),
            (bool?)config["capture_content"] ?? true, context.Version);
        var answers = new PlatformAnswer(new Secrets(headers.Values), context.Time);
        var target = new OtlpTarget(protocol, new Uri(address), headers, (string?)config["compression"] != "none");
        return new OtlpDestination(new OtlpSender(context.Http, target, answers), shape, (string?)config["link_template"]);
    }

    private static bool IsHeader(string name) => name.Length > 0 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || "!#$%&'*+-.^_`|~".Contains(letter, StringComparison.Ordinal));
}
