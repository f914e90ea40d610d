using System.Globalization;
using Callwatch.Control;
using Callwatch.Query.Filters;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Spans;

namespace Callwatch.Query.Lists;

/// <summary>
/// A filter over traces. What a trace has itself is compared with the trace; everything else with its spans: one span has to meet
/// all such terms at once, and none may meet a negated one.
/// </summary>
internal sealed class TraceConditions
{
    private readonly Asked asked;
    private readonly FilterSql spans;
    private readonly FilterSql traces;
    private readonly Filter ofTrace;
    private readonly List<Filter> demanded = [];
    private readonly List<Filter> forbidden = [];

    public TraceConditions(Asked asked, Scopes scopes)
    {
        this.asked = asked;
        spans = scopes.Sql(asked.Selection.Scope, FieldColumns.OfSpans);
        traces = scopes.Sql(asked.Selection.Scope, FieldColumns.OfTraces);
        var own = asked.Filter.Terms.Where(IsOfTrace).ToList();
        ofTrace = new Filter(own);
        var rest = asked.Filter.Terms.Except(own).ToList();
        if (rest.Where(term => !term.Negated).ToList() is { Count: > 0 } together) demanded.Add(new Filter(together));
        forbidden.AddRange(rest.Where(term => term.Negated).Select(term => new Filter([term with { Negated = false }])));
    }

    /// <summary>True when no span has to be looked at.</summary>
    public bool IsOfTraceAlone => demanded.Count + forbidden.Count == 0 && OnlyApp is null;

    private int? OnlyApp => asked.Selection.Scope.OnlyAppId;

    /// <summary>False when no trace of the partition can be meant. What is asked of its spans may be met in another partition.</summary>
    public bool CanMatch(OpenPartition open) => OnlyApp is not null || traces.CanMatch(open.Reader, ofTrace);

    /// <summary>True when text narrows the traces of the partition down to a few, which are looked at one by one.</summary>
    public bool IsNarrow(OpenPartition open) => OnlyApp is null && demanded.Exists(filter => spans.Words(filter)?.IsNarrowOfTraces(open) == true);

    /// <summary>Of the rows of a partition; some of those that it lets through need <see cref="HoldsElsewhere"/> or <see cref="Holds"/>.</summary>
    public void AddTo(SqlCondition sql, bool severalThatDay)
    {
        // The plus keeps SQLite from walking through the index of trace ids, in whose order each row is somewhere else.
        sql.And(string.Create(CultureInfo.InvariantCulture, $"+t.tenant = {asked.TenantId}"));
        if (asked.AppIds is { } apps) sql.And(FilterSql.OfTraceApps(string.Join(", ", apps)));
        var own = new Parts();
        foreach (var term in ofTrace.Terms) own.Add(traces.Term(sql, term));
        // A trace may have spans on the day before, or in another file of its day.
        var elsewhere = severalThatDay ? "1" : $"t.start < {sql.Parameter(sql.Open.Partition.From.UnixNanoseconds)}";
        foreach (var filter in demanded)
        {
            var bySpans = $"({Exists(sql, filter)} OR {elsewhere})";
            var byWords = spans.Words(filter)?.OfTraces(sql, bySpans);
            if (byWords is not null) own.Add(byWords);
            if (byWords is null || !IsText(filter)) own.Add(bySpans);
        }

        foreach (var filter in forbidden) own.Add($"NOT {Exists(sql, filter)}");
        // Of a trace that others had a part in, a key for one app must not learn by asking what it may not see: it is judged by what it may see.
        if (OnlyApp is null) sql.And(own.All);
        else sql.And($"(({own.All}) OR json_array_length(t.thin, '$.apps') > 1)");
    }

    /// <summary>Whether the terms that its spans must meet are met, where they may lie in several partitions.</summary>
    public bool HoldsElsewhere(TraceListRow row, QueryRun run)
    {
        if (demanded.Count + forbidden.Count == 0) return true;
        var met = demanded.Count == 0 || (IsText(demanded[0]) && spans.Words(demanded[0])?.IsMetIn(run, row.TraceId, row.Start, row.End) == true);
        if (met && forbidden.Count == 0) return true;
        foreach (var partition in run.MayHold(row.TraceId))
        {
            using var open = run.Open(partition);
            if (open is null) continue;
            if (forbidden.Exists(filter => HasSpan(open, row.TraceId, filter))) return false;
            met = met || HasSpan(open, row.TraceId, demanded[0]);
        }

        return met;
    }

