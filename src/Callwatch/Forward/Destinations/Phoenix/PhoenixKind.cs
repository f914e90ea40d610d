using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.Phoenix;

/// <summary>Arize Phoenix, self-hosted or its cloud.</summary>
internal sealed class PhoenixKind : IDestinationKind
{
    public string Name => "phoenix";

    public string Title => "Arize Phoenix";

    // A span id is unique in its database, and the first write wins.
    public bool Deduplicates => true;

    public IReadOnlyList<DestinationField> Fields { get; } =
    [
        new("endpoint", "url", false, false, "https://app.phoenix.arize.com", "Address of the server; /v1/traces is added."),
        new("api_key", "text", true, false, null, "Key, where the server asks for one."),
        new("project", "text", false, false, "default", "Project the traces go to; made on first use."),
    ];

    public ConfigResult Normalize(JsonObject config, OutboundRules rules)
    {
        var reader = new ConfigReader(config, Fields, rules);
        if (reader.Url("endpoint") is { } endpoint && endpoint.AbsolutePath.EndsWith("/v1/traces", StringComparison.Ordinal))
            reader.Put("endpoint", endpoint.AbsoluteUri[..^"/v1/traces".Length].TrimEnd('/'));
        reader.Key("api_key");
        reader.Text("project", 255);
        return reader.Result();
    }

    public IDestination Create(JsonObject config, DestinationContext context) =>
        new PhoenixDestination((string)config["endpoint"]!, (string?)config["api_key"], (string)config["project"]!, context);
}
