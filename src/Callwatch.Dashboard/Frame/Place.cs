using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Callwatch.Dashboard.Frame;

/// <summary>
/// An address in the dashboard: the path and all state, by the API's names. What is at its default does not appear in it,
/// so that equal views have equal addresses.
/// </summary>
public sealed record Place
{
    public const string Overview = "/", Calls = "/calls", Traces = "/traces", Errors = "/errors", Cost = "/cost", System = "/system", FirstCall = "/first-call", Figures = "/figures", Destinations = "/destinations", Diagnose = "/diagnose", NewDestination = "/destinations/new",
        Settings = "/settings", Doctor = "/system/doctor", FindTrace = "/find", CompareCalls = "/compare/calls";

    /// <summary>Below the path base, with a slash before it.</summary>
    public required string Path { get; init; }

    public ImmutableArray<string> Apps { get; init; } = [];

    public string? Environment { get; init; }

    public TimeRange Range { get; init; } = TimeRange.Default;

    /// <summary>In the filter language; null when empty.</summary>
    public string? Filter { get; init; }

    /// <summary>Whether the figures of an earlier window stand beside these.</summary>
    public bool Compare { get; init; } = true;

    /// <summary>Whether that is the stretch just before; else the same time a week ago.</summary>
    public bool Previous { get; init; }

    /// <summary>The zone in which days begin and times are shown; null for UTC.</summary>
    public string? Zone { get; init; }

    /// <summary>What only this page knows (<c>sort</c>, <c>cursor</c>, <c>call</c>, <c>tab</c>), in order.</summary>
    public ImmutableSortedDictionary<string, string> Own { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Another page, with the same apps, time and filter.</summary>
    public Place On(string path) => this with { Path = path, Own = ImmutableSortedDictionary<string, string>.Empty };

    /// <summary>The same with one more own value; null takes it away.</summary>
    public Place With(string name, string? value) => this with { Own = value is null ? Own.Remove(name) : Own.SetItem(name, value) };

    /// <summary>The same, asking for one thing more; the place in a list no longer holds then.</summary>
    public Place Narrowed(string term) => (this with { Filter = Chips.And(Filter, term) }).With("cursor", null).With("call", null);

    /// <summary>The page of one destination.</summary>
    public static string Destination(int id) => Destinations + "/" + id.ToString(CultureInfo.InvariantCulture);

    public string? Find(string name) => Own.GetValueOrDefault(name);

    /// <summary>As in the address; null for the usual.</summary>
    public string? CompareWord => !Compare ? "off" : Previous ? "before" : null;

    /// <summary>Path and query, below <paramref name="pathBase"/>.</summary>
    public string Href(string pathBase)
    {
        var href = new StringBuilder(pathBase).Append(Path);
        var separator = '?';
        foreach (var app in Apps) Add("app", app);
        if (Environment is not null) Add("env", Environment);
        if (Range != TimeRange.Default)
        {
            var (from, to) = Range.Written();
            Add("from", from);
            if (to is not null) Add("to", to);
        }

        if (Filter is not null) Add("q", Filter);
        if (CompareWord is { } compare) Add("compare", compare);
        if (Zone is not null) Add("tz", Zone);
        foreach (var (name, value) in Own) Add(name, value);
        return href.ToString();

        void Add(string name, string value)
        {
            href.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }
    }
}
