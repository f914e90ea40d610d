using System.Runtime.InteropServices;
using Callwatch.Query.Filters;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Query.Stats;
using Callwatch.Spans;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Diagnose.Comparing;

/// <summary>What happened around calls in one window: tools, retrievals and nodes, by app and name.</summary>
internal sealed record StepTables(IReadOnlyList<CellTable> Tables);

/// <summary>
/// Adds up the tools, retrievals and nodes of a window. They stand in no rollup; an index of their own has all that is asked here, so that no
/// row is opened as long as no filter asks for more than app and time.
/// </summary>
internal sealed class StepReader(Scopes scopes)
{
    public static readonly IReadOnlyList<Family> Families =
    [
        FamilyOf("tool"), FamilyOf("retrieval"), FamilyOf("node"),
    ];

    private const string Index = "spans s INDEXED BY spans_steps";

    /// <summary>False where something is asked for that only calls have.</summary>
    public static bool CanAnswer(Filter filter) => filter.Terms.All(term => term is FilterTerm.Compare { Field.OfCalls: false } compare && FieldColumns.OfSpans.ContainsKey(compare.Field));

    /// <summary>Null where rows of the window are gone, or lie in a file that an older version made and nobody has gone over yet.</summary>
    public StepTables? Read(QueryRun run, Asked asked)
    {
        if (FigureSources.RowsFrom(run, asked) is not null) return null;
        var allTimed = asked.Filter.Terms.Any(term => term is FilterTerm.Compare compare && compare.Field == FilterFields.Outcome);
        var tables = Families.Select(family => new CellTable(family, allTimed, SlowFrom.Never)).ToList();
        var filter = scopes.Sql(asked.Selection.Scope, FieldColumns.OfSpans);
        foreach (var partition in run.Between(asked.Selection.From, asked.Selection.To))
        {
            using var open = run.Open(partition);
            if (open is null || !filter.CanMatch(open.Reader, asked.Filter)) continue;
            if (!open.Reader.HasSteps) return null;
            Read(open, asked, filter, tables);
        }

        return new StepTables(tables);
    }

    private void Read(OpenPartition open, Asked asked, FilterSql filter, List<CellTable> tables)
    {
        var sql = new SqlCondition(open);
        sql.And($"s.kind IN (20, 23, 42) AND s.\"end\" >= {sql.Parameter(asked.Selection.From.UnixNanoseconds)} AND s.\"end\" < {sql.Parameter(asked.Selection.To.UnixNanoseconds)}");
        sql.And(asked.Owner("s"));
        filter.Add(sql, asked.Filter);
        using var row = Rows(open, sql);
        if (row is null) return;
        sql.BindTo(row);
        // Names repeat: each is looked up once.
        var cells = new Dictionary<(long Kind, long App, long Name), (CellTable Table, Cell Cell)>();
        while (row.Step())
        {
            var key = (row.Long(0), row.Long(1), row.Long(3));
            ref var found = ref CollectionsMarshal.GetValueRefOrAddDefault(cells, key, out var known);
            if (!known)
            {
                var table = tables[TableOf((SpanKind)key.Item1)];
                found = (table, table.At(new CellKey(scopes.Apps.NameOf((int)key.Item2), open.Reader.Word(key.Item3))));
            }

            var latency = CallFigures.Bounded(row.NullableLong(4));
            found.Table.Take(found.Cell, 0, (Outcome)row.Long(2), new RollupFigures { Calls = 1, Latency = latency, LatencyCount = latency is null ? 0 : 1, LatencyMicroseconds = (latency ?? 0) / 1_000 });
        }
    }

    /// <summary>Null where the condition can hold nowhere, as of an app that nobody knows: SQLite then refuses the index that it is told to use.</summary>
    private static Statement? Rows(OpenPartition open, SqlCondition sql)
    {
        try
        {
            return new Statement(open.Reader.Connection, $"SELECT s.kind, s.app, s.outcome, s.display, s.duration FROM {Index} WHERE {sql.Where}");
        }
        catch (SqliteException e) when (e.Message.Contains("no query solution", StringComparison.Ordinal))
        {
            return null;
        }
    }

    private static int TableOf(SpanKind kind) => kind switch { SpanKind.Tool => 0, SpanKind.Retrieval => 1, _ => 2 };

    private static Family FamilyOf(string name) => new(name, [FilterFields.App, FilterFields.DisplayName]);
}
