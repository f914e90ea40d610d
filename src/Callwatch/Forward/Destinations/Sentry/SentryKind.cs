using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.Sentry;

/// <summary>Sentry, cloud or self-hosted: the errors of what is watched and, by switch, its runs.</summary>
internal sealed class SentryKind : IDestinationKind
{
    public string Name => "sentry";

    public string Title => "Sentry";

    // An event whose id the project has seen is discarded.
    public bool Deduplicates => true;

    public IReadOnlyList<DestinationField> Fields { get; } =
    [
        new("dsn", "url", true, true, null, "The project's DSN (https://KEY@HOST/PROJECT), from Settings, Projects, Client Keys."),
        new("environment", "text", false, false, null, "Environment shown there; without it that of each trace, else production."),
        new("release", "text", false, false, null, "Release shown there; without it that of each trace."),
        new("errors_only", "switch", false, false, true, "Off sends runs too, as transactions with the spans of agents, calls and tools."),
        new("traces_sample_rate", "number", false, false, null, "Share of the traces whose runs are sent, 0 to 1; errors are sent whatever it says."),
        new("send_default_pii", "switch", false, false, false, "On sends users, prompts and answers too."),
        new("web_url", "url", false, false, null, "Address of your organisation's pages (https://ORGANISATION.sentry.io), for links; a DSN does not hold it."),
    ];

    public ConfigResult Normalize(JsonObject config, OutboundRules rules)
    {
        var reader = new ConfigReader(config, Fields, rules);
        if (reader.Text("dsn") is { } dsn && SentryDsn.Parse(dsn) is (null, var wrong)) reader.Fail("dsn", wrong!);
        if (reader.Text("environment", 64) is { } environment && !SentryText.IsEnvironment(environment))
            reader.Fail("environment", "'environment' has at most 64 characters without blanks and slashes, and is not None.");
        if (reader.Text("release", 200) is { } release && !SentryText.IsRelease(release))
            reader.Fail("release", "'release' has at most 200 characters without slashes, and is not '.' or '..'.");
        var errorsOnly = reader.Switch("errors_only");
        if (reader.Number("traces_sample_rate", 0, 1) is not null && errorsOnly) reader.Warn("'traces_sample_rate' says nothing while 'errors_only' is on.");
        reader.Switch("send_default_pii");
        reader.Url("web_url");
        return reader.Result();
    }

    public IDestination Create(JsonObject config, DestinationContext context) => new SentryDestination(
        new SentryOptions
        {
            Dsn = SentryDsn.Parse((string)config["dsn"]!).Dsn!,
            Environment = (string?)config["environment"],
            Release = (string?)config["release"],
            ErrorsOnly = (bool?)config["errors_only"] ?? true,
            TracesSampleRate = (double?)config["traces_sample_rate"] ?? 1,
            SendPii = (bool?)config["send_default_pii"] ?? false,
            WebUrl = (string?)config["web_url"],
            Version = context.Version,
        },
        context);
}

/// <summary>A config of Sentry.</summary>
internal sealed record SentryOptions
{
    public required SentryDsn Dsn { get; init; }

    public string? Environment { get; init; }

    public string? Release { get; init; }

    public bool ErrorsOnly { get; init; } = true;

    public double TracesSampleRate { get; init; } = 1;

    /// <summary>Users, prompts and answers go along.</summary>
    public bool SendPii { get; init; }

    public string? WebUrl { get; init; }

    public required string Version { get; init; }
}
