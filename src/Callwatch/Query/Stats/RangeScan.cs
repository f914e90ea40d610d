using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Rollups;

namespace Callwatch.Query.Stats;

/// <summary>Reads stretches of partitions, from where it is told to.</summary>
internal interface IReadStretches
{
    void Rows(OpenPartition open, Timestamp from, Timestamp to);

    /// <param name="from">In seconds since 1970, as <paramref name="to"/>.</param>
    void Cut(OpenPartition open, RollupLevel level, long from, long to);

    /// <summary>From rollups by all dimensions.</summary>
    void Rollups(OpenPartition open, RollupLevel level, long from, long to);
}

/// <summary>Goes through the partitions of a range, and the history of rows that are gone, and says what each stretch is read from.</summary>
/// <param name="plan">Null when only rows answer.</param>
/// <param name="widest">The widest level that may be read: its buckets lie within those of the answer.</param>
internal sealed class RangeScan(Asked asked, FigureSources sources, StatsPlan? plan, RollupLevel widest)
{
    private readonly Timestamp from = asked.Selection.From;
    private readonly Timestamp to = asked.Selection.To;

    /// <summary>What the figures of the range can be read from.</summary>
    public AnswerSource Source => plan is not null && WholeMinutes() is not null ? AnswerSource.Rollups : AnswerSource.Rows;

    /// <param name="scan">Knows which partitions have anything that is asked for.</param>
    public void Read(AnswerSource source, StatsScan scan, IReadStretches reader)
    {
        if (source == AnswerSource.Rollups && sources.History is { } history && scan.CanMatch(history)) ReadHistory(history, reader);
        foreach (var open in sources.Between(from, to))
        {
            var partition = open.Partition;
            // Rows that are still there are rows; the history has none.
            if (source == AnswerSource.Rows) open.MovedApps = [];
            if (!scan.CanMatch(open)) continue;
            // Rollups and rows of one file as of the same moment.
            using var moment = open.AsOfOneMoment();
            var low = from > partition.From ? from : partition.From;
            var high = to < partition.To ? to : partition.To;
            if (source == AnswerSource.Rows) reader.Rows(open, low, high);
            else ReadRollups(open, low, high, reader);
        }
    }

    // Nothing narrower than a quarter is known there: it counts if it begins within the range.
    private void ReadHistory(OpenPartition history, IReadStretches reader)
    {
        var (narrowest, width) = plan!.IsBounded ? (RollupLevel.Hour, 3_600) : (RollupLevel.QuarterHour, 900);
        var level = widest is RollupLevel.Minute || (plan.IsBounded && widest == RollupLevel.QuarterHour) ? narrowest : widest;
        var second = (from.UnixNanoseconds + Timestamp.NanosecondsPerSecond - 1) / Timestamp.NanosecondsPerSecond;
        var end = (to.UnixNanoseconds + Timestamp.NanosecondsPerSecond - 1) / Timestamp.NanosecondsPerSecond;
        new LevelCover(plan, level, history, DerivedBuckets.All, reader).Read(Up(second, width), Up(end, width));
    }

    private void ReadRollups(OpenPartition open, Timestamp low, Timestamp high, IReadStretches reader)
    {
        var (first, last) = WholeMinutes()!.Value;
        first = Math.Max(first, open.Partition.From.UnixSeconds);
        last = Math.Min(last, open.Partition.To.UnixSeconds);
        if (first >= last)
        {
            reader.Rows(open, low, high);
            return;
        }

        reader.Rows(open, low, Timestamp.FromUnixSeconds(first));
        reader.Rows(open, Timestamp.FromUnixSeconds(last), high);
        if (plan!.Cut is { } cut && CutColumns.AsksForBounded(cut, asked.Filter) && StatsScan.HasRest(open, cut))
        {
            // Some of what is asked for may be among the rest.
            reader.Rows(open, Timestamp.FromUnixSeconds(first), Timestamp.FromUnixSeconds(last));
            return;
        }

        new LevelCover(plan, widest, open, DerivedBuckets.Of(open), reader).Read(first, last);
    }

    /// <summary>The whole minutes within the range; null when there is none.</summary>
    private (long First, long Last)? WholeMinutes()
    {
        var first = Up((from.UnixNanoseconds + Timestamp.NanosecondsPerSecond - 1) / Timestamp.NanosecondsPerSecond, 60);
        var last = to.UnixSeconds / 60 * 60;
        return first < last ? (first, last) : null;
    }

    private static long Up(long seconds, long width) => (seconds + width - 1) / width * width;
}

/// <summary>Hands the figures of each stretch to one that takes them.</summary>
/// <param name="withPeople">False where who made the calls is counted over all rows afterwards.</param>
/// <typeparam name="T">A group.</typeparam>
internal sealed class StatsStretches<T>(StatsScan scan, StatsPlan? plan, ITakeFigures<T> taker, bool withPeople) : IReadStretches
    where T : class
{
    public void Rows(OpenPartition open, Timestamp from, Timestamp to) => scan.FromRows(open, from, to, taker, withPeople);

    public void Cut(OpenPartition open, RollupLevel level, long from, long to) => scan.FromCut(open, plan!.Cut!.Value, level, from, to, taker);

    public void Rollups(OpenPartition open, RollupLevel level, long from, long to) => scan.FromRollups(open, level, from, to, taker);
}
