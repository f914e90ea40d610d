using System.Globalization;
using Callwatch.Dashboard.Charts;
using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Query;
using Callwatch.Query.Filters;

namespace Callwatch.Dashboard.Overview;

/// <summary>The five charts of the overview, from its figures.</summary>
/// <param name="calls">The address of the calls that fit a term of the filter language; null for no links.</param>
public sealed class OverviewCharts(OverviewModel model, Words words, Func<string, string>? calls = null)
{
    private const int MostModels = 4;

    private readonly IReadOnlyList<int> whole = model.Whole;
    private readonly IReadOnlyList<StatsPoint> points = [.. model.Whole.Select(i => model.All.Points[i])];

    public TimeChart Calls()
    {
        var total = model.All.Total;
        IReadOnlyList<Series> series =
        [
            new(words["error"], "c-bad", Stroke.Area, Of(figures => figures.Errors)) { Href = calls?.Invoke("outcome:error") },
            new(words["cancelled"], "c5", Stroke.Area, Of(figures => figures.Cancelled)) { Href = calls?.Invoke("outcome:cancelled") },
            new(words["success"], "c-calm", Stroke.Area, Of(figures => figures.Success)) { Href = calls?.Invoke("outcome:success") },
        ];
        var spoken = words.Say("Calls by outcome: {0} succeeded, {1} failed, {2} were cancelled.", Figure.Count(total.Success), Figure.Count(total.Errors), Figure.Count(total.Cancelled));
        return Chart(words["Calls"], Per(""), series, spoken) with { Stacked = true, WholeNumbers = true };
    }

    public TimeChart Latency()
    {
        var total = model.All.Total.LatencyMs;
        var series = new List<Series>
        {
            new("p50", "c1", Stroke.Thin, Of(figures => figures.LatencyMs.P50 / 1000)),
            new("p95", "c1", Stroke.Thick, Of(figures => figures.LatencyMs.P95 / 1000)),
            new("p99", "c1", Stroke.Dashed, Of(figures => figures.LatencyMs.P99 / 1000)),
        };
        if (Then(figures => figures.LatencyMs.P95 / 1000) is { } then)
            series.Add(new Series(model.Baseline!.Kind == BaselineKind.WeekAgo ? words["p95 a week ago"] : words["p95 before"], "c-ghost", Stroke.Dashed, then));
        var spoken = words.Say("Latency: half of the calls within {0}, 95 of 100 within {1}.", Figure.Duration(total.P50), Figure.Duration(total.P95));
        return Chart(words["Latency"], "s", series, spoken) with { ValueUnit = "s" };
    }

    public TimeChart FirstToken()
    {
        var total = model.All.Total.TtftMs;
        IReadOnlyList<Series> series =
        [
            new("p50", "c2", Stroke.Thin, Of(figures => figures.TtftMs.P50 / 1000)),
            new("p95", "c2", Stroke.Thick, Of(figures => figures.TtftMs.P95 / 1000)),
        ];
        var spoken = words.Say("Time to first token: half within {0}, 95 of 100 within {1}.", Figure.Duration(total.P50), Figure.Duration(total.P95));
        return Chart(words["Time to first token"], "s", series, spoken) with { ValueUnit = "s" };
    }

    public TimeChart Tokens()
    {
        var total = model.All.Total;
        var highest = points.Count == 0 ? 0 : points.Max(point => point.Figures.InputTokens + point.Figures.OutputTokens);
        var (unit, divisor) = highest switch { >= 1_000_000 => ("million", 1e6), >= 10_000 => ("thousand", 1e3), _ => ("", 1d) };
        IReadOnlyList<Series> series =
        [
            new(words["output"], "c3", Stroke.Area, Of(figures => Math.Max(0, figures.OutputTokens - figures.ReasoningTokens) / divisor)),
            new(words["reasoning"], "c4", Stroke.Area, Of(figures => figures.ReasoningTokens / divisor)),
            new(words["input"], "c1", Stroke.Area, Of(figures => Math.Max(0, figures.InputTokens - figures.CacheReadTokens) / divisor)),
            new(words["cached"], "c2", Stroke.Area, Of(figures => figures.CacheReadTokens / divisor)),
        ];
        var spoken = words.Say("Tokens: {0} in, of them {1} from the cache, {2} out.", Figure.Count(total.InputTokens), Figure.Count(total.CacheReadTokens), Figure.Count(total.OutputTokens));
        return Chart(words["Tokens"], Per(unit), series, spoken) with { Stacked = true };
    }

    public TimeChart Cost()
    {
        var models = model.By.Models
            .GroupBy(group => group.Key.GetValueOrDefault(FilterFields.AskedModel.Name))
            .Select(groups => (Name: groups.Key, Usd: groups.Sum(group => group.Total.CostUsd), Groups: groups.ToList()))
            .Where(entry => entry.Usd > 0).OrderByDescending(entry => entry.Usd).ToList();
        var series = models.Take(MostModels)
            .Select((entry, index) => new Series(entry.Name ?? words["unknown"], "c" + (index + 1).ToString(CultureInfo.InvariantCulture), Stroke.Area, Sum(entry.Groups)) { Href = calls?.Invoke(FilterPrinter.Term(FilterFields.AskedModel, null, entry.Name)) }).ToList();
        if (models.Count > MostModels) series.Add(new Series(words["others"], "c5", Stroke.Area, Sum([.. models.Skip(MostModels).SelectMany(entry => entry.Groups)])));
        var spoken = words.Say("Cost: {0}, most of it for {1}.", Figure.Money(model.All.Total.CostUsd), models.Count > 0 ? Visible.Line(models[0].Name, 60) : "–");
        return Chart(words["Cost by model"], Per("$"), series, spoken) with { Stacked = true, ValueUnit = "$" };
    }

    /// <summary>Errors of one group in a few bars.</summary>
    public IReadOnlyList<double> Trend(StatsGroup group, int bars = 12)
    {
        var settled = group.Points.Where(model.IsWhole).Select(point => (double)point.Figures.Errors).ToList();
        var each = Math.Max(1, (int)Math.Ceiling(settled.Count / (double)bars));
        return [.. settled.Chunk(each).Select(chunk => chunk.Sum())];
    }

    public IReadOnlyList<double?> Of(Func<Figures, double?> value) => [.. points.Select(point => value(point.Figures))];

    /// <summary>The same bucket by bucket in the earlier window; null without one.</summary>
    public IReadOnlyList<double?>? Then(Func<Figures, double?> value) => model.Baseline is { All.Points: var earlier }
        ? [.. whole.Select(i => i < earlier.Count ? value(earlier[i].Figures) : null)]
        : null;

    private double?[] Sum(List<StatsGroup> groups)
    {
        var byTime = groups.SelectMany(group => group.Points).GroupBy(point => point.Time).ToDictionary(at => at.Key, at => at.Sum(point => (double)point.Figures.CostUsd));
        return [.. points.Select(point => (double?)byTime.GetValueOrDefault(point.Time))];
    }

    private TimeChart Chart(string title, string unit, IReadOnlyList<Series> series, string spoken) => new()
    {
        Title = title,
        Unit = unit,
        From = model.From,
        To = model.To,
        Step = model.StepWidth,
        Times = [.. points.Select(point => point.Time)],
        Series = series,
        Spoken = spoken,
    };

    private string Per(string unit) => words.Say(
        model.Step switch { Step.Minute => "{0} per minute", Step.QuarterHour => "{0} per 15 minutes", Step.Day => "{0} per day", _ => "{0} per hour" },
        unit is "" ? unit : unit is "$" ? words.Code == "zh" ? "$ " : unit : words[unit]).Trim();
}
