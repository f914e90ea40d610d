using Callwatch.Dashboard.Charts;
using Callwatch.Dashboard.Language;
using Callwatch.Diagnose.Comparing;
using Callwatch.Query;

namespace Callwatch.Dashboard.Diagnose;

/// <summary>The figure over both windows, or over the later one and as long before it beside the week before.</summary>
public static class DiagnoseCharts
{
    public static TimeChart Of(WindowComparison found, IReadOnlyList<StatsPoint> points, Step step, StatsAnswer? then, Words words)
    {
        var width = Width(step);
        var whole = Enumerable.Range(0, points.Count).Where(i => points[i].Time.Plus(width) <= found.To).ToList();
        var series = new List<Series>();
        var measure = found.Measure;
        if (measure is Measure.Latency or Measure.Ttft)
        {
            series.Add(new Series(words["average"], "c1", Stroke.Thick, [.. whole.Select(i => Times(points[i].Figures).Avg / 1000)]));
            series.Add(new Series("p95", "c1", Stroke.Thin, [.. whole.Select(i => Times(points[i].Figures).P95 / 1000)]));
        }
        else
        {
            series.Add(new Series(Amounts.Short(measure, words), measure == Measure.Errors ? "c-bad" : "c1", Stroke.Thick, [.. whole.Select(i => ValueOf(points[i].Figures))]));
        }

        if (then is { Groups: [var earlier, ..] } && then.Step == step)
            series.Add(new Series(words["a week earlier"], "c-ghost", Stroke.Dashed, [.. whole.Select(i => i < earlier.Points.Count ? ValueOf(earlier.Points[i].Figures) : null)]));
        var from = points.Count > 0 && points[0].Time > found.From ? found.From : found.From.Plus(found.From > found.To ? default : -TimeSpan.FromTicks((found.To.UnixNanoseconds - found.From.UnixNanoseconds) / 100));
        var bands = new List<ChartBand> { new(found.From, found.To, words.Say("now: {0}", Amounts.Value(measure, found.Of(measure)!.After)), IsBefore: false) };
        if (found.BaselineTo > from) bands.Insert(0, new ChartBand(found.BaselineFrom > from ? found.BaselineFrom : from, found.BaselineTo, words.Say("before: {0}", Amounts.Value(measure, found.Of(measure)!.Before)), IsBefore: true));
        return new TimeChart
        {
            Title = Amounts.Name(measure, words),
            Unit = measure switch { Measure.Latency or Measure.Ttft => words["s, drag to pick another window"], Measure.Errors => words["%, drag to pick another window"], Measure.Cost => words["$, drag to pick another window"], _ => words["drag to pick another window"] },
            ValueUnit = measure switch { Measure.Latency or Measure.Ttft => "s", Measure.Errors => "%", Measure.Cost => "$", _ => "" },
            From = from,
            To = found.To,
            Step = width,
            Times = [.. whole.Select(i => points[i].Time)],
            Series = series,
            Bands = bands,
            Marks = found.Since is { } since ? [new ChartMark(since, words["it began"])] : [],
            Spoken = words.Say("{0} went from {1} to {2}.", Amounts.Name(measure, words), Amounts.Value(measure, found.Of(measure)!.Before), Amounts.Value(measure, found.Of(measure)!.After)),
        };

        Distribution Times(Figures figures) => measure == Measure.Ttft ? figures.TtftMs : figures.LatencyMs;

        double? ValueOf(Figures figures) => measure switch
        {
            Measure.Latency or Measure.Ttft => Times(figures).Avg / 1000,
            Measure.Errors => (1 - figures.SuccessRate) * 100,
            Measure.Cost => (double)figures.CostUsd,
            _ => figures.Calls,
        };
    }

    private static TimeSpan Width(Step step) => step switch
    {
        Step.Minute => TimeSpan.FromMinutes(1),
        Step.QuarterHour => TimeSpan.FromMinutes(15),
        Step.Day => TimeSpan.FromDays(1),
        _ => TimeSpan.FromHours(1),
    };
}
