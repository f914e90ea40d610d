using System.Globalization;
using System.Net;
using System.Text;
using Callwatch.Query;
using Callwatch.Query.Filters;
using Callwatch.Spans;

namespace Callwatch.Control;

/// <summary>The state of an address as a saved view keeps it: known names only, in one order, so that equal views are equal texts.</summary>
public static class ViewQuery
{
    public const int MostCharacters = 4_000;

    /// <summary>Pages that have views.</summary>
    public static readonly IReadOnlyList<string> Pages = ["overview", "calls", "traces", "errors", "cost", "diagnose"];

    /// <summary>What every page knows, in the order of an address.</summary>
    private static readonly string[] Common = ["app", "env", "from", "to", "q", "compare", "tz"];

    /// <summary>What some pages know besides.</summary>
    private static readonly string[] Own = ["against", "baseline_from", "baseline_to", "by", "columns", "figure", "since", "sort", "stack"];

    /// <summary>A place within a list, or what was open beside it: no part of a view.</summary>
    private static readonly string[] Passing = ["call", "cursor", "done", "lang", "pick", "span", "tab", "theme"];

    /// <summary>Null and what is wrong, where it is no such state.</summary>
    public static (string? Query, string? Wrong) Read(string text)
    {
        if (text.Length > MostCharacters) return (null, $"It has at most {MostCharacters.ToString(CultureInfo.InvariantCulture)} characters.");
        var values = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var pair in text.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = equals < 0 ? (WebUtility.UrlDecode(pair), "") : (WebUtility.UrlDecode(pair[..equals]), WebUtility.UrlDecode(pair[(equals + 1)..]).Trim());
            if (Passing.Contains(name, StringComparer.Ordinal) || value.Length == 0) continue;
            if (!Common.Contains(name, StringComparer.Ordinal) && !Own.Contains(name, StringComparer.Ordinal)) return (null, $"'{name}' is not known; there are {string.Join(", ", Common.Concat(Own))}.");
            if (Wrong(name, value) is { } wrong) return (null, wrong);
            if (!values.TryGetValue(name, out var known)) values[name] = known = [];
            if (name == "app" && !known.Contains(value, StringComparer.Ordinal)) known.Add(value);
            else if (name == "q") known.Add(value);
            else if (name != "app") values[name] = [value];
        }

        if (values.TryGetValue("q", out var parts)) values["q"] = [string.Join(' ', parts)];
        return (Written(values), null);
    }

    /// <summary>The apps that a view is about; empty for all.</summary>
    public static IReadOnlyList<string> AppsOf(string query) =>
        [.. query.Split('&').Where(pair => pair.StartsWith("app=", StringComparison.Ordinal)).Select(pair => WebUtility.UrlDecode(pair["app=".Length..]))];

    private static string? Wrong(string name, string value)
    {
        if (value.Any(char.IsControl)) return $"'{name}' has a control character.";
        return name switch
        {
            "q" => FilterParser.Parse(value) is FilterResult.Wrong wrong ? wrong.Message : null,
            "from" or "to" or "baseline_from" or "baseline_to" => IsMoment(value) ? null : $"'{name}' is a time as 2026-09-17T10:00:00Z, or a stretch back from now as -3h.",
            "tz" => TimeZoneInfo.TryFindSystemTimeZoneById(value, out _) ? null : "'tz' is the name of a time zone, such as Europe/Berlin.",
            "compare" => value is "off" or "before" ? null : "'compare' is off, before, or left out.",
            "since" => NewSince.Read(value) is null ? "'since' is release:NAME or prompt:NAME@VERSION." : null,
            "app" or "env" => value.Length <= Apps.MaxNameLength ? null : $"'{name}' has at most {Apps.MaxNameLength} characters.",
            _ => value.Length <= 400 && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or ',' or '.') ? null : $"'{name}' has letters, digits, '-', '_', '.' and ',' only.",
        };
    }

    private static bool IsMoment(string value) =>
        Timestamp.TryParse(value, out _)
        || (value.Length is >= 3 and <= 9 && value[0] == '-' && value[^1] is 'm' or 'h' or 'd' or 'w' && value.AsSpan(1, value.Length - 2).IndexOfAnyExceptInRange('0', '9') < 0);

    private static string Written(Dictionary<string, List<string>> values)
    {
        var written = new StringBuilder();
        foreach (var name in Common.Concat(Own))
        {
            foreach (var value in values.GetValueOrDefault(name) ?? [])
                written.Append(written.Length == 0 ? "" : "&").Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }

        return written.ToString();
    }
}
