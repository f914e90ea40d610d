using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>LangSmith, cloud or self-hosted.</summary>
internal sealed class LangSmithKind : IDestinationKind
{
    public string Name => "langsmith";

    public string Title => "LangSmith";

    // A run that is created again is answered with 409.
    public bool Deduplicates => true;

    public IReadOnlyList<DestinationField> Fields { get; } =
    [
        new("api_key", "text", true, true, null, "API key (lsv2_pt_… or lsv2_sk_…)."),
        new("project", "text", false, false, "default", "Project the traces go to; made on first use."),
        new("endpoint", "url", false, false, "https://api.smith.langchain.com", "https://eu.api.smith.langchain.com in Europe; self-hosted: https://HOST/api/v1."),
        new("workspace_id", "text", false, false, null, "Workspace, for keys that cover several."),
    ];

    public ConfigResult Normalize(JsonObject config, OutboundRules rules)
    {
        var reader = new ConfigReader(config, Fields, rules);
        if (reader.Key("api_key") is { } key && !key.StartsWith("lsv2_", StringComparison.Ordinal)) reader.Warn("'api_key' does not begin with lsv2_, as keys of LangSmith do.");
        reader.Text("project", 255);
        reader.Url("endpoint", mayBePlain: false);
        if (reader.Text("workspace_id") is { } workspace)
        {
            if (Guid.TryParse(workspace, out var id)) reader.Put("workspace_id", id.ToString("D"));
            else reader.Fail("workspace_id", "'workspace_id' is a UUID.");
        }

        return reader.Result();
    }

    public IDestination Create(JsonObject config, DestinationContext context) => new LangSmithDestination(
        new LangSmithApi((string)config["endpoint"]!, (string)config["api_key"]!, (string?)config["workspace_id"], (string)config["project"]!, context));
}
