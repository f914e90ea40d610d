using System.Globalization;
using System.Text;
using Callwatch.Spans;

namespace Callwatch.Query.Filters;

/// <summary>Writes a filter so that reading it gives the same filter; the dashboard's chips and links are made by it.</summary>
public static class FilterPrinter
{
    public static string Print(FilterTerm term) => (term.Negated ? "-" : "") + (term switch
    {
        FilterTerm.FreeText free => IsPlain(free.Text, first: true) && free.Text is not ("AND" or "OR" or "NOT") ? free.Text : Quote(free.Text),
        FilterTerm.Compare compare => NameOf(compare) + Symbol(compare.Op) + string.Join(',', compare.Values.Select(value => Print(compare.Field, value))),
        _ => "",
    });

    /// <summary>A term that asks for one text, for links: <c>model:gpt-4o</c>; null asks for "unknown".</summary>
    public static string Term(FilterField field, string? key, string? value)
    {
        var term = new FilterTerm.Compare(field, key, Comparison.Equal, [value is null ? new FilterValue.Known() : new FilterValue.Text(value)]) { Negated = value is null };
        return Print(term);
    }

    public static string Symbol(Comparison op) => op switch
    {
        Comparison.Less => "<",
        Comparison.LessOrEqual => "<=",
        Comparison.Greater => ">",
        Comparison.GreaterOrEqual => ">=",
        _ => ":",
    };

    public static string Print(FilterField field, FilterValue value) => value switch
    {
        FilterValue.Known => "*",
        FilterValue.Text text => IsPlain(text.Value, first: false) ? text.Value : Quote(text.Value),
        FilterValue.Pattern pattern => pattern.Glob,
        FilterValue.Range range => field.Type == FieldType.Time ? new Timestamp((long)range.From).ToString()[..10] : Plain(range.From / 100) + "xx",
        FilterValue.Number number => field.Type switch
        {
            FieldType.Duration => Duration(number.Value),
            FieldType.Time => new Timestamp((long)number.Value).ToString(),
            _ => Plain(number.Value),
        },
        _ => "",
    };

    private static string NameOf(FilterTerm.Compare compare) => compare.Key is not { } key ? compare.Field.Name
        : key.All(FilterParser.IsNameCharacter) ? compare.Field.Name + "." + key
        : compare.Field.Name + "." + Quote(key);

    private static string Duration(decimal nanoseconds)
    {
        (string Unit, decimal Size)[] units = [("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000)];
        if (nanoseconds == 0) return "0s";
        foreach (var (unit, size) in units)
            if (nanoseconds % size == 0) return Plain(nanoseconds / size) + unit;
        return Plain(nanoseconds) + "ns";
    }

    private static string Plain(decimal number) => number.ToString("0.############################", CultureInfo.InvariantCulture);

    // Anything that could be taken for an operator, a list, a star or a field name is quoted; more quotes than needed do no harm.
    private static bool IsPlain(string text, bool first)
    {
        if (text.Length == 0 || (first && text[0] == '-')) return false;
        foreach (var c in text)
            if (!char.IsLetterOrDigit(c) && c is not ('_' or '.' or '-' or '/' or '@' or '+') && (first || c != ':')) return false;
        return true;
    }

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text) quoted.Append(c is '"' or '\\' ? "\\" : "").Append(c);
        return quoted.Append('"').ToString();
    }
}
