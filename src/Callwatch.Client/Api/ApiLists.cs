namespace Callwatch.Client.Api;

/// <summary>One page of a list. It may hold fewer items than asked for, even none, while <see cref="Next"/> is not null.</summary>
/// <typeparam name="T">What is listed.</typeparam>
public sealed record ApiPage<T>
{
    /// <summary>The items in the order asked for.</summary>
    public required IReadOnlyList<T> Items { get; init; }

    /// <summary>Pass it as <c>cursor</c> for what follows; null at the end.</summary>
    public string? Next { get; init; }

    /// <summary>How many arrived after the first page was asked for and are left out.</summary>
    public long Newer { get; init; }

    /// <summary>
    /// How far back the search has looked, RFC 3339 in UTC; null when it has looked at everything. Where <see cref="Next"/> is null beside it, the list is in another
    /// order than by end and its time was up: everything since then was looked at, and part of what came before.
    /// </summary>
    public string? SearchedUntil { get; init; }

    /// <summary><c>rollups</c> or <c>rows</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Where retention has taken rows of the range: the moment from which on they are all there, RFC 3339 in UTC. Null when it has not.</summary>
    public string? RowsFrom { get; init; }

    /// <summary>UTC days of the range of which the full-text index has lost something: there only names and previews were looked through for the words of the filter. Null when there are none.</summary>
    public IReadOnlyList<string>? TextLeftOut { get; init; }
}

/// <summary>A whole list.</summary>
/// <typeparam name="T">What is listed.</typeparam>
public sealed record ApiList<T>
{
    /// <summary>The items.</summary>
    public required IReadOnlyList<T> Items { get; init; }

    /// <summary>Pass it as <c>cursor</c> for what follows; null at the end.</summary>
    public string? Next { get; init; }
}

/// <summary>A value of a field.</summary>
/// <param name="Value">The value.</param>
/// <param name="Count">Calls that have it.</param>
public sealed record ApiFacetValue(string Value, long Count);

/// <summary>Failures of one kind.</summary>
public sealed record ApiErrorGroup
{
    /// <summary>Names the group; the same failure has the same one.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Type of the error.</summary>
    public required string Type { get; init; }

    /// <summary>Its message, with numbers, ids and quoted text taken out.</summary>
    public required string Message { get; init; }

    /// <summary>Provider of the failed calls.</summary>
    public string? Provider { get; init; }

    /// <summary>Model of the failed calls.</summary>
    public string? Model { get; init; }

    /// <summary>Failed calls.</summary>
    public required long Count { get; init; }

    /// <summary>Of all failed calls of the selection, 0 to 1.</summary>
    public required double Share { get; init; }

    /// <summary>When this failure was first seen at all, whatever the range and the filter, RFC 3339 in UTC.</summary>
    public required string FirstSeen { get; init; }

    /// <summary>The release that the first call of all that failed so was made by; null where it did not say, its row is gone, or the time did not do to look.</summary>
    public string? FirstRelease { get; init; }

    /// <summary>The prompt that call was made by.</summary>
    public string? FirstPromptName { get; init; }

    /// <summary>The version of that prompt.</summary>
    public string? FirstPromptVersion { get; init; }

    /// <summary>The latest of the range.</summary>
    public required string LastSeen { get; init; }

    /// <summary>Traces that show it.</summary>
    public required IReadOnlyList<string> SampleTraces { get; init; }
}

/// <summary>A session at a glance: the calls of one conversation within the range.</summary>
public sealed record ApiSession
{
    /// <summary>The application's id of the session.</summary>
    public required string SessionId { get; init; }

    /// <summary>Apps whose calls it has.</summary>
    public required IReadOnlyList<string> Apps { get; init; }

    /// <summary>Its latest known user.</summary>
    public string? UserId { get; init; }

    /// <summary>Calls.</summary>
    public required long Calls { get; init; }

    /// <summary>Failed calls.</summary>
    public required long Errors { get; init; }

    /// <summary>Tokens, as far as known.</summary>
    public required long TotalTokens { get; init; }

    /// <summary>Cost, as far as known.</summary>
    public required decimal CostUsd { get; init; }

    /// <summary>End of its first call, RFC 3339 in UTC.</summary>
    public required string FirstSeen { get; init; }

    /// <summary>End of its latest call.</summary>
    public required string LastSeen { get; init; }
}

/// <summary>A user at a glance, within the range.</summary>
public sealed record ApiUser
{
    /// <summary>The application's id of the user.</summary>
    public required string UserId { get; init; }

    /// <summary>Apps used.</summary>
    public required IReadOnlyList<string> Apps { get; init; }

    /// <summary>Sessions.</summary>
    public required long Sessions { get; init; }

    /// <summary>Calls.</summary>
    public required long Calls { get; init; }

    /// <summary>Failed calls.</summary>
    public required long Errors { get; init; }

    /// <summary>Tokens, as far as known.</summary>
    public required long TotalTokens { get; init; }

    /// <summary>Cost, as far as known.</summary>
    public required decimal CostUsd { get; init; }

    /// <summary>End of the first call, RFC 3339 in UTC.</summary>
    public required string FirstSeen { get; init; }

    /// <summary>End of the latest call.</summary>
    public required string LastSeen { get; init; }
}

/// <summary>What an id turned out to be.</summary>
public sealed record ApiLookup
{
    /// <summary>One for each trace it names, latest first; empty when nobody knows the id.</summary>
    public required IReadOnlyList<ApiLookupMatch> Matches { get; init; }
}

/// <summary>One meaning of an id, and what became of it.</summary>
public sealed record ApiLookupMatch
{
    /// <summary><c>trace</c>, <c>span</c>, <c>session</c>, <c>response</c>, <c>user</c>, ...</summary>
    public required string Kind { get; init; }

    /// <summary>The trace it leads to.</summary>
    public required string TraceId { get; init; }

    /// <summary>The span it leads to; null when it is the trace as a whole.</summary>
    public string? SpanId { get; init; }

    /// <summary>What happened, in order.</summary>
    public required IReadOnlyList<ApiLookupStep> Steps { get; init; }
}

/// <summary>One thing that happened to it.</summary>
/// <param name="Step"><c>received</c>, <c>stored</c>, <c>settled</c>, <c>delivered</c>.</param>
/// <param name="Time">When, RFC 3339 in UTC; null when it has not, or is not known.</param>
/// <param name="State"><c>done</c>, <c>waiting</c>, <c>refused</c> or <c>expired</c>.</param>
/// <param name="Reason">Why, where there is something to say.</param>
/// <param name="Destination">The destination of a delivery.</param>
public sealed record ApiLookupStep(string Step, string? Time, string State, string? Reason, string? Destination);