    /// <summary>Whether what can be seen of a trace meets the filter.</summary>
    public bool Holds(TraceListRow row, IReadOnlyList<(Span Span, bool IsCall)> visible, Apps apps)
    {
        bool Any(Filter filter) => visible.Any(item => (item.IsCall || !NeedsCall(filter)) && filter.Matches(item.Span, apps.NameOf(item.Span.AppId), item.IsCall));
        return ofTrace.Terms.All(term => Matches(term, row, apps)) && demanded.TrueForAll(Any) && !forbidden.Exists(Any);
    }

    private static bool IsOfTrace(FilterTerm term) => term is FilterTerm.Compare compare && FieldColumns.OfTraces.ContainsKey(compare.Field);

    private static bool IsText(Filter filter) => filter.Terms.All(term => term is FilterTerm.FreeText);

    private static bool NeedsCall(Filter filter) => filter.Terms.Any(term => term is FilterTerm.Compare { Field.OfCalls: true });

    // The trace as if it were a span with the same facts: the terms then mean the same.
    private static bool Matches(FilterTerm term, TraceListRow row, Apps apps)
    {
        var compare = (FilterTerm.Compare)term;
        if (compare.Field == FilterFields.App) return term.Negated != row.Thin.Apps.Any(app => new Filter([term with { Negated = false }]).Matches(AsSpan(row), apps.NameOf(app), isCall: true));
        return new Filter([term]).Matches(AsSpan(row), apps.NameOf(row.AppId), isCall: true);
    }

    private static Span AsSpan(TraceListRow row) => new()
    {
        TenantId = 0,
        AppId = row.AppId,
        TraceId = row.TraceId,
        SpanId = default,
        Name = row.Name,
        DisplayName = row.Name,
        Kind = row.Kind,
        Start = row.Start,
        End = row.End,
        DurationNanoseconds = row.Duration,
        Outcome = row.Outcome,
        UserId = row.User,
        SessionId = row.Session,
        Environment = row.Environment,
        Tags = row.Thin.Tags ?? [],
        Call = new LlmCall { Source = CallSource.Recorded, Usage = new TokenUsage { Total = row.TotalTokens }, Cost = new CallCost { TotalUsd = row.CostUsd } },
    };

    private string Exists(SqlCondition sql, Filter filter) =>
        $"EXISTS (SELECT 1 FROM spans s LEFT JOIN calls c ON c.id = s.id WHERE s.trace = t.trace AND s.tenant = t.tenant AND {SpanTest(sql, filter)})";

    private string SpanTest(SqlCondition sql, Filter filter)
    {
        var parts = new Parts();
        if (OnlyApp is { } only) parts.Add(string.Create(CultureInfo.InvariantCulture, $"s.app = {only}"));
        if (NeedsCall(filter)) parts.Add("c.id IS NOT NULL");
        foreach (var part in spans.Parts(sql, filter)) parts.Add(part);
        return parts.All;
    }

    private bool HasSpan(OpenPartition open, TraceId trace, Filter filter)
    {
        var sql = new SqlCondition(open);
        sql.And($"s.trace = {sql.Parameter(trace.ToBytes())} AND s.tenant = {sql.Parameter((long)asked.TenantId)}");
        sql.And(SpanTest(sql, filter));
        using var command = open.Reader.Command($"SELECT 1 FROM spans s LEFT JOIN calls c ON c.id = s.id WHERE {sql.Where} LIMIT 1");
        sql.AddTo(command);
        return command.ExecuteScalar() is not null;
    }

    /// <summary>Conditions that hold together, put into a larger one.</summary>
    private sealed class Parts
    {
        private readonly List<string> parts = [];

        public string All => parts.Count == 0 ? "1" : string.Join(" AND ", parts);

        public void Add(string part) => parts.Add(part);
    }
}
