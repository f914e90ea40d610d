using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Callwatch.Client.Api;

/// <summary>A configured platform.</summary>
public sealed record ApiDestination
{
    /// <summary>Its number.</summary>
    public required int Id { get; init; }

    /// <summary>Grows with every change; the answer's ETag, too.</summary>
    public required long Revision { get; init; }

    /// <summary>For people.</summary>
    public required string Name { get; init; }

    /// <summary>Which platform.</summary>
    public required string Kind { get; init; }

    /// <summary>Every field of the kind, null where it has no value. Secrets are null always; of an object whose values are secret the names are there, each null. Empty for a key of one app.</summary>
    public required JsonObject Config { get; init; }

    /// <summary>The secrets that are kept, by the names of their fields.</summary>
    public required IReadOnlyList<string> ConfigSet { get; init; }

    /// <summary>The apps whose traces it gets, by name; <c>*</c> alone for all of the tenant.</summary>
    public required IReadOnlyList<string> Apps { get; init; }

    /// <summary>With <c>*</c>: the apps it does not serve all the same.</summary>
    public required IReadOnlyList<string> ExceptApps { get; init; }

    /// <summary>Only traces with a span that meets it, in the filter language; null for all.</summary>
    public string? Filter { get; init; }

    /// <summary>Share of the traces, 0 to 1, by trace id.</summary>
    public required double SampleRate { get; init; }

    /// <summary>Traces with an error go whatever the sample says.</summary>
    public required bool KeepErrors { get; init; }

    /// <summary>What is replaced by <c>***</c> before it goes: names of built-in patterns, or regular expressions.</summary>
    public required IReadOnlyList<string> Mask { get; init; }

    /// <summary><c>traces</c>; for <c>otlp</c> also <c>logs</c> and <c>metrics</c>.</summary>
    public required IReadOnlyList<string> Signals { get; init; }

    /// <summary>False while it is switched off.</summary>
    public required bool Enabled { get; init; }

    /// <summary>Where it began: <c>now</c>, <c>beginning</c>, or a time of receipt, RFC 3339 in UTC.</summary>
    public required string Start { get; init; }

    /// <summary>When it was made, RFC 3339 in UTC.</summary>
    public required string CreatedAt { get; init; }

    /// <summary>When it was last changed, RFC 3339 in UTC.</summary>
    public required string UpdatedAt { get; init; }

    /// <summary>What looks odd in what was just saved and was taken all the same; empty otherwise.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>How its lane is.</summary>
    public required ApiDestinationStatus Status { get; init; }
}

/// <summary>Asks for a destination, or for changes of one. What is left out (null) has its default, and in a change keeps its value.</summary>
public sealed record ApiDestinationWish
{
    /// <summary>For people.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>Which platform; it cannot be changed later.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Kind { get; init; }

    /// <summary>The kind's fields. In a change those left out keep their value, as do secrets given as null; an empty text takes one away.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonObject? Config { get; init; }

    /// <summary>Names of apps, or <c>*</c> alone for all, which is the default.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Apps { get; init; }

    /// <summary>With <c>*</c>: the apps it shall not serve.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? ExceptApps { get; init; }

    /// <summary>In the filter language; an empty text for all, which is the default.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Filter { get; init; }

    /// <summary>0 to 1. Default 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? SampleRate { get; init; }

    /// <summary>Default true.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? KeepErrors { get; init; }

    /// <summary>Default none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Mask { get; init; }

    /// <summary>Default <c>traces</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Signals { get; init; }

    /// <summary>Default true.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Enabled { get; init; }

    /// <summary><c>now</c>, which is the default, <c>beginning</c>, or a time of receipt. It cannot be changed later; a replay sends what is older.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Start { get; init; }
}

/// <summary>Whether the traces of an app are sent on, and where to.</summary>
/// <param name="Enabled">False: nowhere, whatever the destinations say.</param>
/// <param name="Destinations">Numbers of the destinations that serve the app.</param>
public sealed record ApiTracing(bool Enabled, IReadOnlyList<int> Destinations);

/// <summary>Asks for an app's traces to be sent on, or not. What is left out (null) stays.</summary>
public sealed record ApiTracingWish
{
    /// <summary>False: nowhere, whatever the destinations say.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Numbers of the destinations that shall serve the app, in place of those that do.</summary>
    public IReadOnlyList<int>? Destinations { get; init; }
}
