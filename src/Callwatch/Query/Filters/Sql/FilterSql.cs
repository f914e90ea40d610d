using System.Collections.Frozen;
using System.Globalization;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Query.Filters.Sql;

/// <summary>A condition for WHERE over the rows of one partition, with its parameters.</summary>
internal sealed class SqlCondition(OpenPartition open)
{
    private readonly List<(string Name, object Value)> parameters = [];
    private readonly List<string> parts = [];

    public OpenPartition Open => open;

    /// <summary>Holds for every row when nothing was asked.</summary>
    public string Where => parts.Count == 0 ? "1" : string.Join(" AND ", parts);

    /// <summary>True when the condition reads columns of <c>spans</c>.</summary>
    public bool UsesSpans { get; set; }

    public void And(string sql) => parts.Add(sql);

    public string Parameter(object value)
    {
        var name = "$p" + parameters.Count.ToString(CultureInfo.InvariantCulture);
        parameters.Add((name, value));
        return name;
    }

    public void BindTo(Statement statement)
    {
        foreach (var (name, value) in parameters)
        {
            var index = statement.IndexOf(name);
            if (index == 0) continue;
            switch (value)
            {
                case long number:
                    statement.Bind(index, number);
                    break;
                case double real:
                    statement.Bind(index, real);
                    break;
                case byte[] bytes:
                    statement.BindBlob(index, bytes);
                    break;
                default:
                    statement.BindText(index, (string)value);
                    break;
            }
        }
    }

    /// <summary>The condition with its values, the same for every question that means the same rows; null when that cannot be said.</summary>
    public string? Key => Where is var where && where.Contains(OpenPartition.WordHit, StringComparison.Ordinal)
        ? null
        : where + string.Concat(parameters.Select(parameter => "\n" + KeyOf(parameter.Value)));

    // With its length before it, so that no text can look like two.
    private static string KeyOf(object value) => value switch
    {
        byte[] bytes => Convert.ToHexString(bytes),
        string text => string.Create(CultureInfo.InvariantCulture, $"{text.Length}:{text}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value.GetType().Name[0]}{value}"),
    };

    public void AddTo(SqliteCommand command)
    {
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
    }
}

/// <summary>Turns a filter into a condition over the rows of a partition. It says the same as <see cref="FilterMatch"/>.</summary>
/// <param name="columns">Where the fields lie.</param>
/// <param name="appIds">Numbers of the tenant's apps whose name fits.</param>
/// <param name="marks">Whose documents are looked through for text.</param>
/// <param name="held">Which rows still have their bodies.</param>
internal sealed class FilterSql(FrozenDictionary<FilterField, FieldColumn> columns, Func<Func<string, bool>, IEnumerable<int>> appIds, IReadOnlyList<string> marks, HeldRecords held)
{
    /// <summary>SQL function that looks for free text in a row's thin facts; every connection needs it (see <see cref="Register"/>).</summary>
    private const string HasText = "thin_has_text";

    public static void Register(SqliteConnection connection) => connection.CreateFunction(HasText, static (string? thin, string needle) => ThinText.Has(thin, needle), isDeterministic: true);

    /// <summary>
    /// A trace in which one of the apps had a part. Nearly all are of the app that their row names, and say so at the beginning of their facts: only others' are
    /// taken apart.
    /// </summary>
    /// <param name="ids">Numbers with commas between them.</param>
    public static string OfTraceApps(string ids) => $"""
        (t.app IN ({ids}) OR (instr(t.thin, '"apps":[' || t.app || ']') = 0 AND EXISTS (SELECT 1 FROM json_each(t.thin, '$.apps') WHERE value IN ({ids}))))
        """;

    /// <summary>False when a term asks for texts of which the partition has none: then no row of it need be looked at.</summary>
    public bool CanMatch(PartitionReader partition, Filter filter) => filter.Terms.All(term =>
        term is not FilterTerm.Compare compare || compare.Negated
        || !columns.TryGetValue(compare.Field, out var column) || !(column.Kind == ColumnKind.Word || column.TextsAreWords)
        || compare.Values.Any(value => value is not FilterValue.Text text || partition.IdOf(column.TextsAreWords ? PartitionWords.Cut(text.Value) : text.Value) is not null));

    /// <summary>The same, also for text: false when the index knows that no row of the partition has it.</summary>
    public bool CanMatch(OpenPartition open, Filter filter) => CanMatch(open.Reader, filter) && Words(filter)?.CanMatch(open) != false;

    /// <summary>True when text narrows the rows of the partition down to a few, which are looked at one by one.</summary>
    public bool IsNarrow(OpenPartition open, Filter filter) => Words(filter)?.IsNarrow(open) == true;

