using Callwatch.Spans;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Derived;

/// <summary>The figures of one hour: from its rollups those by names, from its calls those by users, releases, prompts and tags.</summary>
internal static class HourFigures
{
    public static DerivedBucket Of(SqliteConnection connection, long hour)
    {
        var made = new DerivedBucket(RollupLevel.Hour, hour);
        // Minutes may have been given up; quarters are there as long as the file is.
        var minutes = StoreDatabase.Number(connection, "SELECT value FROM meta WHERE key = 'minutes_until'") is not { } until || hour >= until;
        FromRollups(connection, made, minutes ? RollupLevel.Minute : RollupLevel.QuarterHour);
        new BoundedCuts(connection, made).Add(hour);
        Records(connection, made);
        made.Peaks = HourPeaks.Of(connection, hour);
        return made;
    }

    private static void Records(SqliteConnection connection, DerivedBucket made)
    {
        using var row = new Statement(connection, """
            SELECT tenant, app, outcome, kind, duration, environment, figures FROM records WHERE "end" >= ?1 AND "end" < ?2
            """);
        row.Bind(1, made.Bucket * Timestamp.NanosecondsPerSecond).Bind(2, (made.Bucket + made.Level.Seconds()) * Timestamp.NanosecondsPerSecond);
        Span<long> sums = stackalloc long[CallFigures.Count];
        while (row.Step())
        {
            var cut = (SpanKind)row.Long(3) == SpanKind.Message ? Cut.Message : Cut.Run;
            RecordFigures.Read(row.Blob(6), sums);
            // NULL reads as 0.
            made.Cell(new CutKey(cut, RollupLevel.Hour, made.Bucket, (int)row.Long(0), (int)row.Long(1), (int)row.Long(2), row.Long(5), 0, 0))
                .Add(sums, CallFigures.Bounded(row.NullableLong(4)), ttft: null);
        }
    }

    private static void FromRollups(SqliteConnection connection, DerivedBucket made, RollupLevel level)
    {
        using var row = new Statement(connection, $"SELECT {RollupRowWriter.Columns} FROM rollups WHERE level = ?1 AND bucket >= ?2 AND bucket < ?3");
        row.Bind(1, (long)level).Bind(2, made.Bucket).Bind(3, made.Bucket + 3_600);
        Span<long> sums = stackalloc long[CallFigures.Count];
        while (row.Step())
        {
            var (_, bucket, of) = RollupRowWriter.KeyOf(row);
            var quarter = bucket / 900 * 900;
            RollupRowWriter.ReadSums(row, sums);
            var wide = made.Wide.TryGetValue(of, out var known) ? known : made.Wide[of] = new FigureCell();
            var totals = new CutKey(Cut.Totals, level, bucket, of.Tenant, of.App, of.Outcome, 0, 0, 0);
            var model = totals with { Cut = Cut.Model, A = of.Model, B = of.Asked, C = of.Provider };
            var operation = totals with { Cut = Cut.Operation, A = of.Operation, B = of.Asked };
            var environment = totals with { Cut = Cut.Environment, A = of.Environment, B = of.Asked, C = of.Provider };
            RollupRowWriter.AddTo(row, sums, wide);
            foreach (var key in (ReadOnlySpan<CutKey>)[totals, model, operation, environment])
            {
                if (level == RollupLevel.Minute && key.Cut.Has(level)) RollupRowWriter.AddTo(row, sums, made.Cell(key));
                RollupRowWriter.AddTo(
                    row, sums, made.Cell(key with { Level = RollupLevel.QuarterHour, Bucket = quarter }), made.Cell(key with { Level = RollupLevel.Hour, Bucket = made.Bucket }));
            }
        }
    }
}
