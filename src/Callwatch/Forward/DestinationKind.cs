using System.Text.Json.Nodes;
using Callwatch.Forward.Lanes;

namespace Callwatch.Forward;

/// <summary>A platform as people configure it: its fields, what is legal, and how a destination is made of them.</summary>
public interface IDestinationKind
{
    /// <summary><c>langfuse</c>, <c>langsmith</c>, ...</summary>
    string Name { get; }

    /// <summary>For people: <c>Langfuse</c>.</summary>
    string Title { get; }

    /// <summary>In the order of the form.</summary>
    IReadOnlyList<DestinationField> Fields { get; }

    /// <summary>True where sending the same item again changes nothing at the platform; else a replay asks for a confirmation.</summary>
    bool Deduplicates { get; }

    /// <summary>What it takes, of <c>traces</c>, <c>logs</c> and <c>metrics</c>.</summary>
    IReadOnlyList<string> Signals => ["traces"];

    /// <summary>The config as it is stored (defaults filled in, addresses normalised), or what is wrong with it. No network.</summary>
    ConfigResult Normalize(JsonObject config, OutboundRules rules);

    /// <summary>The addresses in a normalised config that are connected to, with their fields: the guard looks at them before anything is saved.</summary>
    IReadOnlyList<(string Field, Uri Address)> Addresses(JsonObject config) =>
    [
        .. Fields.Where(field => field.Type == "url")
            .Select(field => (field.Name, Address: config[field.Name] is JsonValue value && value.TryGetValue<string>(out var text) && Uri.TryCreate(text, UriKind.Absolute, out var address) ? address : null))
            .Where(pair => pair.Address is not null).Select(pair => (pair.Name, pair.Address!)),
    ];

    /// <summary>Certificates the config asks for; null for those of the system. Of a normalised config with its secrets in clear.</summary>
    OutboundTls? TlsOf(JsonObject config) => null;

    /// <summary>Of a normalised config with its secrets in clear.</summary>
    IDestination Create(JsonObject config, DestinationContext context);
}

/// <summary>A field of a config.</summary>
/// <param name="Name">snake_case.</param>
/// <param name="Type"><c>text</c>, <c>url</c>, <c>choice</c>, <c>switch</c>, <c>number</c>, <c>pairs</c>.</param>
/// <param name="Help">A sentence for the form.</param>
public sealed record DestinationField(string Name, string Type, bool Secret, bool Required, JsonNode? Default, string Help)
{
    public IReadOnlyList<string> Choices { get; init; } = [];
}

public abstract record ConfigResult
{
    private ConfigResult()
    {
    }

    /// <param name="Config">Normalised.</param>
    /// <param name="Warnings">What looks odd and is taken all the same.</param>
    public sealed record Good(JsonObject Config, IReadOnlyList<string> Warnings) : ConfigResult;

    /// <summary>Names the field and the cure.</summary>
    public sealed record Wrong(string Field, string Message) : ConfigResult;
}

/// <summary>What the operator allows of addresses (<c>Callwatch:Forward:AllowPrivateAddresses</c>).</summary>
public sealed record OutboundRules(bool AllowPrivateAddresses, IReadOnlyList<string> AllowedRanges);

/// <summary>What a destination is given: a client that guards every connect, refuses redirects and holds no cookies; the clock; the product's version.</summary>
public sealed record DestinationContext(HttpClient Http, TimeProvider Time, string Version);
