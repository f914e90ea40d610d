using Callwatch.Dashboard.Charts;
using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Query;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Errors;

/// <summary>Errors over time: the two largest groups and the rest.</summary>
public static class ErrorCharts
{
    private static readonly string[] Colors = ["c-bad", "c5"];

    /// <summary>Of some groups alone the chart is shown where all of them were counted by time: the rest of all failures is none of theirs.</summary>
    public static bool CanShow(ErrorsModel model, IReadOnlyList<ErrorGroup> groups) => model.Since is null || groups.All(group => model.ByGroup.ContainsKey(group.Fingerprint));

    /// <param name="page">The address of a group's page.</param>
    public static TimeChart Of(ErrorsModel model, IReadOnlyList<ErrorGroup> groups, Timestamp from, Timestamp to, Timestamp now, Words words, Func<string, string> page)
    {
        var step = Width(model.All!.Step);
        var points = (model.All.Groups.Count > 0 ? model.All.Groups[0].Points : []).Where(point => point.Time.Plus(step) <= now).ToList();
        var failed = model.Since is null
            ? points.ToDictionary(point => point.Time, point => (double)point.Figures.Errors)
            : groups.Select(group => group.Fingerprint).Distinct().SelectMany(fingerprint => model.ByGroup[fingerprint].Points).GroupBy(point => point.Time)
                .ToDictionary(ofOne => ofOne.Key, ofOne => (double)ofOne.Sum(point => point.Figures.Errors));
        var rest = points.Select(point => failed.GetValueOrDefault(point.Time)).ToArray();
        var series = new List<Series>();
        foreach (var (group, color) in groups.Where(group => model.ByGroup.ContainsKey(group.Fingerprint)).Zip(Colors))
        {
            var byTime = model.ByGroup[group.Fingerprint].Points.ToDictionary(point => point.Time, point => (double)point.Figures.Errors);
            var values = points.Select(point => (double?)byTime.GetValueOrDefault(point.Time)).ToArray();
            for (var i = 0; i < rest.Length; i++) rest[i] = Math.Max(0, rest[i] - values[i]!.Value);
            series.Add(new Series(Visible.Line(group.Type, 24) + (group.Model is null ? "" : " " + Visible.Line(group.Model, 24)), color, Stroke.Bars, values) { Href = page(group.Fingerprint) });
        }

        if (series.Count == 0 || rest.Any(left => left > 0))
            series.Add(new Series(series.Count == 0 ? words["errors"] : words["other"], series.Count == 0 ? "c-bad" : "c-calm", Stroke.Bars, [.. rest.Select(left => (double?)left)]));
        return new TimeChart
        {
            Title = words["Errors"],
            Unit = Per(model.All.Step, words),
            From = from,
            To = to,
            Step = step,
            Times = [.. points.Select(point => point.Time)],
            Series = series,
            Stacked = true,
            WholeNumbers = true,
            Spoken = words.Count(groups.Sum(group => group.Count), "{0} error over time, by group.", "{0} errors over time, by group."),
        };
    }

    /// <summary>One group alone.</summary>
    public static TimeChart OfGroup(StatsAnswer found, ErrorGroup group, Timestamp from, Timestamp to, Timestamp now, Words words)
    {
        var step = Width(found.Step);
        var points = (found.Groups.Count > 0 ? found.Groups[0].Points : []).Where(point => point.Time <= now).ToList();
        return new TimeChart
        {
            Title = words["Errors"],
            Unit = Per(found.Step, words),
            From = from,
            To = to,
            Step = step,
            Times = [.. points.Select(point => point.Time)],
            Series = [new Series(Visible.Line(group.Type, 40), "c-bad", Stroke.Bars, [.. points.Select(point => (double?)point.Figures.Errors)])],
            WholeNumbers = true,
            Marks = group.FirstSeen > from && group.FirstSeen < to ? [new ChartMark(group.FirstSeen, words["first seen"])] : [],
            Spoken = words.Count(points.Sum(point => point.Figures.Errors), "{0} error of this group over time.", "{0} errors of this group over time."),
        };
    }

    /// <summary>The run of one group in a few bars.</summary>
    public static IReadOnlyList<double> Trend(StatsGroup group, int bars = 12)
    {
        var each = Math.Max(1, (int)Math.Ceiling(group.Points.Count / (double)bars));
        return [.. group.Points.Chunk(each).Select(chunk => (double)chunk.Sum(point => point.Figures.Errors))];
    }

    private static string Per(Step step, Words words) =>
        words.Say(step switch { Step.Minute => "{0} per minute", Step.QuarterHour => "{0} per 15 minutes", Step.Day => "{0} per day", _ => "{0} per hour" }, "").Trim();

    private static TimeSpan Width(Step step) => step switch
    {
        Step.Minute => TimeSpan.FromMinutes(1),
        Step.QuarterHour => TimeSpan.FromMinutes(15),
        Step.Day => TimeSpan.FromDays(1),
        _ => TimeSpan.FromHours(1),
    };
}
