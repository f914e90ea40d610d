using System.Globalization;
using Callwatch.Costs;
using Callwatch.Dashboard.Charts;
using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Query;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Cost;

/// <summary>The charts of costs.</summary>
public static class CostCharts
{
    private const int MostSeries = 4;

    /// <summary>Over the range, what was chosen stacked.</summary>
    public static TimeChart Split(CostModel model, StatsAnswer all, Timestamp from, Timestamp to, Words words)
    {
        var field = model.By.Field.Name;
        var times = all.Groups[0].Points.Select(point => point.Time).ToList();
        var groups = (model.Split?.Groups ?? []).GroupBy(group => group.IsOther ? words["others"] : group.Key.GetValueOrDefault(field))
            .Select(group => (Name: group.Key, Usd: group.Sum(one => one.Total.CostUsd), Groups: group.ToList())).Where(group => group.Usd > 0).OrderByDescending(group => group.Usd).ToList();
        var series = groups.Take(MostSeries).Select((group, index) => new Series(group.Name ?? words["unknown"], Color(index), Stroke.Area, Sums(group.Groups, times))).ToList();
        var rest = Rest(all.Groups[0], series);
        if (rest.Any(value => value > 1e-9)) series.Add(new Series(groups.Count == 0 ? words["all"] : words["others"], "c5", Stroke.Area, rest));
        return new TimeChart
        {
            Title = words["Cost over time"],
            Unit = words.Say(all.Step switch { Step.Minute => "{0} per minute", Step.QuarterHour => "{0} per 15 minutes", Step.Day => "{0} per day", _ => "{0} per hour" }, words.Code == "zh" ? "$ " : "$"),
            From = from,
            To = to,
            Step = Width(all.Step),
            Times = times,
            Series = series,
            Stacked = true,
            ValueUnit = "$",
            Spoken = words.Say("Cost: {0}, most of it for {1}.", Figure.Money(all.Groups[0].Total.CostUsd), groups.Count > 0 ? Visible.Line(groups[0].Name ?? words["unknown"], 60) : "–"),
        };
    }

    /// <summary>The month under way, day by day, with what is left as it is expected.</summary>
    public static TimeChart Month(MonthCost month, TimeZoneInfo zone, Words words)
    {
        var days = Enumerable.Range(0, month.Days).Select(month.Month.AddDays).ToList();
        var spent = month.ByDay.ToDictionary(day => day.Day, day => (double)day.Usd);
        var rest = (month.Forecast?.Rest ?? []).ToDictionary(day => day.Day, day => (double)day.Usd);
        var series = new List<Series> { new(words["spent"], "c1", Stroke.Bars, [.. days.Select(day => spent.TryGetValue(day, out var usd) ? usd : (double?)null)]) };
        if (rest.Count > 0) series.Add(new Series(words["expected"], "c-ghost", Stroke.Bars, [.. days.Select(day => rest.TryGetValue(day, out var usd) ? usd : (double?)null)]));
        return new TimeChart
        {
            Title = words["This month by day"],
            Unit = words.Say("{0} per day", words.Code == "zh" ? "$ " : "$"),
            From = month.From,
            To = LocalDays.Begin(month.Month.AddDays(month.Days), zone),
            Step = TimeSpan.FromDays(1),
            Times = [.. days.Select(day => LocalDays.Begin(day, zone))],
            Series = series,
            Stacked = true,
            ValueUnit = "$",
            Spoken = month.Forecast is { } forecast ? words.Say("{0} spent so far; {1} expected for the month.", Figure.Money(month.SpentUsd), Figure.Money(forecast.Usd)) : words.Say("{0} spent so far.", Figure.Money(month.SpentUsd)),
        };
    }

    private static string Color(int index) => "c" + (index + 1).ToString(CultureInfo.InvariantCulture);

    private static double?[] Sums(List<StatsGroup> groups, List<Timestamp> times)
    {
        var byTime = groups.SelectMany(group => group.Points).GroupBy(point => point.Time).ToDictionary(at => at.Key, at => at.Sum(point => (double)point.Figures.CostUsd));
        return [.. times.Select(time => (double?)byTime.GetValueOrDefault(time))];
    }

    private static double?[] Rest(StatsGroup all, List<Series> series) =>
        [.. all.Points.Select((point, i) => (double?)Math.Max(0, (double)point.Figures.CostUsd - series.Sum(one => one.Values[i] ?? 0)))];

    private static TimeSpan Width(Step step) => step switch
    {
        Step.Minute => TimeSpan.FromMinutes(1),
        Step.QuarterHour => TimeSpan.FromMinutes(15),
        Step.Day => TimeSpan.FromDays(1),
        _ => TimeSpan.FromHours(1),
    };
}
