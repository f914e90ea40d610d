using Callwatch.Query.Filters;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Derived;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;

namespace Callwatch.Query.Stats;

/// <summary>Who takes what business records come to.</summary>
internal interface ITakeRecords
{
    void Take(bool isRun, long unixSeconds, Outcome outcome, in RollupFigures figures);

    /// <summary>One record's: user and session as ids of the partition's dictionary.</summary>
    void TakePeople(OpenPartition open, bool isRun, long unixSeconds, long? user, long? session);

    void TakeSketch(int field, long unixSeconds, long people, long records, ReadOnlySpan<byte> sketch);
}

/// <summary>Reads business records of one partition: whole hours and days from what has been made of them, else from their rows.</summary>
internal sealed class RecordScan(Asked asked, FilterSql records, FilterSql cuts)
{
    /// <summary>True when the filter asks only for what records are counted by hour by hour.</summary>
    public bool FitsCuts { get; } = asked.Filter.Terms.All(term => term is FilterTerm.Compare compare && CutColumns.Of[Cut.Message].ContainsKey(compare.Field));

    /// <summary>True when sketches of users and sessions answer: they are kept by app.</summary>
    public bool FitsSketches { get; } = asked.Filter.Terms.All(term => term is FilterTerm.Compare compare && compare.Field == FilterFields.App);

    public void FromCuts(OpenPartition open, RollupLevel level, long from, long to, ITakeRecords taker)
    {
        Span<long> sums = stackalloc long[CallFigures.Count];
        foreach (var cut in (ReadOnlySpan<Cut>)[Cut.Message, Cut.Run])
        {
            var sql = Buckets(open, level, from, to);
            sql.And($"r.cut = {sql.Parameter((long)cut)}");
            cuts.Add(sql, asked.Filter);
            using var row = new Statement(open.Reader.Connection, $"SELECT r.bucket, r.outcome, r.figures FROM cuts r WHERE {sql.Where}");
            sql.BindTo(row);
            while (row.Step())
            {
                PackedFigures.Read(row.Blob(2), sums, out var latencyMax, out var ttftMax, out var latency, out var ttft);
                taker.Take(cut == Cut.Run, row.Long(0), (Outcome)row.Long(1), RollupFigures.Of(sums, latencyMax, ttftMax, latency, ttft));
            }
        }
    }

    public void FromSketches(OpenPartition open, RollupLevel level, long from, long to, ITakeRecords taker)
    {
        var sql = Buckets(open, level, from, to);
        cuts.Add(sql, asked.Filter);
        using var row = new Statement(open.Reader.Connection, $"SELECT r.field, r.bucket, r.people, r.calls, r.sketch FROM people r WHERE r.field >= {PeopleOf.UsersOfMessages} AND {sql.Where}");
        sql.BindTo(row);
        while (row.Step()) taker.TakeSketch((int)row.Long(0), row.Long(1), row.Long(2), row.Long(3), row.Blob(4));
    }

    /// <param name="figures">False for their people alone.</param>
    /// <returns>How many there are.</returns>
    public long FromRows(OpenPartition open, Timestamp from, Timestamp to, ITakeRecords taker, bool figures, bool people)
    {
        if (from >= to || !open.Reader.HasFeedback) return 0;
        var sql = new SqlCondition(open);
        sql.And($"m.\"end\" >= {sql.Parameter(from.UnixNanoseconds)} AND m.\"end\" < {sql.Parameter(to.UnixNanoseconds)}");
        sql.And(open.Owner(asked, "m"));
        records.Add(sql, asked.Filter);
        var joins = asked.Filter.Terms.Count == 0 ? "" : "JOIN spans s ON s.id = m.id LEFT JOIN calls c ON c.id = m.id";
        using var row = new Statement(open.Reader.Connection, $"SELECT m.\"end\", m.kind, m.outcome, m.duration, m.user, m.session, m.figures FROM records m {joins} WHERE {sql.Where}");
        sql.BindTo(row);
        Span<long> sums = stackalloc long[CallFigures.Count];
        var count = 0L;
        while (row.Step())
        {
            count++;
            var (seconds, isRun) = (new Timestamp(row.Long(0)).UnixSeconds, (SpanKind)row.Long(1) == SpanKind.Workflow);
            if (people) taker.TakePeople(open, isRun, seconds, row.NullableLong(4), row.NullableLong(5));
            if (!figures) continue;
            RecordFigures.Read(row.Blob(6), sums);
            var latency = CallFigures.Bounded(row.NullableLong(3));
            taker.Take(isRun, seconds, (Outcome)row.Long(2), RollupFigures.Of(sums, latency ?? 0, 0, [], []) with { Latency = latency });
        }

        return count;
    }

    private SqlCondition Buckets(OpenPartition open, RollupLevel level, long from, long to)
    {
        var sql = new SqlCondition(open);
        sql.And($"r.level = {sql.Parameter((long)level)} AND r.bucket >= {sql.Parameter(from)} AND r.bucket < {sql.Parameter(to)}");
        sql.And(open.Owner(asked, "r"));
        return sql;
    }
}
