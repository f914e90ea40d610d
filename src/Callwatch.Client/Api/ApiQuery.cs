using System.Globalization;
using System.Text;

namespace Callwatch.Client.Api;

/// <summary>What lists and figures are asked with. What is null is not sent; the server's default holds.</summary>
public sealed record ApiQuery
{
    /// <summary>First moment of the range, RFC 3339 in UTC; default an hour before <see cref="To"/>.</summary>
    public string? From { get; init; }

    /// <summary>End of the range, itself not within; default now.</summary>
    public string? To { get; init; }

    /// <summary>Names of apps; empty is all.</summary>
    public IReadOnlyList<string> Apps { get; init; } = [];

    /// <summary>A filter (docs/filters.md).</summary>
    public string? Filter { get; init; }

    /// <summary><c>end</c>, <c>duration</c>, <c>ttft</c>, <c>cost</c> or <c>total_tokens</c>; with <c>-</c> before it, descending. Lists only; default <c>-end</c>.</summary>
    public string? Sort { get; init; }

    /// <summary>Most items; default 100, at most 1,000.</summary>
    public int? Limit { get; init; }

    /// <summary><c>next</c> of the page before.</summary>
    public string? Cursor { get; init; }

    /// <summary>Width of the buckets: <c>auto</c>, <c>1m</c>, <c>15m</c>, <c>1h</c>, <c>1d</c>. Figures only.</summary>
    public string? Step { get; init; }

    /// <summary>Fields to group by. Figures only.</summary>
    public IReadOnlyList<string> By { get; init; } = [];

    /// <summary>IANA time zone in which days and hours begin. Figures only; default UTC.</summary>
    public string? TimeZone { get; init; }

    /// <summary>Beginning of the values asked for. Facets only.</summary>
    public string? Prefix { get; init; }

    /// <summary>
    /// <c>release:NAME</c> or <c>prompt:NAME@VERSION</c>: only groups of failures that came with that release or version, or with a later one. Groups of
    /// failures only.
    /// </summary>
    public string? Since { get; init; }

    /// <summary>The path with this query behind it.</summary>
    /// <param name="path">Path of the route, relative to the address.</param>
    public string On(string path)
    {
        var uri = new StringBuilder(path);
        Add(uri, "from", From);
        Add(uri, "to", To);
        foreach (var app in Apps) Add(uri, "app", app);
        Add(uri, "q", Filter);
        Add(uri, "sort", Sort);
        Add(uri, "limit", Limit?.ToString(CultureInfo.InvariantCulture));
        Add(uri, "cursor", Cursor);
        Add(uri, "step", Step);
        foreach (var field in By) Add(uri, "by", field);
        Add(uri, "tz", TimeZone);
        Add(uri, "prefix", Prefix);
        Add(uri, "since", Since);
        return uri.ToString();
    }

    internal static void Add(StringBuilder uri, string name, string? value)
    {
        if (value is null) return;
        uri.Append(uri.ToString().Contains('?', StringComparison.Ordinal) ? '&' : '?').Append(name).Append('=').Append(Uri.EscapeDataString(value));
    }
}

/// <summary>How a question to the server ended.</summary>
/// <typeparam name="T">What was asked for.</typeparam>
public abstract record ApiAnswer<T>
{
    private ApiAnswer()
    {
    }

    /// <summary>Answered.</summary>
    /// <param name="Value">The answer.</param>
    public sealed record Found(T Value) : ApiAnswer<T>;

    /// <summary>The server refused, or does not have it.</summary>
    /// <param name="Problem">Its words.</param>
    public sealed record Refused(ApiProblem Problem) : ApiAnswer<T>;
}
