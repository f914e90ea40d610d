using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.Opik;

/// <summary>Opik by Comet, cloud or self-hosted.</summary>
internal sealed class OpikKind : IDestinationKind
{
    private const string Cloud = "www.comet.com";

    public string Name => "opik";

    public string Title => "Opik";

    // A batch creates or replaces whole rows by id.
    public bool Deduplicates => true;

    public IReadOnlyList<DestinationField> Fields { get; } =
    [
        new("url", "url", false, false, "https://www.comet.com/opik/api/", "Address of the API; it ends with /api/."),
        new("api_key", "text", true, false, null, "API key; none where Opik is self-hosted without accounts."),
        new("workspace", "text", false, false, "default", "Name of the workspace."),
        new("project", "text", false, false, "Default Project", "Project the traces go to; made on first use."),
    ];

    public ConfigResult Normalize(JsonObject config, OutboundRules rules)
    {
        var reader = new ConfigReader(config, Fields, rules);
        var url = reader.Url("url");
        if (url is not null && !url.AbsolutePath.EndsWith("/api", StringComparison.Ordinal)) reader.Fail("url", "'url' ends with /api/, such as https://www.comet.com/opik/api/.");
        if (url is not null) reader.Put("url", url.AbsoluteUri.TrimEnd('/') + "/");
        var key = reader.Text("api_key");
        if (key?.All(char.IsAscii) == false) reader.Fail("api_key", "'api_key' holds a letter that no key has.");
        if (key is null && string.Equals(url?.Host, Cloud, StringComparison.OrdinalIgnoreCase)) reader.Fail("api_key", "'api_key' is missing: the cloud asks for one.");
        if (key is not null && url?.Scheme == "http") reader.Warn("'url' is plain http: the key can be read on its way.");
        if (reader.Text("workspace", 255) is { } workspace && !workspace.All(char.IsAscii)) reader.Fail("workspace", "'workspace' holds a letter that names of workspaces have not.");
        reader.Text("project", 255);
        return reader.Result();
    }

    public IDestination Create(JsonObject config, DestinationContext context) =>
        new OpikDestination(new OpikOptions((string)config["url"]!, (string?)config["api_key"], (string)config["workspace"]!, (string)config["project"]!), context);
}