    /// <summary>The text of the filter as the full-text index is asked for it; null when there is none that it could know.</summary>
    public WordTerms? Words(Filter filter) => WordTerms.Of(this, filter, marks);

    public void Add(SqlCondition sql, Filter filter)
    {
        foreach (var part in Parts(sql, filter)) sql.And(part);
    }

    /// <summary>The conditions of all terms; those that are text are one.</summary>
    public IEnumerable<string> Parts(SqlCondition sql, Filter filter)
    {
        var words = sql.Open.Run.Words is null ? null : Words(filter);
        foreach (var term in filter.Terms)
            if (words is null || term is not FilterTerm.FreeText) yield return Term(sql, term);
        if (words is not null) yield return words.Condition(sql);
    }

    public string Term(SqlCondition sql, FilterTerm term)
    {
        if (Unknown(sql, term) is { } unknown) return unknown;
        var positive = term switch
        {
            FilterTerm.FreeText free => FreeText(sql, free.Text),
            FilterTerm.Compare compare => Compare(sql, compare),
            _ => "0",
        };
        // Unknown makes a comparison NULL; it does not match, so its negation does.
        return term.Negated ? $"NOT coalesce({positive}, 0)" : positive;
    }

    // Said as an index over what is unknown says it; null where the term asks for something else, or of what is no column.
    private string? Unknown(SqlCondition sql, FilterTerm term)
    {
        if (term is not FilterTerm.Compare { Negated: true, Values: [FilterValue.Known] } compare || !columns.TryGetValue(compare.Field, out var column)) return null;
        if (column.Kind is not (ColumnKind.Word or ColumnKind.Integer or ColumnKind.Money)) return null;
        sql.UsesSpans |= column.OfSpans;
        return $"({column.Sql}) IS NULL";
    }

    private static string FreeText(SqlCondition sql, string text)
    {
        sql.UsesSpans = true;
        var facts = $"coalesce({HasText}(s.thin, {sql.Parameter(text)}), 0)";
        if (sql.Open.WordsWith(text) is not { } hits) return facts;
        string[] words = ["s.name", "s.display", "c.operation", "c.model", "c.request_model", "s.user", "s.session", "s.error_type"];
        var ids = hits.Ids is { } few ? sql.Parameter(few) : "";
        return "(" + string.Join(" OR ", words.Select(word => hits.Ids is null
            ? string.Create(CultureInfo.InvariantCulture, $"{OpenPartition.WordHit}({hits.Marks}, {word})")
            : $"coalesce({word} IN (SELECT value FROM json_each({ids})), 0)").Append(facts)) + ")";
    }

    private string Compare(SqlCondition sql, FilterTerm.Compare compare)
    {
        if (!columns.TryGetValue(compare.Field, out var column)) return "0";
        sql.UsesSpans |= column.OfSpans;
        if (compare.Field == FilterFields.Content) column = column with { Sql = column.Sql.Replace("$first", held.Sql, StringComparison.Ordinal) };
        var values = compare.Values;
        return column.Kind switch
        {
            ColumnKind.Word => Any(values, known => $"({column.Sql}) IS NOT NULL", () => Words(sql, column.Sql, values)),
            ColumnKind.Text => Any(values, known => $"({column.Sql}) IS NOT NULL", () => Texts(sql, column.Sql, values)),
            ColumnKind.Keyed => Keyed(sql, column, compare.Key ?? "", values),
            ColumnKind.TextList => Any(values, known => $"EXISTS ({column.Sql})", () => $"EXISTS (SELECT 1 FROM ({column.Sql}) WHERE {Texts(sql, "value", values)})"),
            ColumnKind.App => Any(values, known => "1", () => $"{column.Sql} IN ({Apps(values)})"),
            ColumnKind.AppList => Any(values, known => "1", () => OfTraceApps(Apps(values))),
            ColumnKind.Code => Any(values, known => $"({column.Sql}) IS NOT NULL", () => $"({column.Sql}) IN ({Join(values, value => Codes.Of(compare.Field, value))})"),
            ColumnKind.Flag => Any(values, known => $"{column.Sql} IS NOT NULL", () => $"{column.Sql} IN ({Join(values, value => value == "true" ? "1" : "0")})"),
            ColumnKind.TraceId => Any(values, known => "1", () => $"{column.Sql} IN ({Join(values, value => sql.Parameter(TraceId.Parse(value, null).ToBytes()))})"),
            ColumnKind.SpanId => Any(values, known => $"({column.Sql}) IS NOT NULL", () => $"({column.Sql}) IN ({Join(values, value => sql.Parameter(unchecked((long)SpanId.Parse(value, null).Value)))})"),
            ColumnKind.Fingerprint => Any(values, known => $"{column.Sql} IS NOT NULL", () => $"{column.Sql} IN ({Join(values, value => Fingerprint(value))})"),
            _ => Numbers(sql, column, compare.Op, values),
        };
    }

