using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.Weave;

/// <summary>W&amp;B Weave, cloud or self-managed.</summary>
internal sealed partial class WeaveKind : IDestinationKind
{
    public string Name => "weave";

    public string Title => "W&B Weave";

    public bool Deduplicates => false;

    public IReadOnlyList<DestinationField> Fields { get; } =
    [
        new("api_key", "text", true, true, null, "API key of your account."),
        new("project", "text", false, true, null, "Project; or entity/project."),
        new("entity", "text", false, false, null, "Team or user the project belongs to; without it the default one of the key."),
        new("endpoint", "url", false, false, null, "Address of the trace server. Default https://trace.wandb.ai, or /traces of the host."),
        new("host", "url", false, false, null, "Address of a self-managed W&B; leave it empty for the cloud."),
    ];

    public ConfigResult Normalize(JsonObject config, OutboundRules rules)
    {
        var reader = new ConfigReader(config, Fields, rules);
        reader.Text("api_key");
        var entity = reader.Text("entity", 128);
        var project = reader.Text("project", 256);
        if (project?.Split('/') is [var owner, var name])
        {
            if (entity is not null && entity != owner) reader.Fail("entity", "'entity' and the first part of 'project' differ.");
            reader.Put("entity", owner);
            reader.Put("project", name);
            (entity, project) = (owner, name);
        }

        if (project is not null && !NameForm().IsMatch(project)) reader.Fail("project", "'project' has letters, digits, '-', '_' and '.' only.");
        if (entity?.Contains('/', StringComparison.Ordinal) == true || entity?.Length == 0) reader.Fail("entity", "'entity' is a name without '/'.");
        var host = reader.Url("host", mayBePlain: false);
        if (reader.Url("endpoint", mayBePlain: false) is null) reader.Put("endpoint", host is null ? WeaveTarget.Cloud : host.AbsoluteUri.TrimEnd('/') + "/traces");
        return reader.Result();
    }

    public IDestination Create(JsonObject config, DestinationContext context) => new WeaveDestination(
        new WeaveApi(new WeaveTarget((string)config["endpoint"]!, (string?)config["host"], (string)config["api_key"]!, (string?)config["entity"], (string)config["project"]!), context));

    [GeneratedRegex("^[A-Za-z0-9._-]+$", RegexOptions.NonBacktracking)]
    private static partial Regex NameForm();
}
