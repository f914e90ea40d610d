using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.Langfuse;

/// <summary>Langfuse, cloud or self-hosted.</summary>
internal sealed partial class LangfuseKind : IDestinationKind
{
    public string Name => "langfuse";

    public string Title => "Langfuse";

    // Stored by project, trace, span and start time: the same span again replaces itself.
    public bool Deduplicates => true;

    public IReadOnlyList<DestinationField> Fields { get; } =
    [
        new("public_key", "text", false, true, null, "Public key of the project (pk-lf-…)."),
        new("secret_key", "text", true, true, null, "Secret key of the project (sk-lf-…)."),
        new("host", "url", false, false, "https://cloud.langfuse.com", "https://us.cloud.langfuse.com in the United States, https://jp.cloud.langfuse.com in Japan, or your own."),
        new("environment", "text", false, false, null, "Environment shown there; without it that of each trace."),
        new("release", "text", false, false, null, "Release shown there; without it that of each trace."),
        new("ingestion", "choice", false, false, "otlp", "legacy is for self-hosted servers that do not take OTLP yet.") { Choices = ["otlp", "legacy"] },
    ];

    /// <summary>What Langfuse keeps as an environment; anything else it silently stores as "default".</summary>
    public static bool IsEnvironment(string text) => EnvironmentForm().IsMatch(text) && !text.StartsWith("langfuse", StringComparison.Ordinal);

    public ConfigResult Normalize(JsonObject config, OutboundRules rules)
    {
        var reader = new ConfigReader(config, Fields, rules);
        foreach (var (field, prefix) in new[] { ("public_key", "pk-lf-"), ("secret_key", "sk-lf-") })
        {
            var key = reader.Text(field);
            if (key?.Contains(':', StringComparison.Ordinal) == true) reader.Fail(field, $"'{field}' holds a colon, which no key has.");
            if (key?.All(char.IsAscii) == false) reader.Fail(field, $"'{field}' holds a letter that no key has.");
            if (key?.StartsWith(prefix, StringComparison.Ordinal) == false) reader.Warn($"'{field}' does not begin with {prefix}, as keys of Langfuse do.");
        }

        if (reader.Url("host") is { Scheme: "http" }) reader.Warn("'host' is plain http: the keys can be read on their way.");
        if (reader.Text("environment", 40) is { } environment && !IsEnvironment(environment))
            reader.Fail("environment", "'environment' has 1 to 40 of a-z, 0-9, '-' and '_', and does not begin with langfuse.");
        reader.Text("release", 200);
        reader.Choice("ingestion");
        return reader.Result();
    }

    public IDestination Create(JsonObject config, DestinationContext context)
    {
        var options = new LangfuseOptions(
            (string)config["public_key"]!, (string)config["secret_key"]!, (string)config["host"]!, (string?)config["environment"], (string?)config["release"], context.Version);
        return (string?)config["ingestion"] == "legacy" ? new LegacyDestination(options, context) : new LangfuseDestination(options, context);
    }

    [GeneratedRegex("^[a-z0-9_-]{1,40}$", RegexOptions.NonBacktracking)]
    private static partial Regex EnvironmentForm();
}

/// <summary>A config of Langfuse.</summary>
internal sealed record LangfuseOptions(string PublicKey, string SecretKey, string Host, string? Environment, string? Release, string Version)
{
    public string Basic => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{PublicKey}:{SecretKey}"));
}