    private static string Any(IReadOnlyList<FilterValue> values, Func<FilterValue, string> known, Func<string> others) =>
        values.OfType<FilterValue.Known>().FirstOrDefault() is { } star ? known(star) : others();

    // The ids themselves where they are known, so that SQLite sees how few rows an index gives.
    private static string Words(SqlCondition sql, string expression, IReadOnlyList<FilterValue> values)
    {
        if (!values.All(value => value is FilterValue.Text)) return $"({expression}) IN (SELECT id FROM words WHERE {Texts(sql, "word", values)})";
        var ids = values.OfType<FilterValue.Text>().Select(text => sql.Open.Reader.IdOf(text.Value)).OfType<long>().Distinct().Select(id => id.ToString(CultureInfo.InvariantCulture)).ToList();
        return ids.Count switch
        {
            0 => "0",
            1 => $"({expression}) = {ids[0]}",
            _ => $"({expression}) IN ({string.Join(", ", ids)})",
        };
    }

    private static string Texts(SqlCondition sql, string expression, IReadOnlyList<FilterValue> values)
    {
        var exact = values.OfType<FilterValue.Text>().Select(text => sql.Parameter(text.Value)).ToList();
        var tests = values.OfType<FilterValue.Pattern>().Select(pattern => $"{expression} GLOB {sql.Parameter(SqliteGlob(pattern.Glob))}");
        return "(" + string.Join(" OR ", exact.Count == 0 ? tests : tests.Prepend($"{expression} IN ({string.Join(", ", exact)})")) + ")";
    }

    // SQLite knows more wildcards than we do.
    private static string SqliteGlob(string glob) => glob.Replace("[", "[[]", StringComparison.Ordinal).Replace("?", "[?]", StringComparison.Ordinal);

    private static string Keyed(SqlCondition sql, FieldColumn column, string key, IReadOnlyList<FilterValue> values)
    {
        var test = Any(values, known => "1", () => Texts(sql, "value", values));
        return $"EXISTS (SELECT 1 FROM {column.Sql} WHERE key = {sql.Parameter(key)} AND {test})";
    }

    private string Apps(IReadOnlyList<FilterValue> values) => string.Join(", ", appIds(name => values.Any(value => value switch
    {
        FilterValue.Text text => text.Value == name,
        FilterValue.Pattern pattern => FilterMatch.MatchesGlob(name, pattern.Glob),
        _ => false,
    })).Select(id => id.ToString(CultureInfo.InvariantCulture)));

    private static string Join(IReadOnlyList<FilterValue> values, Func<string, string> write) =>
        string.Join(", ", values.OfType<FilterValue.Text>().Select(text => write(text.Value)));

    private static string Fingerprint(string text) =>
        ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && text.Length == 16
            ? unchecked((long)value).ToString(CultureInfo.InvariantCulture) : "NULL";

    private static string Numbers(SqlCondition sql, FieldColumn column, Comparison op, IReadOnlyList<FilterValue> values)
    {
        var scale = column.Kind == ColumnKind.Money ? 1_000_000_000_000m : 1;
        var expression = column.Kind == ColumnKind.Real ? $"CAST({column.Sql} AS REAL)" : $"({column.Sql})";
        return "(" + string.Join(" OR ", values.Select(value => value switch
        {
            FilterValue.Known => $"({column.Sql}) IS NOT NULL",
            FilterValue.Range range => $"({expression} >= {sql.Parameter((long)range.From)} AND {expression} < {sql.Parameter((long)range.To)})",
            FilterValue.Number number when column.Kind == ColumnKind.Real => $"{expression} {Symbol(op)} {sql.Parameter((double)number.Value)}",
            FilterValue.Number number => Whole(sql, expression, op, number.Value, scale),
            _ => "0",
        })) + ")";
    }

    // The column is whole, the number need not be: compare with the whole number on the right side of it.
    private static string Whole(SqlCondition sql, string expression, Comparison op, decimal number, decimal scale)
    {
        var scaled = number > long.MaxValue / scale ? long.MaxValue : number * scale;
        if (op == Comparison.Equal && !decimal.IsInteger(scaled)) return "0";
        var bound = op is Comparison.Less or Comparison.GreaterOrEqual ? Math.Ceiling(scaled) : Math.Floor(scaled);
        return $"{expression} {Symbol(op)} {sql.Parameter((long)bound)}";
    }

    private static string Symbol(Comparison op) => op == Comparison.Equal ? "=" : FilterPrinter.Symbol(op);
}
