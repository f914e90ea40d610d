using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Rollups;

namespace Callwatch.Query.Stats;

/// <summary>
/// Reads a range of one partition from the widest levels that fit it: days and hours in the middle, quarters and minutes towards the
/// ends, rows for the seconds that are left; what has not been made yet, of the hour under way for instance, from rollups by all dimensions.
/// </summary>
internal sealed class LevelCover(StatsPlan plan, RollupLevel widest, OpenPartition open, DerivedBuckets derived, IReadStretches reader)
{
    /// <summary>What a stretch is read from; a level without a cut is of rollups by all dimensions, no level is rows.</summary>
    private readonly record struct From(RollupLevel? Level, bool Cut);

    private static readonly From Rows = new(null, false);

    private static readonly RollupLevel[] Narrowing = [RollupLevel.Day, RollupLevel.Hour, RollupLevel.QuarterHour, RollupLevel.Minute];

    // All that it tells apart is told apart by the rollups by all dimensions, too.
    private readonly Cut? cut = plan.Cut == Cut.Environment && !open.Reader.HasEnvironments ? null : plan.Cut;

    /// <param name="first">On a whole minute; <paramref name="last"/> too.</param>
    public void Read(long first, long last) => Read(Array.IndexOf(Narrowing, widest), first, last);

    private void Read(int depth, long from, long to)
    {
        if (from >= to) return;
        var level = Narrowing[depth];
        var width = level.Seconds();
        var (first, last) = ((from + width - 1) / width * width, to / width * width);
        if (first >= last)
        {
            Read(depth + 1, from, to);
            return;
        }

        Read(depth + 1, from, first);
        ReadAt(depth, first, last);
        Read(depth + 1, last, to);
    }

    // Neighbours that are read from the same are read at once.
    private void ReadAt(int depth, long from, long to)
    {
        // What stands changes from hour to hour at most.
        var width = Math.Max(Narrowing[depth].Seconds(), 3_600);
        for (var at = from; at < to;)
        {
            var source = SourceOf(Narrowing[depth], at);
            var end = NextAfter(at, width);
            while (end < to && SourceOf(Narrowing[depth], end) == source) end = NextAfter(end, width);
            end = Math.Min(end, to);
            if (source is null) Read(depth + 1, at, end);
            else Read(source.Value, at, end);
            at = end;
        }
    }

    private static long NextAfter(long at, long width) => (at / width * width) + width;

    private void Read(From source, long from, long to)
    {
        if (source.Level is not { } level) reader.Rows(open, Timestamp.FromUnixSeconds(from), Timestamp.FromUnixSeconds(to));
        else if (source.Cut) reader.Cut(open, level, from, to);
        else reader.Rollups(open, level, from, to);
    }

    /// <summary>Null: from narrower levels.</summary>
    private From? SourceOf(RollupLevel level, long at) => level switch
    {
        RollupLevel.Day => cut is not null && derived.HasDay(at) ? new From(level, Cut: true) : plan.Wide ? new From(level, Cut: false) : null,
        RollupLevel.QuarterHour when derived.IsHistory => new From(level, Cut: false),
        RollupLevel.Hour when derived.HasHour(at) && (cut is not null || !derived.IsHistory) => new From(level, cut is not null),
        RollupLevel.Minute when at < derived.MinutesFrom => Rows,
        _ when cut?.Has(level) == true && level != RollupLevel.Hour && derived.HasHour(at) => new From(level, Cut: true),
        _ => plan.Wide ? new From(level == RollupLevel.Hour ? RollupLevel.QuarterHour : level, Cut: false) : Rows,
    };
}
