using Callwatch.Spans;

namespace Callwatch.Costs;

/// <summary>Days and months as the clocks of a zone say.</summary>
public static class LocalDays
{
    public static DateOnly Of(Timestamp time, TimeZoneInfo zone) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(time.ToDateTimeOffset(), zone).DateTime);

    /// <summary>The moment a day begins; where midnight is left out, the first moment after.</summary>
    public static Timestamp Begin(DateOnly day, TimeZoneInfo zone)
    {
        var midnight = day.ToDateTime(TimeOnly.MinValue);
        while (zone.IsInvalidTime(midnight)) midnight = midnight.AddMinutes(15);
        // Where clocks go back over midnight it comes twice: the day begins with the first.
        var offset = zone.IsAmbiguousTime(midnight) ? zone.GetAmbiguousTimeOffsets(midnight).Max() : zone.GetUtcOffset(midnight);
        return Timestamp.From(new DateTimeOffset(midnight, offset));
    }

    public static DateOnly FirstOfMonth(DateOnly day) => new(day.Year, day.Month, 1);
}
