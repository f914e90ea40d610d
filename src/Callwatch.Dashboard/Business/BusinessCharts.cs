using Callwatch.Dashboard.Charts;
using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Query;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Business;

/// <summary>Messages, or runs of workflows, by the day, as charts.</summary>
public sealed class BusinessCharts(RecordFiguresByDay days, Words words)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public TimeChart Messages(string title) => Chart(
        title, Per(""),
        [
            new Series(words["error"], "c-bad", Stroke.Bars, Of(figures => figures.Errors)),
            new Series(words["cancelled"], "c5", Stroke.Bars, Of(figures => figures.Cancelled)),
            new Series(words["success"], "c1", Stroke.Bars, Of(figures => figures.Success)),
        ],
        words.Say("{0}: {1} in all, {2} of them failed.", title, Figure.Count(days.Total.Calls), Figure.Count(days.Total.Errors)), stacked: true, whole: true);

    public TimeChart People() => Chart(
        words["Conversations and users"], Per(""),
        [new Series(words["conversations"], "c1", Stroke.Thick, Of(figures => figures.Sessions)), new Series(words["active users"], "c2", Stroke.Thick, Of(figures => figures.Users))],
        words.Say("{0} conversations of {1} users.", Figure.Whole(days.Total.Sessions), Figure.Whole(days.Total.Users)), whole: true);

    public TimeChart ResponseTime() => Chart(
        words["Response time"], "s",
        [new Series(words["mean"], "c1", Stroke.Thick, Of(figures => figures.LatencyMs.Avg / 1000)), new Series("p95", "c1", Stroke.Dashed, Of(figures => figures.LatencyMs.P95 / 1000))],
        words.Say("Response time: {0} on the average, 95 of 100 within {1}.", Figure.Duration(days.Total.LatencyMs.Avg), Figure.Duration(days.Total.LatencyMs.P95)), valueUnit: "s");

    public TimeChart Tokens()
    {
        var highest = days.Points.Count == 0 ? 0 : days.Points.Max(point => point.Figures.TotalTokens);
        var (unit, divisor) = highest switch { >= 1_000_000 => ("million", 1e6), >= 10_000 => ("thousand", 1e3), _ => ("", 1d) };
        return Chart(
            words["Tokens"], Per(unit),
            [new Series(words["output"], "c3", Stroke.Bars, Of(figures => figures.OutputTokens / divisor)), new Series(words["input"], "c1", Stroke.Bars, Of(figures => figures.InputTokens / divisor))],
            words.Say("Tokens: {0} in, of them {1} from the cache, {2} out.", Figure.Count(days.Total.InputTokens), Figure.Count(days.Total.CacheReadTokens), Figure.Count(days.Total.OutputTokens)), stacked: true);
    }

    public TimeChart Cost() => Chart(
        words["Cost"], Per("$"), [new Series(words["cost"], "c1", Stroke.Bars, Of(figures => (double)figures.CostUsd))],
        words.Say("Cost: {0} in all.", Figure.Money(days.Total.CostUsd)), valueUnit: "$");

    public TimeChart Satisfaction() => Chart(
        words["Judgements"], Per(""),
        [new Series(words["disliked"], "c-bad", Stroke.Bars, Of(figures => figures.FeedbackNegative)), new Series(words["liked"], "c1", Stroke.Bars, Of(figures => figures.FeedbackPositive))],
        words.Say("{0} messages were liked, {1} disliked.", Figure.Count(days.Total.FeedbackPositive), Figure.Count(days.Total.FeedbackNegative)), stacked: true, whole: true);

    public TimeChart PerSession(string title) => Chart(
        title, words["on the average"], [new Series(title, "c2", Stroke.Thick, Of(figures => figures.CallsPerSession))],
        title + ": " + (days.Total.CallsPerSession?.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture) ?? "–"));

    public TimeChart Speed() => Chart(
        words["Output speed"], words["tokens per second"], [new Series(words["tokens per second"], "c3", Stroke.Thick, Of(figures => figures.OutputTokensPerSecond))],
        words.Say("{0} tokens per second.", days.Total.OutputTokensPerSecond?.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture) ?? "–"));

    public IReadOnlyList<double?> Of(Func<Figures, double?> value) => [.. days.Points.Select(point => value(point.Figures))];

    private string Per(string unit) => words.Say("{0} per day", unit is "" ? unit : unit is "$" ? words.Code == "zh" ? "$ " : unit : words[unit]).Trim();

    // Whole days, also where the range begins or ends within one.
    private TimeChart Chart(string title, string unit, IReadOnlyList<Series> series, string spoken, bool stacked = false, bool whole = false, string valueUnit = "")
    {
        var from = days.Points.Count == 0 ? Timestamp.FromUnixSeconds(0) : days.Points[0].Time;
        return new TimeChart
        {
            Title = title,
            Unit = unit,
            From = from,
            To = days.Points.Count == 0 ? from.Plus(Day) : days.Points[^1].Time.Plus(Day),
            Step = Day,
            Times = [.. days.Points.Select(point => point.Time)],
            Series = series,
            Stacked = stacked,
            WholeNumbers = whole,
            ValueUnit = valueUnit,
            Spoken = spoken,
        };
    }
}
