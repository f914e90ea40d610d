using System.Text.Json.Nodes;

namespace Callwatch.Client.Api;

/// <summary>A platform that traces can be sent to, as people configure it.</summary>
public sealed record ApiDestinationKind
{
    /// <summary>What <c>kind</c> of a destination says: <c>langfuse</c>, <c>langsmith</c>, ...</summary>
    public required string Name { get; init; }

    /// <summary>For people.</summary>
    public required string Title { get; init; }

    /// <summary>True where sending the same again changes nothing at the platform; else a replay asks for <c>confirm_duplicates</c>.</summary>
    public required bool Deduplicates { get; init; }

    /// <summary>What it takes: <c>traces</c>, and some <c>logs</c> and <c>metrics</c> too.</summary>
    public required IReadOnlyList<string> Signals { get; init; }

    /// <summary>The fields of its config, in the order of a form.</summary>
    public required IReadOnlyList<ApiDestinationField> Fields { get; init; }
}

/// <summary>A field of a config.</summary>
public sealed record ApiDestinationField
{
    /// <summary>Its name in <c>config</c>.</summary>
    public required string Name { get; init; }

    /// <summary><c>text</c>, <c>url</c>, <c>choice</c>, <c>switch</c> (true or false), <c>number</c>, or <c>pairs</c> (an object whose values are texts).</summary>
    public required string Type { get; init; }

    /// <summary>Kept encrypted and never shown again.</summary>
    public required bool Secret { get; init; }

    /// <summary>Must be given: there is no default.</summary>
    public required bool Required { get; init; }

    /// <summary>What holds when it is left out; null when nothing does.</summary>
    public JsonNode? Default { get; init; }

    /// <summary>The values of a <c>choice</c>; empty for the other types.</summary>
    public required IReadOnlyList<string> Choices { get; init; }

    /// <summary>A sentence for people.</summary>
    public required string Help { get; init; }
}
