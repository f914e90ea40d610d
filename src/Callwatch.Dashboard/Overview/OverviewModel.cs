using Callwatch.Query;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Overview;

/// <summary>What the overview shows: the figures of the range, and what they are held against.</summary>
public sealed record OverviewModel
{
    public required Timestamp From { get; init; }

    public required Timestamp To { get; init; }

    public required Timestamp Now { get; init; }

    /// <summary>The zone that times are said in; null for UTC.</summary>
    public TimeZoneInfo? Zone { get; init; }

    public required Step Step { get; init; }

    public required StatsGroup All { get; init; }

    public required Breakdown By { get; init; }

    /// <summary>Where only rows could answer and some are gone: from when on they are all there.</summary>
    public Timestamp? RowsFrom { get; init; }

    /// <summary>Requests to models and how many of them have no call; null where that could not be counted in time.</summary>
    public CoverageAnswer? Coverage { get; init; }

    /// <summary>Apps whose newest calls came without prompts and answers.</summary>
    public IReadOnlyList<int> Silent { get; init; } = [];

    /// <summary>Null when comparing is off or nothing earlier would be fair.</summary>
    public Baseline? Baseline { get; init; }

    public TimeSpan StepWidth => Step switch
    {
        Step.Minute => TimeSpan.FromMinutes(1),
        Step.QuarterHour => TimeSpan.FromMinutes(15),
        Step.Day => TimeSpan.FromDays(1),
        _ => TimeSpan.FromHours(1),
    };

    /// <summary>
    /// The buckets of <see cref="All"/> that lie whole within the range and are over, by number: a part of one is too small and would
    /// read as a fall. All of them, where that would leave nothing to see.
    /// </summary>
    public IReadOnlyList<int> Whole
    {
        get
        {
            IReadOnlyList<int> whole = [.. Enumerable.Range(0, All.Points.Count).Where(i => IsWhole(All.Points[i]))];
            // The first calls ever are all in the bucket that still runs: whoever has just sent them looks for them here.
            var shows = whole.Count >= 2 && (All.Total.Calls == 0 || whole.Any(i => All.Points[i].Figures.Calls > 0));
            return shows ? whole : [.. Enumerable.Range(0, All.Points.Count)];
        }
    }

    public bool IsWhole(StatsPoint point) => point.Time >= From && point.Time.Plus(StepWidth) <= (To < Now ? To : Now);
}
