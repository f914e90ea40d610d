using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.Arize;

/// <summary>Arize AX.</summary>
internal sealed class ArizeKind : IDestinationKind
{
    public string Name => "arize";

    public string Title => "Arize AX";

    public bool Deduplicates => false;

    public IReadOnlyList<DestinationField> Fields { get; } =
    [
        new("api_key", "text", true, true, null, "API key of the space."),
        new("space_id", "text", true, true, null, "Id of the space."),
        new("project", "text", false, false, "default", "Project the traces go to; made on first use."),
        new("endpoint", "url", false, false, "https://otlp.arize.com", "https://otlp.eu-west-1a.arize.com in the European Union, https://otlp.ca-central-1a.arize.com in Canada."),
        new("transport", "choice", false, false, "http/protobuf", "How it is sent.") { Choices = ["http/protobuf", "grpc"] },
    ];

    public ConfigResult Normalize(JsonObject config, OutboundRules rules)
    {
        var reader = new ConfigReader(config, Fields, rules);
        reader.Key("api_key");
        reader.Key("space_id");
        reader.Text("project", 255);
        reader.Url("endpoint", keepPath: false);
        reader.Choice("transport");
        return reader.Result();
    }

    public IDestination Create(JsonObject config, DestinationContext context) => new ArizeDestination(
        (string)config["api_key"]!, (string)config["space_id"]!, (string)config["project"]!, (string)config["endpoint"]!, (string?)config["transport"] == "grpc", context);
}
