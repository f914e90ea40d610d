using System.Buffers;
using Callwatch.Store.Rows;

namespace Callwatch.Query.Filters.Sql;

/// <summary>Free text within what a row keeps as JSON: previews, error message, tags.</summary>
internal static class ThinText
{
    /// <summary>What stands in JSON as it is; everything else may be escaped there.</summary>
    private static readonly SearchValues<char> Plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-,:;/()[]{}!?@#$%*=^~|");

    public static bool Has(string? thin, string needle)
    {
        if (thin is null) return false;
        // Nearly every row ends here, without its JSON being read.
        if (!needle.AsSpan().ContainsAnyExcept(Plain) && !thin.Contains(needle, StringComparison.OrdinalIgnoreCase)) return false;
        var facts = ThinFacts.Parse(thin);
        return FilterMatch.HasText(facts.Input, needle) || FilterMatch.HasText(facts.Output, needle) || FilterMatch.HasText(facts.ErrorMessage, needle)
            || facts.Tags?.Any(tag => FilterMatch.HasText(tag, needle)) == true;
    }
}
