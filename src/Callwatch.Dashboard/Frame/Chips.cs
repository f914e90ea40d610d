using Callwatch.Query.Filters;

namespace Callwatch.Dashboard.Frame;

/// <summary>A filter as people see it: its terms one by one, each as it was written.</summary>
public static class Chips
{
    /// <summary>Empty when the filter is, or when it cannot be read.</summary>
    public static IReadOnlyList<string> Of(string? filter) =>
        FilterParser.Parse(filter) is FilterResult.Parsed { Filter.Terms: var terms }
            ? [.. terms.Select(term => filter!.Substring(term.Offset, term.Length))]
            : [];

    /// <summary>The filter and one term more, unless it is there.</summary>
    public static string And(string? filter, string term) =>
        string.IsNullOrWhiteSpace(filter) ? term : Of(filter).Contains(term, StringComparer.Ordinal) ? filter : filter + " " + term;

    /// <summary>The filter without its term number <paramref name="index"/>; null when nothing is left.</summary>
    public static string? Without(string filter, int index)
    {
        var left = string.Join(' ', Of(filter).Where((_, at) => at != index));
        return left.Length == 0 ? null : left;
    }

    /// <summary>What is wrong with a filter; null when it can be read.</summary>
    public static FilterProblem? Problem(string? filter) =>
        FilterParser.Parse(filter) is FilterResult.Wrong wrong ? new FilterProblem(wrong.Message, wrong.Offset) : null;
}
