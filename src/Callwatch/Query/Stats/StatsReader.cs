using System.Globalization;
using Callwatch.Control;
using Callwatch.Query.Filters;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Rollups;
using Microsoft.Data.Sqlite;

namespace Callwatch.Query.Stats;

/// <summary>Adds up the figures of a range, group by group and bucket by bucket, over all partitions.</summary>
internal sealed class StatsReader(
    QueryRun run, Asked asked, StatsQuestion question, Buckets buckets, IReadOnlyList<GroupField> by, StatsPlan? plan, StatsScan scan, FigureSources sources, People people, Apps apps)
    : ITakeFigures<StatsReader.Group>
{
    /// <summary>Most points of one answer: more cannot be drawn, and would take a hundred megabytes to write.</summary>
    private const int MostPoints = 30_000;

    /// <summary>Most sums held while the greatest groups are not known yet.</summary>
    private const int MostSums = 60_000;

    /// <summary>Most sketches of users and sessions held for one answer: each takes 4 KiB.</summary>
    private const int MostSketches = 10_000;

    private readonly RangeScan range = new(asked, sources, plan, buckets.Widest);
    private readonly Timestamp from = asked.Selection.From;
    private readonly Timestamp to = asked.Selection.To;
    private readonly bool allTimed = by.Any(group => group.Field == FilterFields.Outcome)
        || asked.Filter.Terms.Any(term => term is FilterTerm.Compare compare && compare.Field == FilterFields.Outcome);

    private readonly Dictionary<string, Group> groups = new(StringComparer.Ordinal);
    private HashSet<string>? greatest;
    private int sums;
    private bool truncated;
    private bool pointsEstimated;

    internal sealed class Group(string?[] key, int buckets)
    {
        public string?[] Key { get; } = key;

        public FigureSums?[] Points { get; } = new FigureSums?[buckets];

        // Rows come in order of time, more or less.
        public long LastMoment { get; set; } = -1;

        public FigureSums? LastPoint { get; set; }

        /// <summary>What is added up for the whole range only: estimates of people, and times where the points have none.</summary>
        public FigureSums Whole { get; } = new();

        public long Calls => Points.Sum(point => point?.Calls ?? 0);
    }

    /// <summary>More groups than can be held before it is known which are the greatest.</summary>
    private sealed class TooManyGroupsException : Exception;

    private AnswerSource Source => range.Source;

    private int MaxGroups => Math.Min(question.MaxGroups, Math.Max(1, MostPoints / buckets.Count));

    public StatsAnswer Read()
    {
        var source = Source;
        var rowsFrom = source == AnswerSource.Rows ? FigureSources.RowsFrom(run, asked) : null;
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

        var counted = source == AnswerSource.Rows ? people.AreCounted && (!question.OnlyCalls || question.CountPeople) : CountPeople();
        var ordered = groups.Values.Select(group => (Group: group, group.Calls)).OrderByDescending(pair => pair.Calls)
            .ThenBy(pair => string.Join('\n', pair.Group.Key), StringComparer.Ordinal).Select(pair => pair.Group).ToList();
        truncated |= ordered.Count > MaxGroups || ordered.Exists(group => group.Key.Contains(GroupKeys<object>.Rest));
        return new StatsAnswer(buckets.Step, source, truncated, [.. ordered.Take(MaxGroups).Select(group => ToGroup(group, counted))])
        {
            RowsFrom = rowsFrom,
        };
    }

    bool ITakeFigures<Group>.OnlyCalls => question.OnlyCalls;

    long ITakeFigures<Group>.Width => buckets.Widest.Seconds();

    Group? ITakeFigures<Group>.Group(string?[] key)
    {
        var name = NameOf(key);
        if (groups.TryGetValue(name, out var group)) return group;
        if (greatest is not null && !greatest.Contains(name)) return null;
        if (greatest is null && groups.Count >= run.Options.MaxGroups) throw new TooManyGroupsException();
        return groups[name] = new Group(key, buckets.Count);
    }

    void ITakeFigures<Group>.Take(Group group, long unixSeconds, Outcome outcome, in RollupFigures figures)
    {
        var timed = allTimed || outcome == Outcome.Success;
        PointOf(group, unixSeconds).Add(figures, outcome, timed && question.TimesOfPoints);
        if (timed && !question.TimesOfPoints) group.Whole.AddTimes(figures);
    }

    void ITakeFigures<Group>.TakePeople(Group group, long unixSeconds, int? user, int? session) => PointOf(group, unixSeconds).AddPeople(user, session);

    void ITakeFigures<Group>.TakeSessionAgain(Group group, long unixSeconds) => PointOf(group, unixSeconds).AddSessionAgain();

    private StatsGroup ToGroup(Group group, bool counted)
    {
        var (total, empty) = (new FigureSums(), new FigureSums());
        foreach (var point in group.Points)
            if (point is not null) total.Add(point);
        if (!question.TimesOfPoints) total.Add(group.Whole);
        for (var field = 0; field < 2; field++) total.Estimates[field] = group.Whole.Estimates[field];
        if (pointsEstimated)
            foreach (var point in group.Points.Append(empty)) point?.EstimatePeople();

        var key = new Dictionary<string, string?>(StringComparer.Ordinal);
        for (var i = 0; i < by.Count; i++) key[by[i].Name] = group.Key[i] == GroupKeys<object>.Rest ? StatsGroup.Other : group.Key[i];
        return new StatsGroup(
            key, FiguresOf(total), [.. group.Points.Select((point, index) => new StatsPoint(buckets[index], FiguresOf(point ?? empty)))])
        {
            IsOther = group.Key.Contains(GroupKeys<object>.Rest),
        };

        // Of people only users were looked at then.
        Figures FiguresOf(FigureSums sums) => question.OnlyCalls ? sums.ToFigures(counted) with { Sessions = null, CallsPerSession = null } : sums.ToFigures(counted);
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
    internal static string NameOf(string?[] key) => key.Length switch
    {
        0 => "",
        1 => key[0] is { } only ? "=" + only : "",
        _ => string.Concat(key.Select(part => part is null ? "-" : string.Create(CultureInfo.InvariantCulture, $"{part.Length}:{part}"))),
    };

    /// <summary>The groups with most calls, found by counting alone.</summary>
    private HashSet<string> Greatest(AnswerSource source)
    {
        var counts = new GroupCounts();
        Scan(source, counts);
        truncated = counts.Groups.Count > MaxGroups;
        return [.. counts.Groups.OrderByDescending(pair => pair.Value.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(MaxGroups).Select(pair => pair.Key)];
    }

    private void Scan<T>(AnswerSource source, ITakeFigures<T> taker)
        where T : class => range.Read(source, scan, new StatsStretches<T>(scan, plan, taker, withPeople: source == AnswerSource.Rows && (!question.OnlyCalls || question.CountPeople)));

    /// <summary>False when there are too many calls, or too little time, to count who made them.</summary>
    private bool CountPeople()
    {
        if (!question.CountPeople) return false;
        try
        {
            if (groups.Values.Sum(group => group.Calls) > run.Options.MostRowsCounted || sources.HasHistory(asked)) return EstimatePeople();
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
            ForgetEstimates();
            return false;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_INTERRUPT && !run.Cancel.IsCancellationRequested)
        {
            ForgetEstimates();
            return false;
        }
    }

    // Half of them would look like all.
    private void ForgetEstimates()
    {
        foreach (var group in groups.Values)
            foreach (var sums in group.Points.Append(group.Whole)) sums?.Estimates.AsSpan().Clear();
    }

    /// <summary>Always false: nobody was counted one by one.</summary>
    private bool EstimatePeople()
    {
        if (!PeopleSketches.Fit(asked, by)) return false;
        var points = buckets.Widest is RollupLevel.Hour or RollupLevel.Day && groups.Count * buckets.Count * 2 <= MostSketches;
        var byApp = new Dictionary<int, Group?>();
        var read = new PeopleSketches(sources, asked, scan, buckets.Widest).Read(RangeOf, (app, second, field, add) =>
        {
            if (!byApp.TryGetValue(app, out var group)) byApp[app] = group = groups.GetValueOrDefault(by.Count == 0 ? "" : NameOf([apps.NameOf(app)]));
            if (group is null) return;
            add(group.Whole.Estimate(field));
            if (points) add(PointOf(group, second).Estimate(field));
        });
        if (!read) ForgetEstimates();
        pointsEstimated = read && points;
        if (read)
            foreach (var group in groups.Values) group.Whole.EstimatePeople();
        return false;

        (long First, long Last) RangeOf(OpenPartition open) =>
            (Math.Max((from.UnixNanoseconds + Timestamp.NanosecondsPerSecond - 1) / Timestamp.NanosecondsPerSecond, open.Partition.From.UnixSeconds), Math.Min(to.UnixSeconds, open.Partition.To.UnixSeconds));
    }
}
