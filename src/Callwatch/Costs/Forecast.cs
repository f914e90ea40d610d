namespace Callwatch.Costs;

/// <summary>What a month will have cost.</summary>
/// <param name="Usd">Spent so far and what the rest of the month is expected to cost.</param>
/// <param name="LowUsd">Four of five months end between this and <paramref name="HighUsd"/>, if days go on as they went.</param>
/// <param name="Days">Whole days that the rest was derived from.</param>
public sealed record MonthForecast(decimal SpentUsd, decimal Usd, decimal LowUsd, decimal HighUsd, int Days)
{
    /// <summary>What each day that is left, today's rest first, is expected to cost.</summary>
    public required IReadOnlyList<(DateOnly Day, decimal Usd)> Rest { get; init; }
}

/// <summary>
/// Forecasts a month from the days before (docs/cost.md, "Forecast"): a level, of which the last week counts half; what each weekday is of
/// it; and from how the days differed from that how far the sum may be off. Pure.
/// </summary>
public static class Forecast
{
    /// <summary>Fewer whole days say nothing.</summary>
    public const int LeastDays = 3;

    /// <summary>Days before today that are looked at.</summary>
    public const int MostDays = 56;

    // Weekdays are told apart once each has been seen twice.
    private const int DaysForWeekdays = 14;
    private const double HalfLifeDays = 7;

    // Of a normal distribution four of five values lie within so many deviations.
    private const double FourOfFive = 1.2816;

    /// <summary>Null when there are too few days.</summary>
    /// <param name="spent">In the month until now, today's part included.</param>
    /// <param name="today">The day under way.</param>
    /// <param name="ofToday">How much of it is over, 0 to 1.</param>
    /// <param name="before">What the days before today cost, the last one last, without gaps.</param>
    public static MonthForecast? Of(decimal spent, DateOnly today, double ofToday, IReadOnlyList<(DateOnly Day, decimal Usd)> before)
    {
        // Before anybody sent anything there was nothing to learn from.
        var days = before.SkipWhile(day => day.Usd == 0).TakeLast(MostDays).Select(day => (day.Day, Usd: (double)day.Usd)).ToList();
        if (days.Count < LeastDays) return null;
        var weekdays = Weekdays(days);
        var level = Level(days, weekdays, out var counted);
        var spread = Spread(days, weekdays, level, counted);
        var last = new DateOnly(today.Year, today.Month, DateTime.DaysInMonth(today.Year, today.Month));
        var shares = new List<(DateOnly Day, double Share)> { (today, Math.Clamp(1 - ofToday, 0, 1) * weekdays[(int)today.DayOfWeek]) };
        for (var day = today.AddDays(1); day <= last; day = day.AddDays(1)) shares.Add((day, weekdays[(int)day.DayOfWeek]));
        var (sum, squares) = (shares.Sum(day => day.Share), shares.Sum(day => day.Share * day.Share));
        // Each day goes its own way, and the level itself is only as sure as the days it comes from.
        var deviation = spread * Math.Sqrt(squares + (sum * sum / Math.Max(1, counted)));
        var rest = level * sum;
        return new MonthForecast(
            spent, Cents(spent, rest), Cents(spent, Math.Max(0, rest - (FourOfFive * deviation))), Cents(spent, rest + (FourOfFive * deviation)), days.Count)
        {
            Rest = [.. shares.Select(day => (day.Day, Math.Round((decimal)(level * day.Share), 6)))],
        };
    }

    private static decimal Cents(decimal spent, double rest) => Math.Round(spent + (decimal)Math.Min(rest, 1e15), 2, MidpointRounding.AwayFromZero);

    /// <summary>What each weekday is of the level; 1 on average.</summary>
    private static double[] Weekdays(List<(DateOnly Day, double Usd)> days)
    {
        var shares = Enumerable.Repeat(1.0, 7).ToArray();
        if (days.Count < DaysForWeekdays) return shares;
        // Whole weeks, so that no weekday counts more often than another.
        var weeks = days.TakeLast(days.Count / 7 * 7).ToList();
        var mean = weeks.Average(day => day.Usd);
        if (mean <= 0) return shares;
        foreach (var weekday in weeks.GroupBy(day => (int)day.Day.DayOfWeek)) shares[weekday.Key] = weekday.Average(day => day.Usd) / mean;
        return shares;
    }

    /// <param name="counted">As many days of equal weight would say as much.</param>
    private static double Level(List<(DateOnly Day, double Usd)> days, double[] weekdays, out double counted)
    {
        double costs = 0, shares = 0, weights = 0, squares = 0;
        for (var i = 0; i < days.Count; i++)
        {
            var weight = WeightOf(i, days.Count);
            costs += weight * days[i].Usd;
            shares += weight * weekdays[(int)days[i].Day.DayOfWeek];
            weights += weight;
            squares += weight * weight;
        }

        counted = weights * weights / squares;
        return shares > 0 ? costs / shares : 0;
    }

    // Of the same days that the level comes from, weighed as there: what was long ago says little about how days differ now.
    private static double Spread(List<(DateOnly Day, double Usd)> days, double[] weekdays, double level, double counted)
    {
        double squares = 0, weights = 0;
        for (var i = 0; i < days.Count; i++)
        {
            var weight = WeightOf(i, days.Count);
            var off = days[i].Usd - (level * weekdays[(int)days[i].Day.DayOfWeek]);
            squares += weight * off * off;
            weights += weight;
        }

        // Some of the difference has gone into the level and the weekdays.
        var taken = days.Count < DaysForWeekdays ? 1 : 2;
        return Math.Sqrt(squares / weights * (counted / Math.Max(1, counted - taken)));
    }

    private static double WeightOf(int index, int count) => Math.Pow(0.5, (count - 1 - index) / HalfLifeDays);
}
