using Callwatch.Query;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Overview;

/// <summary>What the overview shows: the figures of the range, and what they are held against.</summary>
public sealed record OverviewModel
{
    public required Timestamp From { get; init; }

    public required Timestamp To { get; init; }

    public required Timestamp Now { get; init; }

    public required Step Step { get; init; }

    public required StatsGroup All { get; init; }

    public required Breakdown By { get; init; }

    /// <summary>Null when comparing is off or nothing earlier would be fair.</summary>
    public Baseline? Baseline { get; init; }

    public TimeSpan StepWidth => Step switch
    {
        Step.Minute => TimeSpan.FromMinutes(1),
        Step.QuarterHour => TimeSpan.FromMinutes(15),
        Step.Day => TimeSpan.FromDays(1),
        _ => TimeSpan.FromHours(1),
    };

    /// <summary>The buckets that are over; the running one is too small and would read as a fall.</summary>
    public IReadOnlyList<StatsPoint> Settled => [.. All.Points.Where(IsOver)];

    public bool IsOver(StatsPoint point) => point.Time.Plus(StepWidth) <= Now;
}
