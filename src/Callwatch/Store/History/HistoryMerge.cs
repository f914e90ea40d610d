using Callwatch.Store.Partitions;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.History;

/// <summary>Adds the figures of a partition to those of the history, within the caller's transaction.</summary>
internal sealed class HistoryMerge(SqliteConnection history, SqliteConnection from, Func<int, int, bool> wanted, Func<int, int, long> quartersFrom) : IDisposable
{
    private readonly PartitionWords words = new(history);
    private readonly Dictionary<long, long> known = [];
    private readonly Statement word = new(from, "SELECT word FROM words WHERE id = ?1");

    /// <summary>Groups of errors of an app that are kept. Where each message is another, there would be as many as failures, and every look at errors reads them.</summary>
    internal const int MostErrorGroups = 10_000;

    /// <summary>Groups of errors past the bound: those seen longest ago.</summary>
    public long ForgottenErrors { get; private set; }

    public void Run()
    {
        Rollups();
        CutFigures();
        People();
        Errors();
        Requests();
    }

    public void Dispose()
    {
        words.Dispose();
        word.Dispose();
    }

    private void Rollups()
    {
        using var write = new RollupRowWriter(history);
        using var find = new Statement(history, $"""
            SELECT {RollupRowWriter.Columns} FROM rollups WHERE level = ?1 AND bucket = ?2 AND tenant = ?3 AND app = ?4 AND environment = ?5 AND kind = ?6
              AND operation = ?7 AND provider = ?8 AND model = ?9 AND outcome = ?10 AND asked = ?11
            """);
        using var row = new Statement(from, $"SELECT {RollupRowWriter.Columns} FROM rollups WHERE level IN (1, 2)");
        Span<long> sums = stackalloc long[CallFigures.Count];
        Span<long> other = stackalloc long[CallFigures.Count];
        while (row.Step())
        {
            var key = RollupRowWriter.KeyOf(row);
            if (!wanted(key.Of.Tenant, key.Of.App)) continue;
            RollupRowWriter.ReadSums(row, sums);
            var of = key.Of with
            {
                Environment = Word(key.Of.Environment),
                Operation = Word(key.Of.Operation),
                Provider = Word(key.Of.Provider),
                Model = Word(key.Of.Model),
                Asked = Word(key.Of.Asked),
            };
            foreach (var level in LevelsOf(key.Level, RollupLevel.QuarterHour, key.Bucket, of.Tenant, of.App))
            {
                var cell = new FigureCell();
                RollupRowWriter.AddTo(row, sums, cell);
                find.Bind(1, (long)level).Bind(2, key.Bucket).Bind(3, of.Tenant).Bind(4, of.App).Bind(5, of.Environment).Bind(6, of.Kind)
                    .Bind(7, of.Operation).Bind(8, of.Provider).Bind(9, of.Model).Bind(10, of.Outcome).Bind(11, of.Asked);
                if (find.Step())
                {
                    RollupRowWriter.ReadSums(find, other);
                    RollupRowWriter.AddTo(find, other, cell);
                    find.Reset();
                }

                write.Put(new RollupKey(level, key.Bucket, of), cell);
            }
        }
    }

