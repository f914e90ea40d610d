using System.Globalization;
using Callwatch.Dashboard.Language;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Show;

/// <summary>Moments in words: in the zone that somebody has chosen, else in UTC, as the API's.</summary>
public static class Clock
{
    public static string Time(Timestamp time, TimeZoneInfo? zone = null) => In(time, zone).ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    public static string Milliseconds(Timestamp time) => time.ToDateTimeOffset().ToString(".fff", CultureInfo.InvariantCulture);

    /// <summary>The full moment, for the title of a shorter one.</summary>
    public static string Full(Timestamp time, TimeZoneInfo? zone = null) =>
        In(time, zone).ToString(zone is null ? "yyyy-MM-dd HH:mm:ss.fff 'UTC'" : "yyyy-MM-dd HH:mm:ss.fff zzz", CultureInfo.InvariantCulture);

    public static string Day(Timestamp time, Words words, TimeZoneInfo? zone = null) => words.Code == "zh"
        ? In(time, zone).ToString("yyyy-MM-dd ", CultureInfo.InvariantCulture) + words[In(time, zone).ToString("ddd", CultureInfo.InvariantCulture)]
        : In(time, zone).ToString("ddd d MMM yyyy", CultureInfo.InvariantCulture);

    /// <summary>From and to, with the day once where it is one day.</summary>
    public static string Range(Timestamp from, Timestamp to, Words words, TimeZoneInfo? zone = null)
    {
        var (start, end) = (In(from, zone), In(to, zone));
        return start.Date == end.AddTicks(-1).Date
            ? $"{Day(from, words, zone)}, {start:HH:mm}–{end:HH:mm} {Place(zone)}"
            : $"{Day(from, words, zone)} {start:HH:mm} – {Day(to, words, zone)} {end:HH:mm} {Place(zone)}";
    }

    /// <summary>How long ago, with one unit; from a month on the day itself.</summary>
    public static string Ago(Timestamp time, Timestamp now, Words words, TimeZoneInfo? zone = null)
    {
        var seconds = (now.UnixNanoseconds - time.UnixNanoseconds) / 1_000_000_000;
        return seconds switch
        {
            < 1 => words["now"],
            < 60 => words.Say("{0} s ago", seconds),
            < 3600 => words.Say("{0} min ago", seconds / 60),
            < 86_400 => words.Say("{0} h ago", seconds / 3600),
            < 2_592_000 => words.Say("{0} d ago", seconds / 86_400),
            _ => In(time, zone).ToString(words.Code == "zh" ? "yyyy-MM-dd" : "d MMM yyyy", CultureInfo.InvariantCulture),
        };
    }

    /// <summary>A row's time: of today the time alone, of another day with its date before it, and with the year where the day alone could be of another.</summary>
    public static string Short(Timestamp time, Timestamp now, TimeZoneInfo? zone = null)
    {
        var (then, today) = (In(time, zone), In(now, zone));
        return then.Date == today.Date ? Time(time, zone)
            : then.ToString((today - then).Duration() < TimeSpan.FromDays(300) ? "MM-dd HH:mm:ss" : "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
    }

    /// <summary>As a field of date and time takes it: without a zone, in the one that is chosen.</summary>
    public static string Field(Timestamp time, TimeZoneInfo? zone) => In(time, zone).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>The zone in a word: <c>UTC</c>, <c>Berlin</c>.</summary>
    public static string Place(TimeZoneInfo? zone) => zone is null ? "UTC" : zone.Id[(zone.Id.LastIndexOf('/') + 1)..].Replace('_', ' ');

    public static DateTimeOffset In(Timestamp time, TimeZoneInfo? zone) =>
        zone is null ? time.ToDateTimeOffset() : TimeZoneInfo.ConvertTime(time.ToDateTimeOffset(), zone);
}
