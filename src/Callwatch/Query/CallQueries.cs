using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Lists;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Rows;

namespace Callwatch.Query;

/// <summary>The LLM calls.</summary>
public sealed class CallQueries(QueryGate gate, Scopes scopes)
{
    /// <summary>Most items of a page, of any list.</summary>
    public const int MaxLimit = Paging.MaxLimit;

    /// <summary>One page, in the order asked for.</summary>
    /// <param name="limit">1 to 1,000.</param>
    /// <param name="cursor"><see cref="Page{T}.Next"/> of the page before; it keeps that page's range.</param>
    public async Task<Answer<Page<Span>>> ListAsync(Selection selection, SortOrder sort, int limit, string? cursor, CancellationToken cancel)
    {
        var (asked, invalid) = scopes.Read<Page<Span>>(selection);
        if (asked is null) return invalid!;
        var (paging, wrong) = Paging.Read<Span>(asked, sort, limit, cursor);
        if (paging is null) return wrong!;
        return await gate.AnswerAsync(selection.Scope, run => Read(run, asked, sort, limit, paging) is { } page ? new Answer<Page<Span>>.Found(page) : Paging.Gone<Span>(), cancel);
    }

    private Page<Span>? Read(QueryRun run, Asked asked, SortOrder sort, int limit, Paging paging) =>
        new ListReader<Span>(run, asked, sort, limit, paging.Cursor, paging.Question, Shape(asked)).Read();

    private ListShape<Span> Shape(Asked asked)
    {
        var filters = scopes.Sql(asked.Selection.Scope, FieldColumns.OfCalls);
        var held = scopes.Held(asked.TenantId);
        var peaks = new PeakHours(asked, scopes);
        return new ListShape<Span>
        {
            Table = "calls c",
            Alias = "c",
            SpansJoin = "JOIN spans s ON s.id = c.id",
            Columns = SpanRows.Columns,
            From = "JOIN calls c ON c.id = p.id JOIN spans s ON s.id = p.id",
            ColumnCount = SpanRows.ColumnCount,
            Read = (row, words) => held.Now(SpanRows.Read(row, words)),
            Key = field => field switch
            {
                SortField.Duration => "c.duration",
                SortField.Ttft => "c.ttft",
                SortField.Cost => "c.cost",
                SortField.TotalTokens => "c.total_tokens",
                _ => "c.\"end\"",
            },
            Index = field => field switch
            {
                SortField.Duration => "calls_duration",
                SortField.Ttft => "calls_ttft",
                SortField.Cost => "calls_cost",
                SortField.TotalTokens => "calls_tokens",
                _ => null,
            },
            IsCheap = open =>
            {
                var sql = new SqlCondition(open);
                filters.Add(sql, asked.Filter);
                return !sql.UsesSpans;
            },
            CanMatch = open => filters.CanMatch(open, asked.Filter),
            Hours = peaks.Of,
            Greatest = peaks.Greatest,
            IsNarrow = open => filters.IsNarrow(open, asked.Filter),
            Condition = sql =>
            {
                sql.And(asked.Owner("c"));
                filters.Add(sql, asked.Filter);
            },
        };
    }
}
