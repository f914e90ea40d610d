using Callwatch.Query;
using Callwatch.Query.Filters;

namespace Callwatch.Dashboard.Completion;

/// <summary>One suggestion: what is put in, and how often it occurs or how it is used.</summary>
public sealed record Suggestion(string Insert, string? Note);

/// <summary>What the word under the caret may become: names of fields, then the values they have had.</summary>
public sealed class Suggestions(FacetQueries facets)
{
    public const int Most = 10;

    public async Task<IReadOnlyList<Suggestion>> ForAsync(string word, Selection selection, CancellationToken cancel)
    {
        var not = word.StartsWith('-') ? "-" : "";
        var text = word[not.Length..];
        var colon = text.AsSpan().IndexOfAny(":=<>");
        if (colon < 0) return Fields(not, text);
        return text[colon] is ':' or '=' && FilterFields.TryFind(text[..colon], out var field, out var key)
            ? await ValuesAsync(not, field, key, text[(colon + 1)..].TrimStart('"'), selection, cancel)
            : [];
    }

    private static IReadOnlyList<Suggestion> Fields(string not, string begun) =>
    [
        .. FilterFields.All
            .Where(field => field.Name.StartsWith(begun, StringComparison.OrdinalIgnoreCase) || (begun.Length > 0 && field.Aliases.Any(alias => alias.StartsWith(begun, StringComparison.OrdinalIgnoreCase))))
            .Take(Most)
            .Select(field => new Suggestion(not + field.Name + (field.Keyed ? "." : field.IsNumeric ? ">" : ":"), not + field.Example)),
    ];

    private async Task<IReadOnlyList<Suggestion>> ValuesAsync(string not, FilterField field, string? key, string begun, Selection selection, CancellationToken cancel)
    {
        if (field.Words.Count > 0 || field.Type == FieldType.Flag)
        {
            IEnumerable<string> words = field.Type == FieldType.Flag ? ["true", "false"] : field.Words.Keys;
            return [.. words.Where(one => one.StartsWith(begun, StringComparison.OrdinalIgnoreCase)).Take(Most).Select(one => new Suggestion(not + field.Name + ":" + one, null))];
        }

        if (!field.Facet) return [];
        return await facets.ValuesAsync(field.Name, begun.Length == 0 ? null : begun, selection, Most, cancel) is Answer<Page<FacetValue>>.Found found
            ? [.. found.Value.Items.Select(value => new Suggestion(not + FilterPrinter.Term(field, key, value.Value), Show.Figure.Count(value.Calls)))]
            : [];
    }
}
