using Callwatch.Spans;
using Callwatch.Store.Rollups;

namespace Callwatch.Query.Stats;

/// <summary>
/// The buckets of a range: each from its beginning to the next one's. Hours and days begin as the zone's clocks say, so a day
/// has 23 or 25 hours where they change; every beginning lies on a quarter hour, as the offsets of all zones do since 1972.
/// </summary>
internal sealed class Buckets
{
    public const int Most = 3_000;

    private const long Quarter = 900;
    private readonly long[] starts;

    private Buckets(Step step, long[] starts)
    {
        Step = step;
        this.starts = starts;
        Widest = step switch
        {
            Step.Minute => RollupLevel.Minute,
            Step.QuarterHour => RollupLevel.QuarterHour,
            Step.Day when Array.TrueForAll(starts, start => start % 86_400 == 0) => RollupLevel.Day,
            _ => Array.TrueForAll(starts, start => start % 3_600 == 0) ? RollupLevel.Hour : RollupLevel.QuarterHour,
        };
    }

    public Step Step { get; }

    public int Count => starts.Length;

    /// <summary>The widest level of rollups whose rows lie within one bucket each.</summary>
    public RollupLevel Widest { get; }

    public Timestamp this[int index] => Timestamp.FromUnixSeconds(starts[index]);

    /// <summary>Null when there would be more than <see cref="Most"/>.</summary>
    public static Buckets? Over(Timestamp from, Timestamp to, Step step, TimeZoneInfo zone)
    {
        var first = from.UnixSeconds;
        // The end is not within: a range that ends on the second ends with the second before.
        var last = to.UnixNanoseconds % Timestamp.NanosecondsPerSecond == 0 ? to.UnixSeconds - 1 : to.UnixSeconds;
        if (step == Step.Auto) step = Fitting(last - first);
        if ((last - first) / SecondsOf(step) > Most) return null;
        var starts = step switch
        {
            Step.Minute => Even(first, last, 60),
            Step.QuarterHour => Even(first, last, Quarter),
            Step.Hour when zone.BaseUtcOffset.Ticks % TimeSpan.TicksPerHour == 0 && !zone.SupportsDaylightSavingTime => Even(first, last, 3_600),
            Step.Day when zone.Equals(TimeZoneInfo.Utc) => Even(first, last, 86_400),
            _ => ByClock(first, last, step, zone),
        };
        return new Buckets(step, starts);
    }

    /// <summary>
    /// The beginnings that lie within a stretch of rows of the level, as text, where a bucket has several such rows: what tells apart two
    /// questions that add them up differently. Null where each row is a bucket of its own.
    /// </summary>
    public string? WithinOf(RollupLevel level, long from, long to) =>
        level.Seconds() >= SecondsOf(Step) ? null : string.Join(' ', starts.Where(start => start > from && start < to));

    /// <summary>The beginning of a moment's bucket.</summary>
    public long StartOf(long unixSeconds) => starts[IndexOf(unixSeconds)];

    /// <summary>The bucket of a moment within the range.</summary>
    public int IndexOf(long unixSeconds)
    {
        var index = Array.BinarySearch(starts, unixSeconds);
        return Math.Max(0, index >= 0 ? index : ~index - 1);
    }

    private static Step Fitting(long seconds) => seconds switch
    {
        <= 3 * 3_600 => Step.Minute,
        <= 48 * 3_600 => Step.QuarterHour,
        <= 14 * 86_400 => Step.Hour,
        _ => Step.Day,
    };

    // A local day may be as short as an hour less.
    private static long SecondsOf(Step step) => step switch
    {
        Step.Minute => 60,
        Step.QuarterHour => Quarter,
        Step.Hour => 3_600,
        _ => 86_400,
    };

    private static long[] Even(long first, long last, long width)
    {
        first -= first % width;
        var starts = new long[((last - first) / width) + 1];
        for (var i = 0; i < starts.Length; i++) starts[i] = first + (i * width);
        return starts;
    }

    private static long[] ByClock(long first, long last, Step step, TimeZoneInfo zone)
    {
        var at = first - (first % Quarter);
        var name = NameOf(at, step, zone);
        while (at >= Quarter && NameOf(at - Quarter, step, zone) == name) at -= Quarter;
        var starts = new List<long> { at };
        for (at += Quarter; at <= last; at += Quarter)
        {
            var now = NameOf(at, step, zone);
            if (now == name) continue;
            starts.Add(at);
            name = now;
        }

        return [.. starts];
    }

    /// <summary>What the zone's clocks call this day or hour. The hour that is repeated when clocks go back is told apart by its offset.</summary>
    private static (long Local, TimeSpan Offset) NameOf(long unixSeconds, Step step, TimeZoneInfo zone)
    {
        var moment = DateTimeOffset.FromUnixTimeSeconds(unixSeconds);
        var offset = zone.GetUtcOffset(moment);
        var local = moment.UtcTicks + offset.Ticks;
        return step == Step.Day ? (local / TimeSpan.TicksPerDay, TimeSpan.Zero) : (local / TimeSpan.TicksPerHour, offset);
    }
}
