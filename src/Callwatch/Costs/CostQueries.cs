using Callwatch.Query;
using Callwatch.Query.Filters;
using Callwatch.Spans;

namespace Callwatch.Costs;

/// <summary>What a month has cost so far, what the same part of the month before did, and what it will cost.</summary>
/// <param name="BeforeUsd">Of the month before, up to the same moment of it.</param>
/// <param name="Forecast">Null when there are too few days to tell.</param>
/// <param name="Unpriced">Calls of the month whose cost is not known and in none of the sums.</param>
public sealed record MonthCost(DateOnly Month, Timestamp From, Timestamp Until, int Day, int Days, decimal SpentUsd, decimal BeforeUsd, bool HasBefore, MonthForecast? Forecast, long Unpriced)
{
    /// <summary>The days of the month so far, today's part last.</summary>
    public required IReadOnlyList<(DateOnly Day, decimal Usd)> ByDay { get; init; }
}

/// <summary>Costs of periods, from the same figures as everything else.</summary>
public sealed class CostQueries(StatsQueries stats, TimeProvider time)
{
    /// <summary>The month under way, by the clocks of a zone.</summary>
    /// <param name="selection">Its range is not looked at.</param>
    public async Task<Answer<MonthCost>> MonthAsync(Selection selection, string? timeZone, CancellationToken cancel)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(timeZone ?? "UTC", out var zone)) return new Answer<MonthCost>.Invalid("tz", "'tz' is the name of a time zone, such as Europe/Berlin.");
        var now = Timestamp.From(time.GetUtcNow());
        var today = LocalDays.Of(now, zone);
        var month = LocalDays.FirstOfMonth(today);
        var first = Min(LocalDays.FirstOfMonth(month.AddDays(-1)), today.AddDays(-Forecast.MostDays));
        var whole = selection with { From = LocalDays.Begin(first, zone), To = now.Plus(TimeSpan.FromTicks(1)) };
        var answer = await stats.FiguresAsync(new StatsQuestion { Selection = whole, Step = Step.Day, TimeZone = zone.Id, CountPeople = false, TimesOfPoints = false }, cancel);
        if (answer is not Answer<StatsAnswer>.Found { Value: var found }) return answer.Turned<StatsAnswer, MonthCost>();
        var days = (found.Groups.Count > 0 ? found.Groups[0].Points : []).Select(point => (Day: LocalDays.Of(point.Time, zone), Usd: point.Figures.CostUsd, point.Figures.UnpricedCalls)).ToList();
        var ofMonth = days.Where(day => day.Day >= month).ToList();
        var begun = LocalDays.Begin(today, zone);
        var lasts = LocalDays.Begin(today.AddDays(1), zone).UnixNanoseconds - begun.UnixNanoseconds;
        var ofToday = (double)(now.UnixNanoseconds - begun.UnixNanoseconds) / lasts;
        var before = await BeforeAsync(whole, month, today, ofToday, zone, cancel);
        var spent = ofMonth.Sum(day => day.Usd);
        return new Answer<MonthCost>.Found(new MonthCost(
            month, LocalDays.Begin(month, zone), now, today.Day, DateTime.DaysInMonth(month.Year, month.Month), spent, before, days.Any(day => day.Day < month && day.Usd > 0),
            Forecast.Of(spent, today, ofToday, [.. days.Where(day => day.Day < today).Select(day => (day.Day, day.Usd))]), ofMonth.Sum(day => day.UnpricedCalls))
        {
            ByDay = [.. ofMonth.Select(day => (day.Day, day.Usd))],
        });
    }

    // Up to the same day and time of day; of a shorter month, all of it.
    private async Task<decimal> BeforeAsync(Selection selection, DateOnly month, DateOnly today, double ofToday, TimeZoneInfo zone, CancellationToken cancel)
    {
        var first = LocalDays.FirstOfMonth(month.AddDays(-1));
        var same = first.AddDays(today.Day - 1);
        var begin = LocalDays.Begin(Min(same, month), zone);
        var length = LocalDays.Begin(Min(same, month).AddDays(1), zone).UnixNanoseconds - begin.UnixNanoseconds;
        var until = same < month ? new Timestamp(begin.UnixNanoseconds + (long)(length * ofToday)) : LocalDays.Begin(month, zone);
        var before = selection with { From = LocalDays.Begin(first, zone), To = until };
        if (before.To <= before.From) return 0;
        var answer = await stats.FiguresAsync(new StatsQuestion { Selection = before, Step = Step.Day, TimeZone = zone.Id, CountPeople = false, TimesOfPoints = false }, cancel);
        return answer is Answer<StatsAnswer>.Found { Value.Groups: [var all, ..] } ? all.Total.CostUsd : 0;
    }

    private static DateOnly Min(DateOnly a, DateOnly b) => a < b ? a : b;

    /// <summary>The fields that models are grouped by.</summary>
    internal static readonly string[] ByModel = [FilterFields.AskedModel.Name, FilterFields.Provider.Name];
}

internal static class Answers
{
    /// <summary>The same refusal of another question.</summary>
    public static Answer<TOther> Turned<T, TOther>(this Answer<T> answer) => answer switch
    {
        Answer<T>.Invalid invalid => new Answer<TOther>.Invalid(invalid.Field, invalid.Message, invalid.Offset) { Code = invalid.Code },
        Answer<T>.TooMuch tooMuch => new Answer<TOther>.TooMuch(tooMuch.Message) { RetryAfter = tooMuch.RetryAfter, MetDamage = tooMuch.MetDamage, CannotRead = tooMuch.CannotRead },
        _ => throw new InvalidOperationException("The question has an answer."),
    };
}
