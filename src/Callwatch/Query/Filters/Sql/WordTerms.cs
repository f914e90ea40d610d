using System.Globalization;
using System.Text;
using Callwatch.Query.Running;
using Callwatch.Search.Files;
using Callwatch.Search.Finding;
using Callwatch.Search.Words;
using Callwatch.Spans;
using Microsoft.Data.Sqlite;

namespace Callwatch.Query.Filters.Sql;

/// <summary>
/// The text terms of a filter, asked of the full-text index together. Where it finds few spans of a day, their rows are the only ones looked
/// at; where it finds many, each row is asked whether it is among them. Rows it does not know yet are looked through as they are.
/// </summary>
internal sealed class WordTerms
{
    private const string None = "[]";
    private const string HasWords = "span_has_words";
    private const string TraceHasWords = "trace_has_words";

    /// <summary>Rows not yet indexed that are looked through to go with a few that are.</summary>
    private const long MostUnknown = 20_000;

    private readonly FilterSql filters;
    private readonly IReadOnlyList<FilterTerm> terms;
    private readonly string query;
    private readonly bool negated;

    private WordTerms(FilterSql filters, IReadOnlyList<FilterTerm> terms, string query, bool negated) =>
        (this.filters, this.terms, this.query, this.negated) = (filters, terms, query, negated);

    /// <summary>Null when the filter asks for no text that the index could know.</summary>
    public static WordTerms? Of(FilterSql filters, Filter filter, IReadOnlyList<string> marks)
    {
        List<FilterTerm.FreeText> texts = [.. filter.Terms.OfType<FilterTerm.FreeText>()];
        var wanted = texts.Where(text => !text.Negated).ToList();
        var unwanted = texts.Where(text => text.Negated).ToList();
        // Signs alone are no words: the index does not know them.
        if (texts.Count == 0 || texts.Exists(text => WordQuery.Phrase(text.Text) is null)) return null;
        if (wanted.Count > 0)
        {
            return new WordTerms(filters, texts, WordQuery.All(marks, wanted.Select(text => text.Text), unwanted.Select(text => text.Text))!, negated: false);
        }

        var any = "(" + string.Join(" OR ", unwanted.Select(text => WordQuery.Phrase(text.Text))) + ")";
        return new WordTerms(filters, texts, $"{any} AND {string.Join(" AND ", marks)}", negated: true);
    }

    public static void Register(SqliteConnection connection, IReadOnlyList<SpanHits> offers)
    {
        connection.CreateFunction(HasWords, (long at, byte[] trace, long span, long end) => offers[(int)at].Has(trace, span, new Timestamp(end)));
        connection.CreateFunction(TraceHasWords, (long at, byte[] trace, long start, long end) => offers[(int)at].HasIn(trace, new Timestamp(start), new Timestamp(end)));
    }

    public static void Unregister(SqliteConnection connection)
    {
        connection.CreateFunction(HasWords, static (long _, byte[] _, long _, long _) => false);
        connection.CreateFunction(TraceHasWords, static (long _, byte[] _, long _, long _) => false);
    }

    public bool CanMatch(OpenPartition open) => negated || Rows(open) != None;

    public bool IsNarrow(OpenPartition open) => !negated && Rows(open) is not null;

    /// <summary>For the rows <c>s</c>, with their calls <c>c</c>.</summary>
    public string Condition(SqlCondition sql)
    {
        if (sql.Open.Run.Words is not { } words) return Thin(sql);
        var rows = Rows(sql.Open);
        // After the rows: to find them may have shown that the index of the day is damaged.
        var coverage = words.Of(sql.Open.Partition.Day);
        if (rows is null && coverage.Through == 0) return Thin(sql);
        sql.UsesSpans = true;
        if (rows is not null) return $"s.id {(negated ? "NOT " : "")}IN (SELECT value FROM json_each({sql.Parameter(rows)}))";
        var hit = $"{HasWords}({Number(sql.Open.Offer(words.Hits(query)))}, s.trace, s.span, s.\"end\")";
        return $"CASE WHEN s.number BETWEEN {Number(coverage.Began)} AND {Number(coverage.Through)} THEN {(negated ? "NOT " : "")}{hit} ELSE {Thin(sql)} END";
    }

    /// <summary>True when the traces in which the terms are met are few.</summary>
    public bool IsNarrowOfTraces(OpenPartition open) => !negated && Traces(open.Run, open.Partition.Day) is not null;

    /// <summary>
    /// For the rows <c>t</c> of traces of which one span must meet the terms; null when only their spans can tell. Few are found by what their spans
    /// said on the last two of their days.
    /// </summary>
    /// <param name="bySpans">The same by the spans of a trace, for those that the index does not know whole.</param>
    public string? OfTraces(SqlCondition sql, string bySpans)
    {
        if (negated || sql.Open.Run.Words is not { } words) return null;
        if (Traces(sql.Open.Run, sql.Open.Partition.Day) is { } few) return $"t.trace IN (SELECT unhex(value) FROM json_each({sql.Parameter(few)}))";
        var coverage = words.Of(sql.Open.Partition.Day);
        // A trace has spans on earlier days, too: one that is damaged is no day without a hit.
        if (!words.IsWhole || coverage.Through == 0 || coverage.Began > 1) return null;
        var hit = $"{TraceHasWords}({Number(sql.Open.Offer(words.Hits(query)))}, t.trace, t.start, t.\"end\")";
        return $"CASE WHEN t.number <= {Number(coverage.Through)} THEN {hit} ELSE {bySpans} END";
    }

