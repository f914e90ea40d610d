using Callwatch.Query;
using Callwatch.Spans;

namespace Callwatch.Diagnose.Comparing;

/// <summary>The moment at which a figure left its height: where the points before and after differ most for how many calls they have.</summary>
internal static class ChangePoint
{
    private const int EnoughPoints = 6;

    /// <summary>How much of all differences between the points the one between both sides must be.</summary>
    private const double ClearShare = 0.3;

    /// <param name="points">Of the window and as long before it.</param>
    /// <param name="direction">1 where the figure rose.</param>
    /// <returns>Null when there is no clear moment, or it lies before the window.</returns>
    public static Timestamp? Find(IReadOnlyList<StatsPoint> points, Measure measure, int direction, Timestamp from, Step step)
    {
        var known = points.Select(point => (point.Time, Of: ValueOf(measure, point.Figures))).Where(point => point.Of.Weight > 0).ToList();
        if (known.Count < EnoughPoints) return null;
        var weight = known.Sum(point => point.Of.Weight);
        var mean = known.Sum(point => point.Of.Weight * point.Of.Value) / weight;
        var differences = known.Sum(point => point.Of.Weight * (point.Of.Value - mean) * (point.Of.Value - mean));
        if (differences <= 0) return null;
        var (best, at, left, sum) = (0d, -1, 0d, 0d);
        for (var i = 1; i < known.Count; i++)
        {
            left += known[i - 1].Of.Weight;
            sum += known[i - 1].Of.Weight * known[i - 1].Of.Value;
            var (before, after) = (sum / left, ((mean * weight) - sum) / (weight - left));
            var between = left * (weight - left) / weight * (after - before) * (after - before);
            if (Math.Sign(after - before) == direction && between > best) (best, at) = (between, i);
        }

        if (at < 0 || best < ClearShare * differences || known.Count - at < 2) return null;
        // A window that begins with the change says so itself.
        return known[at].Time > from.Plus(WidthOf(step)) ? known[at].Time : null;
    }

    private static (double Weight, double Value) ValueOf(Measure measure, Figures figures) => measure switch
    {
        Measure.Latency => (figures.LatencyMs.Avg is null ? 0 : figures.Success, figures.LatencyMs.Avg ?? 0),
        Measure.Ttft => (figures.TtftMs.Avg is null ? 0 : figures.Success, figures.TtftMs.Avg ?? 0),
        Measure.Errors => (figures.Success + figures.Errors, 1 - (figures.SuccessRate ?? 1)),
        Measure.Cost => (1, (double)figures.CostUsd),
        _ => (1, figures.Calls),
    };

    private static TimeSpan WidthOf(Step step) => step switch
    {
        Step.Minute => TimeSpan.FromMinutes(1),
        Step.QuarterHour => TimeSpan.FromMinutes(15),
        Step.Day => TimeSpan.FromDays(1),
        _ => TimeSpan.FromHours(1),
    };
}
