using System.Runtime.InteropServices;
using Callwatch.Query.Filters;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Query.Stats;
using Callwatch.Spans;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;

namespace Callwatch.Query;

/// <summary>Known values of a field, most used first.</summary>
public sealed class FacetQueries(QueryGate gate, Scopes scopes)
{
    private const int MostValues = 200_000;

    /// <summary>Share of the time after which no further day is begun.</summary>
    private const double LastDay = 0.7;

    /// <summary>
    /// Values with the number of calls that have them, day by day from the newest: where the time did not do for all,
    /// <see cref="Page{T}.SearchedUntil"/> says from when on. Days that lie whole within the range answer from what is kept beside the rows,
    /// where the thousand first values of a day and app stand apart.
    /// </summary>
    /// <param name="prefix">Beginning of the values asked for, whatever the case.</param>
    /// <param name="limit">1 to 1,000.</param>
    public async Task<Answer<Page<FacetValue>>> ValuesAsync(string field, string? prefix, Selection selection, int limit, CancellationToken cancel)
    {
        var (asked, invalid) = scopes.Read<Page<FacetValue>>(selection);
        if (asked is null) return invalid!;
        if (limit is < 1 or > 1_000) return new Answer<Page<FacetValue>>.Invalid("limit", "'limit' is from 1 to 1000.");
        var (fields, wrong) = GroupFields.Read([field]);
        if (fields is null) return new Answer<Page<FacetValue>>.Invalid("field", wrong!);
        return await gate.AnswerAsync(selection.Scope, run => new Answer<Page<FacetValue>>.Found(Read(run, asked, fields[0], prefix, limit)), cancel);
    }

    private Page<FacetValue> Read(QueryRun run, Asked asked, GroupField field, string? prefix, int limit)
    {
        var calls = new Dictionary<string, long>(StringComparer.Ordinal);
        var counted = asked.Filter.Terms.Count > 0 ? null : CountedOf(field);
        var source = AnswerSource.Rows;
        var rowsFrom = FigureSources.RowsFrom(run, asked);
        Timestamp? until = null;
        foreach (var day in run.Between(asked.Selection.From, asked.Selection.To).GroupBy(partition => partition.Day))
        {
            if (run.Spent > LastDay || calls.Count > MostValues)
            {
                until = day.First().To;
                // Not even the newest day has been looked at.
                if (until >= asked.Selection.To) throw new TimeIsUpException();
                break;
            }

            foreach (var partition in day)
            {
                using var open = run.Open(partition);
                if (open is null) continue;
                if (counted is not null && asked.Selection.From <= partition.From && partition.To <= asked.Selection.To)
                {
                    source = AnswerSource.Rollups;
                    counted(open, asked, calls);
                }
                else
                {
                    FromRows(open, asked, field, calls);
                }
            }
        }

        List<FacetValue> values = [.. calls.Where(pair => prefix is null || pair.Key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            .OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(limit)
            .Select(pair => new FacetValue(pair.Key, pair.Value))];
        return new Page<FacetValue>(values, null, 0, until, source) { RowsFrom = rowsFrom };
    }

    /// <summary>How a whole day is counted without its rows; null when it cannot be.</summary>
    private Action<OpenPartition, Asked, Dictionary<string, long>>? CountedOf(GroupField field) =>
        field.Field == FilterFields.App ? FromRollups
        : FacetNameOf(field) is { } facet ? (open, asked, calls) => FromFacets(open, asked, facet, calls) : null;

    private void FromRollups(OpenPartition open, Asked asked, Dictionary<string, long> calls)
    {
        using var command = open.Reader.Command($"SELECT r.app, sum(r.calls) FROM rollups r WHERE r.level = {(int)RollupLevel.Day} AND {asked.Owner("r")} GROUP BY r.app");
        using var row = command.ExecuteReader();
        while (row.Read()) CollectionsMarshal.GetValueRefOrAddDefault(calls, scopes.Apps.NameOf(row.GetInt32(0)), out _) += row.GetInt64(1);
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
        using var row = new Statement(open.Reader.Connection, $"SELECT {column} FROM calls c {(sql.UsesSpans ? "JOIN spans s ON s.id = c.id" : "")} {join} WHERE {sql.Where}");
        sql.BindTo(row);
        // Counted here: SQLite would sort all rows to group them, and a sort cannot be stopped when the time is up.
        var numbers = new Dictionary<long, long>();
        var isNumber = GroupFields.IsNumber(field);
        while (row.Step())
        {
            if (row.IsNull(0)) continue;
            if (isNumber) CollectionsMarshal.GetValueRefOrAddDefault(numbers, row.Long(0), out _)++;
            else if (calls.Count <= MostValues) CollectionsMarshal.GetValueRefOrAddDefault(calls, row.Text(0), out _)++;
            else throw new TimeIsUpException();
        }

        foreach (var (number, count) in numbers) CollectionsMarshal.GetValueRefOrAddDefault(calls, GroupFields.ValueOf(field, number, open.Reader, scopes.Apps), out _) += count;
    }
}
