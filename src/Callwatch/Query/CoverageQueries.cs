using System.Collections.Frozen;
using Callwatch.Query.Filters;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;
using Callwatch.Store.Writing;

namespace Callwatch.Query;

/// <summary>Requests of an app to a provider, and how many of them have no call in their trace.</summary>
/// <param name="Provider">Folded; <c>other</c> for a host that nobody knows, asked by a known protocol.</param>
public sealed record CoverageOf(string App, string Provider, long Requests, long WithoutCall);

/// <summary>How much of what applications asked models was told as calls.</summary>
/// <param name="NotCounted">UTC days of the range of which not everything was counted: an older version stored them; or, asked by environment, counted them without it.</param>
public sealed record CoverageAnswer(IReadOnlyList<CoverageOf> Groups, IReadOnlyList<DateOnly> NotCounted)
{
    public long Requests => Groups.Sum(group => group.Requests);

    public long WithoutCall => Groups.Sum(group => group.WithoutCall);
}

/// <summary>
/// Counts requests to models without a call. By the quarter hours that begin within the range, so that it is always quick; of time whose rows
/// are gone, by the days. Requests have an app, an environment and a provider; a filter that asks for more says nothing of them.
/// </summary>
public sealed class CoverageQueries(QueryGate gate, Scopes scopes)
{
    private static readonly FrozenDictionary<FilterField, FieldColumn> Columns = new Dictionary<FilterField, FieldColumn>
    {
        [FilterFields.App] = new(ColumnKind.App, "r.app"),
        [FilterFields.Environment] = new(ColumnKind.Word, "nullif(r.environment, 0)"),
        [FilterFields.Provider] = new(ColumnKind.Word, "r.provider"),
    }.ToFrozenDictionary();

    public async Task<Answer<CoverageAnswer>> ReadAsync(Selection selection, CancellationToken cancel)
    {
        var (asked, invalid) = scopes.Read<CoverageAnswer>(selection);
        if (asked is null) return invalid!;
        if (!CanAnswer(asked.Filter)) return new Answer<CoverageAnswer>.Invalid("q", "Requests to models have an app, an environment (env) and a provider; of them a filter asks for something else here.");
        return await gate.AnswerAsync(selection.Scope, run => new Answer<CoverageAnswer>.Found(Read(run, asked)), cancel);
    }

    /// <summary>Requests without a call by UTC day and provider.</summary>
    internal async Task<IReadOnlyDictionary<(DateOnly Day, string Provider), long>?> ByDayAsync(Selection selection, CancellationToken cancel)
    {
        var (asked, _) = scopes.Read<CoverageAnswer>(selection with { Filter = null });
        if (asked is null) return null;
        return await gate.RunAsync(selection.Scope, run =>
        {
            var days = new Dictionary<(DateOnly, string), long>();
            Each(run, asked, (bucket, _, provider, _, without) => days[(DayOf(bucket), provider)] = days.GetValueOrDefault((DayOf(bucket), provider)) + without, _ => { });
            return days;
        }, cancel);
    }

    private static bool CanAnswer(Filter filter) => filter.Terms.All(term => term is FilterTerm.Compare compare && Columns.ContainsKey(compare.Field));

    private static DateOnly DayOf(long bucket) => DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeSeconds(bucket).UtcDateTime);

    private CoverageAnswer Read(QueryRun run, Asked asked)
    {
        var (groups, notCounted) = (new Dictionary<(int App, string Provider), (long Requests, long Without)>(), new SortedSet<DateOnly>());
        Each(run, asked, (_, app, provider, requests, without) =>
        {
            var sums = groups.GetValueOrDefault((app, provider));
            groups[(app, provider)] = (sums.Requests + requests, sums.Without + without);
        }, day => notCounted.Add(day));
        return new CoverageAnswer([
            .. groups.Where(group => group.Value.Requests > 0)
                .Select(group => new CoverageOf(scopes.Apps.NameOf(group.Key.App), group.Key.Provider, group.Value.Requests, group.Value.Without))
                .OrderByDescending(group => group.WithoutCall).ThenByDescending(group => group.Requests).ThenBy(group => group.App, StringComparer.Ordinal).ThenBy(group => group.Provider, StringComparer.Ordinal)],
            [.. notCounted]);
    }

    private delegate void Take(long bucket, int app, string provider, long requests, long without);

    private void Each(QueryRun run, Asked asked, Take take, Action<DateOnly> notCounted)
    {
        var filter = scopes.Sql(asked.Selection.Scope, Columns);
        var byEnvironment = asked.Filter.Terms.Any(term => term is FilterTerm.Compare compare && compare.Field == FilterFields.Environment);
        using var sources = new FigureSources(run);
        if (sources.History is { } history) Each(history, asked, filter, byEnvironment, take, notCounted);
        foreach (var open in sources.Between(asked.Selection.From, asked.Selection.To))
        {
            if (IsOfOlderRules(open.Partition, open.Reader)) notCounted(open.Partition.Day);
            Each(open, asked, filter, byEnvironment, take, notCounted);
        }
    }

    // What an older version has normalised does not say which spans are requests; whatever came into the file since is counted.
    private static bool IsOfOlderRules(Partition partition, PartitionReader reader) =>
        partition.Applied > 0 && (StoreDatabase.Number(reader.Connection, $"SELECT value FROM meta WHERE key = '{PartitionWriter.RulesKey}'") ?? 1) < ModelRequestTable.FirstRules;

    private static void Each(OpenPartition open, Asked asked, FilterSql filter, bool byEnvironment, Take take, Action<DateOnly> notCounted)
    {
        if (!ModelRequestTable.IsIn(open.Reader.Connection)) return;
        // A range that is no longer than a bucket still has one.
        var first = asked.Selection.From.UnixSeconds / ModelRequestTable.BucketSeconds * ModelRequestTable.BucketSeconds;
        var environment = ModelRequestTable.EnvironmentIn(open.Reader.Connection);
        var sql = new SqlCondition(open);
        sql.And($"r.bucket >= {sql.Parameter(first)} AND r.bucket < {sql.Parameter(asked.Selection.To.UnixSeconds)}");
        sql.And(open.Owner(asked, "r"));
        var unknown = $"r.environment = {ModelRequestTable.AnyEnvironment}";
        var meant = string.Join(" AND ", filter.Parts(sql, asked.Filter).Append("1"));
        using var row = new Statement(open.Reader.Connection, $"""
            SELECT r.bucket, r.app, r.provider, r.requests, r.without_call, {(byEnvironment ? unknown : "0")}
            FROM (SELECT bucket, tenant, app, {environment} AS environment, provider, requests, without_call FROM model_requests) r
            WHERE {sql.Where} AND {(byEnvironment ? $"({unknown} OR ({meant}))" : meant)}
            """);
        sql.BindTo(row);
        while (row.Step())
        {
            if (row.Long(5) == 0) take(row.Long(0), (int)row.Long(1), open.Reader.Word(row.Long(2)), row.Long(3), row.Long(4));
            else notCounted(DayOf(row.Long(0)));
        }
    }
}
