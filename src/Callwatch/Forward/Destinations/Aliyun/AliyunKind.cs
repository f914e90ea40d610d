using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.Aliyun;

/// <summary>Alibaba Cloud ARMS, Managed Service for OpenTelemetry.</summary>
internal sealed class AliyunKind : IDestinationKind
{
    public string Name => "aliyun";

    public string Title => "Alibaba Cloud ARMS";

    public bool Deduplicates => false;

    public IReadOnlyList<DestinationField> Fields { get; } =
    [
        new("license_key", "text", true, true, null, "License key: the part behind adapt_ of the address that the console shows."),
        new("endpoint", "url", false, false, "https://tracing-analysis-dc-hz.aliyuncs.com", "Address of the region, without the key."),
        new("app_name", "text", false, false, "callwatch_app", "Name of the application there."),
    ];

    public ConfigResult Normalize(JsonObject config, OutboundRules rules)
    {
        var reader = new ConfigReader(config, Fields, rules);
        var endpoint = reader.Url("endpoint");
        reader.Text("app_name", 255);

        // The console shows the address with the key in it; whoever pastes it whole has given the key too.
        if (endpoint is not null && endpoint.AbsolutePath.IndexOf("/adapt_", StringComparison.Ordinal) is >= 0 and var at)
        {
            var key = endpoint.AbsolutePath[(at + "/adapt_".Length)..].Split('/')[0];
            reader.Put("endpoint", endpoint.GetLeftPart(UriPartial.Authority) + endpoint.AbsolutePath[..at]);
            if (string.IsNullOrWhiteSpace((string?)config["license_key"]) && key.Length > 0) config["license_key"] = Uri.UnescapeDataString(key);
        }

        reader.Text("license_key");
        return reader.Result();
    }

    public IDestination Create(JsonObject config, DestinationContext context) =>
        new AliyunDestination((string)config["license_key"]!, (string)config["endpoint"]!, (string)config["app_name"]!, context);
}
