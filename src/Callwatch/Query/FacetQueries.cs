using System.Runtime.InteropServices;
using Callwatch.Query.Filters;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Query.Stats;
using Callwatch.Store.Rollups;

namespace Callwatch.Query;

/// <summary>Known values of a field, most used first.</summary>
public sealed class FacetQueries(QueryGate gate, Scopes scopes)
{
    private const int MostValues = 200_000;

    /// <summary>
    /// Values with the number of calls that have them. Partitions that lie whole within the range answer from their facets, which keep
    /// the thousand first values of a day and app apart; so do the others once half of the time is gone.
    /// </summary>
    /// <param name="prefix">Beginning of the values asked for, whatever the case.</param>
    /// <param name="limit">1 to 1,000.</param>
    public async Task<Answer<IReadOnlyList<FacetValue>>> ValuesAsync(string field, string? prefix, Selection selection, int limit, CancellationToken cancel)
    {
        var (asked, invalid) = scopes.Read<IReadOnlyList<FacetValue>>(selection);
        if (asked is null) return invalid!;
        if (limit is < 1 or > 1_000) return new Answer<IReadOnlyList<FacetValue>>.Invalid("limit", "'limit' is from 1 to 1000.");
        var (fields, wrong) = GroupFields.Read([field]);
        if (fields is null) return new Answer<IReadOnlyList<FacetValue>>.Invalid("field", wrong!);
        return await gate.AnswerAsync(selection.Scope, run => new Answer<IReadOnlyList<FacetValue>>.Found(Read(run, asked, fields[0], prefix, limit)), cancel);
    }

    private List<FacetValue> Read(QueryRun run, Asked asked, GroupField field, string? prefix, int limit)
    {
        var calls = new Dictionary<string, long>(StringComparer.Ordinal);
        var facet = asked.Filter.Terms.Count > 0 ? null : FacetNameOf(field);
        foreach (var partition in run.Between(asked.Selection.From, asked.Selection.To))
        {
            if (run.Spent > 0.5 && facet is null) break;
            using var open = run.Open(partition);
            if (open is null) continue;
            var whole = asked.Selection.From <= partition.From && partition.To <= asked.Selection.To;
            if (facet is not null && (whole || run.Spent > 0.5)) FromFacets(open, asked, facet, calls);
            else FromRows(open, asked, field, calls);
            if (calls.Count > MostValues) break;
        }

        return [.. calls.Where(pair => prefix is null || pair.Key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            .OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(limit)
            .Select(pair => new FacetValue(pair.Key, pair.Value))];
    }

    private static string? FacetNameOf(GroupField field)
    {
        var name = field.Field == FilterFields.Environment ? "environment" : field.Field.Name;
        return field.Key is null && FacetFields.Names.Contains(name) ? name : null;
    }

    private static void FromFacets(OpenPartition open, Asked asked, string facet, Dictionary<string, long> calls)
    {
        using var command = open.Reader.Command($"SELECT f.value, sum(f.calls) FROM facets f WHERE {asked.Owner("f")} AND f.field = $field AND f.value <> 0 GROUP BY f.value");
        command.Parameters.AddWithValue("$field", facet);
        using var row = command.ExecuteReader();
        while (row.Read()) CollectionsMarshal.GetValueRefOrAddDefault(calls, open.Reader.Word(row.GetInt64(0)), out _) += row.GetInt64(1);
    }

    private void FromRows(OpenPartition open, Asked asked, GroupField field, Dictionary<string, long> calls)
    {
        var sql = new SqlCondition(open);
        var (column, join) = GroupFields.ColumnOf(field, 0, sql);
        sql.And($"c.\"end\" >= {sql.Parameter(asked.Selection.From.UnixNanoseconds)} AND c.\"end\" < {sql.Parameter(asked.Selection.To.UnixNanoseconds)}");
        sql.And(asked.Owner("c"));
        scopes.Sql(asked.Selection.Scope, FieldColumns.OfCalls).Add(sql, asked.Filter);
        using var command = open.Reader.Command(
            $"SELECT {column}, count(*) FROM calls c {(sql.UsesSpans ? "JOIN spans s ON s.id = c.id" : "")} {join} WHERE {sql.Where} GROUP BY 1");
        sql.AddTo(command);
        using var row = command.ExecuteReader();
        while (row.Read())
            if (GroupFields.ValueOf(field, row, 0, open.Reader, scopes.Apps) is { } value) CollectionsMarshal.GetValueRefOrAddDefault(calls, value, out _) += row.GetInt64(1);
    }
}
