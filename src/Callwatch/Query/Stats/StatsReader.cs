using System.Globalization;
using System.Runtime.InteropServices;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Rollups;
using Microsoft.Data.Sqlite;

namespace Callwatch.Query.Stats;

/// <summary>Adds up the figures of a range, group by group and bucket by bucket, over all partitions.</summary>
internal sealed class StatsReader(QueryRun run, Asked asked, StatsQuestion question, Buckets buckets, IReadOnlyList<GroupField> by, StatsScan scan, People people)
{
    /// <summary>Most points of one answer: more cannot be drawn, and would take a hundred megabytes to write.</summary>
    private const int MostPoints = 30_000;

    /// <summary>Most sums held while the greatest groups are not known yet.</summary>
    private const int MostSums = 60_000;

    /// <summary>Calls up to which users and sessions are counted from rows although the other figures come from rollups.</summary>
    private const long MostCallsForPeople = 300_000;

    private readonly Timestamp from = asked.Selection.From;
    private readonly Timestamp to = asked.Selection.To;
    private readonly bool allTimed = by.Any(group => group.Field == Filters.FilterFields.Outcome)
        || asked.Filter.Terms.Any(term => term is Filters.FilterTerm.Compare compare && compare.Field == Filters.FilterFields.Outcome);

    private readonly Dictionary<string, Group> groups = new(StringComparer.Ordinal);
    private HashSet<string>? greatest;
    private int sums;
    private bool truncated;

    private sealed class Group(string?[] key, int buckets)
    {
        public string?[] Key { get; } = key;

        public FigureSums Total { get; } = new();

        public FigureSums?[] Points { get; } = new FigureSums?[buckets];
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
            Scan(source, Add);
        }
        catch (TooManyGroupsException)
        {
            groups.Clear();
            sums = 0;
            greatest = Greatest(source);
            Scan(source, Add);
        }

        var counted = source == AnswerSource.Rows ? people.AreCounted : CountPeople();
        var ordered = groups.Values.OrderByDescending(group => group.Total.Calls).ThenBy(group => string.Join('\n', group.Key), StringComparer.Ordinal).ToList();
        truncated |= ordered.Count > MaxGroups;
        return new StatsAnswer(buckets.Step, source, truncated, [.. ordered.Take(MaxGroups).Select(group => ToGroup(group, counted))]);
    }

    private StatsGroup ToGroup(Group group, bool counted)
    {
        var empty = new FigureSums();
        var key = new Dictionary<string, string?>(StringComparer.Ordinal);
        for (var i = 0; i < by.Count; i++) key[by[i].Name] = group.Key[i];
        return new StatsGroup(
            key, group.Total.ToFigures(counted), [.. group.Points.Select((point, index) => new StatsPoint(buckets[index], (point ?? empty).ToFigures(counted)))]);
    }

    private void Add(string?[] key, long unixSeconds, Outcome outcome, in RollupFigures figures, int? user, int? session)
    {
        if (GroupOf(key) is not { } group) return;
        var point = PointOf(group, unixSeconds);
        var timed = allTimed || outcome == Outcome.Success;
        group.Total.Add(figures, outcome, timed);
        point.Add(figures, outcome, timed);
        group.Total.AddPeople(user, session);
        point.AddPeople(user, session);
    }

    private Group? GroupOf(string?[] key)
    {
        var name = NameOf(key);
        if (groups.TryGetValue(name, out var group)) return group;
        if (greatest is not null && !greatest.Contains(name)) return null;
        if (greatest is null && groups.Count >= run.Options.MaxGroups) throw new TooManyGroupsException();
        return groups[name] = new Group(key, buckets.Count);
    }

    private FigureSums PointOf(Group group, long unixSeconds)
    {
        ref var point = ref group.Points[buckets.IndexOf(unixSeconds)];
        if (point is not null) return point;
        if (++sums > MostSums && greatest is null && groups.Count > MaxGroups) throw new TooManyGroupsException();
        return point = new FigureSums();
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
        const int mostCounted = 1_000_000;
        var calls = new Dictionary<string, long>(StringComparer.Ordinal);
        Scan(source, (string?[] key, long unixSeconds, Outcome outcome, in RollupFigures figures, int? user, int? session) =>
        {
            CollectionsMarshal.GetValueRefOrAddDefault(calls, NameOf(key), out _) += figures.Calls;
            if (calls.Count > mostCounted) throw new TimeIsUpException();
        });
        truncated = calls.Count > MaxGroups;
        return [.. calls.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(MaxGroups).Select(pair => pair.Key)];
    }

    private void Scan(AnswerSource source, TakeFigures take)
    {
        foreach (var partition in run.Between(from, to))
        {
            using var open = run.Open(partition);
            if (open is null) continue;
            // Rollups and rows of one file as of the same moment.
            using var moment = open.AsOfOneMoment();
            var low = from > partition.From ? from : partition.From;
            var high = to < partition.To ? to : partition.To;
            if (source == AnswerSource.Rows) scan.FromRows(open, low, high, take);
            else ScanRollups(open, low, high, take);
        }
    }

    private void ScanRollups(OpenPartition open, Timestamp low, Timestamp high, TakeFigures take)
    {
        var (first, last) = WholeMinutes()!.Value;
        first = Math.Max(first, open.Partition.From.UnixSeconds);
        last = Math.Min(last, open.Partition.To.UnixSeconds);
        var (start, end) = (Timestamp.FromUnixSeconds(first), Timestamp.FromUnixSeconds(last));
        if (first >= last)
        {
            scan.FromRows(open, low, high, take);
            return;
        }

        scan.FromRows(open, low, start, take);
        scan.FromRows(open, end, high, take);
        if (buckets.Step == Step.Minute)
        {
            scan.FromRollups(open, RollupLevel.Minute, first, last, take);
            return;
        }

        var (firstQuarter, lastQuarter) = (Up(first, 900), Down(last, 900));
        if (firstQuarter >= lastQuarter)
        {
            scan.FromRollups(open, RollupLevel.Minute, first, last, take);
            return;
        }

        scan.FromRollups(open, RollupLevel.Minute, first, firstQuarter, take);
        scan.FromRollups(open, RollupLevel.Minute, lastQuarter, last, take);
        var wholeDay = buckets.StartAtUtcDays && firstQuarter <= open.Partition.From.UnixSeconds && lastQuarter >= open.Partition.To.UnixSeconds;
        scan.FromRollups(open, wholeDay ? RollupLevel.Day : RollupLevel.QuarterHour, firstQuarter, lastQuarter, take);
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
        if (!question.CountPeople || groups.Values.Sum(group => group.Total.Calls) > MostCallsForPeople) return false;
        try
        {
            foreach (var partition in run.Between(from, to))
            {
                using var open = run.Open(partition);
                if (open is not null) scan.PeopleFromRows(open, from, to, AddPeople);
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

    private void AddPeople(string?[] key, long unixSeconds, Outcome outcome, in RollupFigures figures, int? user, int? session)
    {
        if (!groups.TryGetValue(NameOf(key), out var group)) return;
        group.Total.AddPeople(user, session);
        group.Points[buckets.IndexOf(unixSeconds)]?.AddPeople(user, session);
    }

    private static long Up(long seconds, long width) => (seconds + width - 1) / width * width;

    private static long Down(long seconds, long width) => seconds / width * width;
}
