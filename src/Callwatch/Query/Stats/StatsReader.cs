using System.Globalization;
using System.Runtime.CompilerServices;
using Callwatch.Query.Filters;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Rollups;
using Microsoft.Data.Sqlite;

namespace Callwatch.Query.Stats;

/// <summary>Adds up the figures of a range, group by group and bucket by bucket, over all partitions.</summary>
internal sealed class StatsReader(QueryRun run, Asked asked, StatsQuestion question, Buckets buckets, IReadOnlyList<GroupField> by, StatsScan scan, People people)
    : ITakeFigures<StatsReader.Group>
{
    /// <summary>Most points of one answer: more cannot be drawn, and would take a hundred megabytes to write.</summary>
    private const int MostPoints = 30_000;

    /// <summary>Most sums held while the greatest groups are not known yet.</summary>
    private const int MostSums = 60_000;

    /// <summary>Calls up to which users and sessions are counted from rows although the other figures come from rollups.</summary>
    private const long MostCallsForPeople = 300_000;

    private readonly Timestamp from = asked.Selection.From;
    private readonly Timestamp to = asked.Selection.To;
    private readonly bool allTimed = by.Any(group => group.Field == FilterFields.Outcome)
        || asked.Filter.Terms.Any(term => term is FilterTerm.Compare compare && compare.Field == FilterFields.Outcome);

    private readonly Dictionary<string, Group> groups = new(StringComparer.Ordinal);
    private HashSet<string>? greatest;
    private int sums;
    private bool truncated;

    internal sealed class Group(string?[] key, int buckets)
    {
        public string?[] Key { get; } = key;

        public FigureSums?[] Points { get; } = new FigureSums?[buckets];

        // Rows come in order of time, more or less.
        public long LastMoment { get; set; } = -1;

        public FigureSums? LastPoint { get; set; }

        public long Calls => Points.Sum(point => point?.Calls ?? 0);
    }

    /// <summary>More groups than can be held before it is known which are the greatest.</summary>
    private sealed class TooManyGroupsException : Exception;

    private int MaxGroups => Math.Min(question.MaxGroups, Math.Max(1, MostPoints / buckets.Count));

    public StatsAnswer Read()
    {
        var source = StatsScan.FitsRollups(asked.Filter, by) && WholeMinutes() is not null ? AnswerSource.Rollups : AnswerSource.Rows;
        if (by.Count == 0) groups[""] = new Group([], buckets.Count);
        try
        {
            Scan(source, this);
        }
        catch (TooManyGroupsException)
        {
            groups.Clear();
            sums = 0;
            greatest = Greatest(source);
            Scan(source, this);
        }

        var counted = source == AnswerSource.Rows ? people.AreCounted : CountPeople();
        var ordered = groups.Values.Select(group => (Group: group, group.Calls)).OrderByDescending(pair => pair.Calls)
            .ThenBy(pair => string.Join('\n', pair.Group.Key), StringComparer.Ordinal).Select(pair => pair.Group).ToList();
        truncated |= ordered.Count > MaxGroups;
        return new StatsAnswer(buckets.Step, source, truncated, [.. ordered.Take(MaxGroups).Select(group => ToGroup(group, counted))]);
    }

    Group? ITakeFigures<Group>.Group(string?[] key)
    {
        var name = NameOf(key);
        if (groups.TryGetValue(name, out var group)) return group;
        if (greatest is not null && !greatest.Contains(name)) return null;
        if (greatest is null && groups.Count >= run.Options.MaxGroups) throw new TooManyGroupsException();
        return groups[name] = new Group(key, buckets.Count);
    }

    void ITakeFigures<Group>.Take(Group group, long unixSeconds, Outcome outcome, in RollupFigures figures) =>
        PointOf(group, unixSeconds).Add(figures, outcome, timed: allTimed || outcome == Outcome.Success);

    void ITakeFigures<Group>.TakePeople(Group group, long unixSeconds, int? user, int? session) => PointOf(group, unixSeconds).AddPeople(user, session);

    private StatsGroup ToGroup(Group group, bool counted)
    {
        var (total, empty) = (new FigureSums(), new FigureSums());
        foreach (var point in group.Points)
            if (point is not null) total.Add(point);
        var key = new Dictionary<string, string?>(StringComparer.Ordinal);
        for (var i = 0; i < by.Count; i++) key[by[i].Name] = group.Key[i];
        return new StatsGroup(
            key, total.ToFigures(counted), [.. group.Points.Select((point, index) => new StatsPoint(buckets[index], (point ?? empty).ToFigures(counted)))]);
    }

    private FigureSums PointOf(Group group, long unixSeconds)
    {
        if (group.LastMoment == unixSeconds && group.LastPoint is { } same) return same;
        ref var point = ref group.Points[buckets.IndexOf(unixSeconds)];
        if (point is null)
        {
            if (++sums > MostSums && greatest is null && groups.Count > MaxGroups) throw new TooManyGroupsException();
            point = new FigureSums();
        }

        (group.LastMoment, group.LastPoint) = (unixSeconds, point);
        return point;
    }

    // With its length before it, so that no value can look like two, or like none.
    private static string NameOf(string?[] key) => key.Length switch
    {
        0 => "",
        1 => key[0] is { } only ? "=" + only : "",
        _ => string.Concat(key.Select(part => part is null ? "-" : string.Create(CultureInfo.InvariantCulture, $"{part.Length}:{part}"))),
    };

    /// <summary>The groups with most calls, found by counting alone.</summary>
    private HashSet<string> Greatest(AnswerSource source)
    {
        var counts = new Counting();
        Scan(source, counts);
        truncated = counts.Groups.Count > MaxGroups;
        return [.. counts.Groups.OrderByDescending(pair => pair.Value.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(MaxGroups).Select(pair => pair.Key)];
    }

    private sealed class Counting : ITakeFigures<StrongBox<long>>
    {
        private const int Most = 1_000_000;

        public Dictionary<string, StrongBox<long>> Groups { get; } = new(StringComparer.Ordinal);

        public StrongBox<long>? Group(string?[] key)
        {
            var name = NameOf(key);
            if (Groups.TryGetValue(name, out var count)) return count;
            if (Groups.Count >= Most) throw new TimeIsUpException();
            return Groups[name] = new StrongBox<long>();
        }

        public void Take(StrongBox<long> group, long unixSeconds, Outcome outcome, in RollupFigures figures) => group.Value += figures.Calls;

        public void TakePeople(StrongBox<long> group, long unixSeconds, int? user, int? session)
        {
            // Counted in the second pass.
        }
    }

    private void Scan<T>(AnswerSource source, ITakeFigures<T> taker)
        where T : class
    {
        foreach (var partition in run.Between(from, to))
        {
            using var open = run.Open(partition);
            if (open is null || !scan.CanMatch(open)) continue;
            // Rollups and rows of one file as of the same moment.
            using var moment = open.AsOfOneMoment();
            var low = from > partition.From ? from : partition.From;
            var high = to < partition.To ? to : partition.To;
            if (source == AnswerSource.Rows) scan.FromRows(open, low, high, taker, withPeople: true);
            else ScanRollups(open, low, high, taker);
        }
    }

    private void ScanRollups<T>(OpenPartition open, Timestamp low, Timestamp high, ITakeFigures<T> taker)
        where T : class
    {
        var (first, last) = WholeMinutes()!.Value;
        first = Math.Max(first, open.Partition.From.UnixSeconds);
        last = Math.Min(last, open.Partition.To.UnixSeconds);
        if (first >= last)
        {
            scan.FromRows(open, low, high, taker, withPeople: false);
            return;
        }

        scan.FromRows(open, low, Timestamp.FromUnixSeconds(first), taker, withPeople: false);
        scan.FromRows(open, Timestamp.FromUnixSeconds(last), high, taker, withPeople: false);
        var (firstQuarter, lastQuarter) = (Up(first, 900), Down(last, 900));
        if (buckets.Step == Step.Minute || firstQuarter >= lastQuarter)
        {
            scan.FromRollups(open, RollupLevel.Minute, first, last, taker);
            return;
        }

        scan.FromRollups(open, RollupLevel.Minute, first, firstQuarter, taker);
        scan.FromRollups(open, RollupLevel.Minute, lastQuarter, last, taker);
        var wholeDay = buckets.StartAtUtcDays && firstQuarter <= open.Partition.From.UnixSeconds && lastQuarter >= open.Partition.To.UnixSeconds;
        scan.FromRollups(open, wholeDay ? RollupLevel.Day : RollupLevel.QuarterHour, firstQuarter, lastQuarter, taker);
    }

    /// <summary>The whole minutes within the range; null when there is none.</summary>
    private (long First, long Last)? WholeMinutes()
    {
        var first = Up((from.UnixNanoseconds + Timestamp.NanosecondsPerSecond - 1) / Timestamp.NanosecondsPerSecond, 60);
        var last = Down(to.UnixSeconds, 60);
        return first < last ? (first, last) : null;
    }

    /// <summary>False when there are too many calls, or too little time, to count who made them.</summary>
    private bool CountPeople()
    {
        if (!question.CountPeople || groups.Values.Sum(group => group.Calls) > MostCallsForPeople) return false;
        try
        {
            // Groups that are not there have no calls, or are not among the greatest.
            greatest ??= [.. groups.Keys];
            foreach (var partition in run.Between(from, to))
            {
                using var open = run.Open(partition);
                if (open is not null && scan.CanMatch(open)) scan.PeopleFromRows(open, from, to, this);
            }

            return people.AreCounted;
        }
        catch (TimeIsUpException)
        {
            return false;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_INTERRUPT && !run.Cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    private static long Up(long seconds, long width) => (seconds + width - 1) / width * width;

    private static long Down(long seconds, long width) => seconds / width * width;
}