    /// <summary>True when the index knows that a span of the trace meets the terms; otherwise its spans have to be looked at.</summary>
    public bool IsMetIn(QueryRun run, TraceId trace, Timestamp start, Timestamp end) => !negated && run.Words?.Hits(query).HasIn(trace.ToBytes(), start, end) == true;

    /// <summary>The ids of the rows of a partition that meet the terms (or, of negated ones, that do not), as a JSON array; null when they are many or cannot be told.</summary>
    private string? Rows(OpenPartition open) =>
        open.Run.Words is { } words ? open.Run.FoundRows(open.Partition.File, query, () => Find(open, words)) : null;

    private string? Find(OpenPartition open, WordSearch words)
    {
        if (words.Hits(query).All(open.Partition.Day) is not { } found) return null;
        // Asked after the hits: to read them may have shown that the index of the day is damaged.
        var coverage = words.Of(open.Partition.Day);
        if (coverage.Through == 0 || Unknown(open, coverage) is not { } unknown) return null;
        var ids = new StringBuilder("[");
        using (var find = new Store.Sqlite.Statement(open.Reader.Connection, "SELECT id FROM spans WHERE trace = ?1 AND span = ?2"))
        {
            foreach (var span in found)
            {
                find.BindBlob(1, span.Trace.ToBytes()).Bind(2, unchecked((long)span.Span.Value));
                while (find.Step()) ids.Append(find.Long(0)).Append(',');
            }
        }

        foreach (var id in unknown) ids.Append(id).Append(',');
        if (ids.Length > 1) ids.Length--;
        return ids.Append(']').ToString();
    }

    /// <summary>The traces that end on a day and meet the terms, as a JSON array of their ids; null when they are many or cannot be told.</summary>
    private string? Traces(QueryRun run, DateOnly day) =>
        run.Words is { } words ? run.FoundRows(day.ToString("O", CultureInfo.InvariantCulture), query, () => FindTraces(run, words, day)) : null;

    private string? FindTraces(QueryRun run, WordSearch words, DateOnly day)
    {
        var traces = new HashSet<TraceId>();
        foreach (var of in (DateOnly[])[day, day.AddDays(-1)])
        {
            if (words.Hits(query).All(of) is not { } found) return null;
            traces.UnionWith(found.Select(span => span.Trace));
            var coverage = words.Of(of);
            foreach (var partition in run.Partitions.Where(partition => partition.Day == of))
            {
                using var open = run.Open(partition);
                if (open is null) continue;
                if (coverage.Through == 0 || Unknown(open, coverage) is not { } unknown) return null;
                foreach (var id in unknown)
                {
                    using var command = open.Reader.Command($"SELECT trace FROM spans WHERE id = {Number(id)}");
                    if (command.ExecuteScalar() is byte[] bytes && TraceId.TryRead(bytes, out var trace)) traces.Add(trace);
                }
            }
        }

        return "[" + string.Join(',', traces.Select(trace => $"\"{trace}\"")) + "]";
    }

    // Rows come in the order of the journal, so that those the index does not know yet are the last of a partition, few or none in the usual case.
    private List<long>? Unknown(OpenPartition open, Coverage coverage)
    {
        if (coverage.Began > 1 && Scalar(open, $"SELECT 1 FROM spans WHERE id = (SELECT min(id) FROM spans) AND number < {Number(coverage.Began)}") is not null) return null;
        if (open.Partition.Applied <= coverage.Through) return [];
        var last = Scalar(open, $"SELECT id FROM spans WHERE number <= {Number(coverage.Through)} ORDER BY id DESC LIMIT 1") ?? 0;
        if ((Scalar(open, "SELECT max(id) FROM spans") ?? 0) - last > MostUnknown) return null;
        var sql = new SqlCondition(open);
        var thin = Thin(sql);
        using var command = open.Reader.Command($"SELECT s.id FROM spans s LEFT JOIN calls c ON c.id = s.id WHERE s.id > {Number(last)} AND {(negated ? "NOT " : "")}({thin})");
        sql.AddTo(command);
        using var row = command.ExecuteReader();
        List<long> ids = [];
        while (row.Read()) ids.Add(row.GetInt64(0));
        return ids;
    }

    private string Thin(SqlCondition sql) => "(" + string.Join(" AND ", terms.Select(term => filters.Term(sql, term))) + ")";

    private static long? Scalar(OpenPartition open, string sql)
    {
        using var command = open.Reader.Command(sql);
        return command.ExecuteScalar() as long?;
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
