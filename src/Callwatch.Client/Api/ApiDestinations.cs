using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

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

/// <summary>How a destination's lane is. Counts are of items at the platform's grain (spans, runs, calls), since the destination was made.</summary>
public sealed record ApiDestinationStatus
{
    /// <summary><c>idle</c>, <c>running</c>, <c>retrying</c>, <c>blocked</c> (the platform refuses us) or <c>paused</c> (a person).</summary>
    public required string State { get; init; }

    /// <summary>The last number of the settled sequence it is done with.</summary>
    public required long Position { get; init; }

    /// <summary>Numbers of the settled sequence it has still to look at.</summary>
    public required long Backlog { get; init; }

    /// <summary>Age of the oldest trace that waits, in seconds; 0 when none does.</summary>
    public required double OldestAgeS { get; init; }

    /// <summary>Items that the platform has taken.</summary>
    public required long Sent { get; init; }

    /// <summary>Items that it has refused for good: dead letters.</summary>
    public required long Refused { get; init; }

    /// <summary>Items sent again.</summary>
    public required long Retried { get; init; }

    /// <summary>Items that could not be delivered in time, or were gone from the journal before.</summary>
    public required long Expired { get; init; }

    /// <summary>Dead letters that are kept now; null for a key of one app.</summary>
    public long? DeadLetters { get; init; }

    /// <summary>When it is tried again, RFC 3339 in UTC; null while nothing waits for that.</summary>
    public string? NextAttempt { get; init; }

    /// <summary>When something was last delivered, RFC 3339 in UTC; null when nothing ever was.</summary>
    public string? LastDelivery { get; init; }

    /// <summary>The last thing that went wrong; null when nothing has since the start.</summary>
    public ApiDestinationError? LastError { get; init; }
}

/// <summary>What went wrong.</summary>
/// <param name="Time">When, RFC 3339 in UTC.</param>
/// <param name="Status">HTTP status of the platform's answer; null when none came.</param>
/// <param name="Message">The platform's words, without any secret; null for a key of one app.</param>
/// <param name="Advice">What to do.</param>
public sealed record ApiDestinationError(string Time, int? Status, string? Message, string Advice);

/// <summary>How a check of address, key and project ended.</summary>
/// <param name="Ok">They are good, as far as the platform lets us know.</param>
/// <param name="Detail">What was found, for people.</param>
/// <param name="ProjectUrl">Where the project is shown; null when unknown.</param>
/// <param name="LatencyMs">How long the platform took to answer; null when it was not asked.</param>
public sealed record ApiDestinationCheck(bool Ok, string Detail, string? ProjectUrl, double? LatencyMs);

/// <summary>Asks for what was received in a range to be sent again.</summary>
public sealed record ApiReplayWish
{
    /// <summary>First moment of receipt, RFC 3339 or a date.</summary>
    public string? From { get; init; }

    /// <summary>End of the range, itself not within it. Default: now.</summary>
    public string? To { get; init; }

    /// <summary>True where the platform may then show what it already has twice: kinds that do not deduplicate ask for it.</summary>
    public bool? ConfirmDuplicates { get; init; }
}

/// <summary>A replay.</summary>
public sealed record ApiReplay
{
    /// <summary>Its number, within its destination.</summary>
    public required int Id { get; init; }

    /// <summary><c>running</c>, <c>done</c>, or <c>ended</c> (by a person, before it was done).</summary>
    public required string State { get; init; }

    /// <summary>First moment of receipt, RFC 3339 in UTC.</summary>
    public required string From { get; init; }

    /// <summary>End of the range.</summary>
    public required string To { get; init; }

    /// <summary>The last number of the settled sequence it is done with.</summary>
    public required long Position { get; init; }

    /// <summary>The number it ends at.</summary>
    public required long Until { get; init; }

    /// <summary>Items that the platform has taken.</summary>
    public required long Sent { get; init; }

    /// <summary>Items that it has refused for good.</summary>
    public required long Refused { get; init; }

    /// <summary>Items that were gone from the journal, or could not be delivered in time.</summary>
    public required long Expired { get; init; }

    /// <summary>When it was begun, RFC 3339 in UTC.</summary>
    public required string CreatedAt { get; init; }

    /// <summary>Null while it runs.</summary>
    public string? EndedAt { get; init; }
}

/// <summary>Something that a platform has refused for good.</summary>
public sealed record ApiDeadLetter
{
    /// <summary>Its number.</summary>
    public required long Id { get; init; }

    /// <summary>The trace; null for logs and metrics, which belong to none.</summary>
    public string? TraceId { get; init; }

    /// <summary>The spans of it that it carries.</summary>
    public required IReadOnlyList<string> SpanIds { get; init; }

    /// <summary>When it was refused last, RFC 3339 in UTC.</summary>
    public required string Time { get; init; }

    /// <summary>HTTP status of the platform's answer; null when there was none.</summary>
    public int? Status { get; init; }

    /// <summary>The platform's words, without any secret.</summary>
    public required string Message { get; init; }

    /// <summary>Requests it has been in.</summary>
    public required int Attempts { get; init; }

    /// <summary>It is to be sent again, and that has not come to its end.</summary>
    public required bool Retrying { get; init; }
}

/// <summary>Says which dead letters: by number, or all; or those that the further fields leave of all.</summary>
public sealed record ApiLetterChoice
{
    /// <summary>Numbers.</summary>
    public IReadOnlyList<long>? Ids { get; init; }

    /// <summary>True for all.</summary>
    public bool? All { get; init; }

    /// <summary>Of all, those refused with this HTTP status.</summary>
    public int? Status { get; init; }

    /// <summary>Of all, those refused from this moment on, RFC 3339 or a date.</summary>
    public string? From { get; init; }

    /// <summary>Of all, those refused before this moment.</summary>
    public string? To { get; init; }
}

/// <summary>How many dead letters it was.</summary>
/// <param name="Count">Those that are to be sent again, or were thrown away.</param>
public sealed record ApiLetterCount(long Count);

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