    private void CutFigures()
    {
        using var find = new Statement(history, "SELECT figures FROM cuts WHERE cut = ?1 AND level = ?2 AND bucket = ?3 AND tenant = ?4 AND app = ?5 AND outcome = ?6 AND a = ?7 AND b = ?8 AND c = ?9");
        using var put = new Statement(history, "INSERT OR REPLACE INTO cuts (cut, level, bucket, tenant, app, outcome, a, b, c, figures) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
        using var row = new Statement(from, """
            SELECT c.cut, c.level, c.bucket, c.tenant, c.app, c.outcome, c.a, c.b, c.c, c.figures FROM derived d JOIN cuts c ON c.level = d.level AND c.bucket = d.bucket
            WHERE d.state = 1 AND c.cut = ?1
            """);
        foreach (var cut in Enum.GetValues<Cut>())
        {
            row.Bind(1, (long)cut);
            while (row.Step())
            {
                var (tenant, app) = ((int)row.Long(3), (int)row.Long(4));
                if (!wanted(tenant, app)) continue;
                foreach (var level in LevelsOf((RollupLevel)row.Long(1), RollupLevel.Hour, row.Long(2), tenant, app))
                {
                    var cell = new FigureCell();
                    cell.Add(row.Blob(9));
                    Bind(find, row, level);
                    if (find.Step())
                    {
                        cell.Add(find.Blob(0));
                        find.Reset();
                    }

                    Bind(put, row, level).BindBlob(10, PackedFigures.Write(cell)).Run();
                }
            }
        }

        Statement Bind(Statement statement, Statement read, RollupLevel level) =>
            statement.Bind(1, read.Long(0)).Bind(2, (long)level).Bind(3, read.Long(2)).Bind(4, read.Long(3)).Bind(5, read.Long(4)).Bind(6, read.Long(5))
                .Bind(7, Word(read.Long(6))).Bind(8, Word(read.Long(7))).Bind(9, Word(read.Long(8)));
    }

    private void People()
    {
        using var find = new Statement(history, "SELECT calls, sketch FROM people WHERE level = ?1 AND bucket = ?2 AND tenant = ?3 AND app = ?4 AND field = ?5");
        using var put = new Statement(history, "INSERT OR REPLACE INTO people (level, bucket, tenant, app, field, people, calls, sketch) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
        using var row = new Statement(from, """
            SELECT p.level, p.bucket, p.tenant, p.app, p.field, p.people, p.calls, p.sketch FROM derived d JOIN people p ON p.level = d.level AND p.bucket = d.bucket WHERE d.state = 1
            """);
        while (row.Step())
        {
            var (tenant, app) = ((int)row.Long(2), (int)row.Long(3));
            if (!wanted(tenant, app)) continue;
            foreach (var level in LevelsOf((RollupLevel)row.Long(0), RollupLevel.Hour, row.Long(1), tenant, app))
            {
                var (people, calls) = (row.Long(5), row.Long(6));
                var sketch = new PeopleSketch();
                sketch.Merge(row.Blob(7));
                find.Bind(1, (long)level).Bind(2, row.Long(1)).Bind(3, tenant).Bind(4, app).Bind(5, row.Long(4));
                if (find.Step())
                {
                    // The same person may be in both.
                    people = -1;
                    calls += find.Long(0);
                    sketch.Merge(find.Blob(1));
                    find.Reset();
                }

                put.Bind(1, (long)level).Bind(2, row.Long(1)).Bind(3, tenant).Bind(4, app).Bind(5, row.Long(4)).Bind(6, people).Bind(7, calls).BindBlob(8, sketch.ToBlob()).Run();
            }
        }
    }

    private void Errors()
    {
        using var put = new Statement(history, """
            INSERT INTO error_groups (tenant, app, fingerprint, provider, model, type, message, calls, first_seen, last_seen, sample_trace)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            ON CONFLICT DO UPDATE SET calls = calls + excluded.calls, first_seen = min(first_seen, excluded.first_seen),
              sample_trace = CASE WHEN excluded.last_seen > last_seen THEN excluded.sample_trace ELSE sample_trace END, last_seen = max(last_seen, excluded.last_seen)
            """);
        using var row = new Statement(from, "SELECT tenant, app, fingerprint, provider, model, type, message, calls, first_seen, last_seen, sample_trace FROM error_groups");
        var apps = new HashSet<(int Tenant, int App)>();
        while (row.Step())
        {
            var (tenant, app) = ((int)row.Long(0), (int)row.Long(1));
            if (!wanted(tenant, app)) continue;
            apps.Add((tenant, app));
            put.Bind(1, row.Long(0)).Bind(2, row.Long(1)).Bind(3, row.Long(2)).Bind(4, Word(row.Long(3))).Bind(5, Word(row.Long(4))).BindText(6, row.Text(5)).BindText(7, row.Text(6))
                .Bind(8, row.Long(7)).Bind(9, row.Long(8)).Bind(10, row.Long(9)).BindBlob(11, row.Blob(10)).Run();
        }

        foreach (var (tenant, app) in apps) Forget(tenant, app);
    }

    private void Forget(int tenant, int app)
    {
        using var forget = new Statement(history, """
            DELETE FROM error_groups WHERE (tenant, app, fingerprint, provider, model) IN (
              SELECT tenant, app, fingerprint, provider, model FROM error_groups WHERE tenant = ?1 AND app = ?2
              ORDER BY last_seen DESC, fingerprint, provider, model LIMIT -1 OFFSET ?3)
            """);
        forget.Bind(1, tenant).Bind(2, app).Bind(3, MostErrorGroups).Run();
        ForgottenErrors += StoreDatabase.Number(history, "SELECT changes()") ?? 0;
    }

    // By the day: nobody asks for the quarter hours of so long ago. A file that nothing was written to since an older version made it has none.
    private void Requests()
    {
        if (!ModelRequestTable.IsIn(from)) return;
        using var put = new Statement(history, """
            INSERT INTO model_requests (bucket, tenant, app, environment, provider, requests, without_call) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT DO UPDATE SET requests = requests + excluded.requests, without_call = without_call + excluded.without_call
            """);
        using var row = new Statement(from, $"SELECT bucket / 86400 * 86400, tenant, app, {ModelRequestTable.EnvironmentIn(from)}, provider, sum(requests), sum(without_call) FROM model_requests GROUP BY 1, 2, 3, 4, 5");
        while (row.Step())
        {
            if (!wanted((int)row.Long(1), (int)row.Long(2))) continue;
            put.Bind(1, row.Long(0)).Bind(2, row.Long(1)).Bind(3, row.Long(2)).Bind(4, Word(row.Long(3))).Bind(5, Word(row.Long(4))).Bind(6, row.Long(5)).Bind(7, row.Long(6)).Run();
        }
    }

    // Where figures by the narrow level are not kept any more, the day's stand in their place.
    private RollupLevel[] LevelsOf(RollupLevel level, RollupLevel narrow, long bucket, int tenant, int app)
    {
        var isAged = bucket / 86_400 * 86_400 < quartersFrom(tenant, app);
        return level == RollupLevel.Day ? isAged ? [RollupLevel.Day, narrow] : [level] : isAged ? [] : [level];
    }

    private long Word(long id)
    {
        // None, and the rest of a bounded cut.
        if (id <= 0) return id;
        if (known.TryGetValue(id, out var there)) return there;
        word.Bind(1, id);
        var text = word.Step() ? word.Text(0) : "";
        word.Reset();
        return known[id] = words.Id(text);
    }
}
