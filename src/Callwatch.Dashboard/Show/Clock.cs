using System.Globalization;
using Callwatch.Dashboard.Language;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Show;

/// <summary>Moments in words; all in UTC, as the API's.</summary>
public static class Clock
{
    public static string Time(Timestamp time) => time.ToDateTimeOffset().ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    public static string Milliseconds(Timestamp time) => time.ToDateTimeOffset().ToString(".fff", CultureInfo.InvariantCulture);

    /// <summary>The full moment, for the title of a shorter one.</summary>
    public static string Full(Timestamp time) => time.ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss.fff 'UTC'", CultureInfo.InvariantCulture);

    public static string Day(Timestamp time, Words words) => words.Code == "zh"
        ? time.ToDateTimeOffset().ToString("yyyy-MM-dd ", CultureInfo.InvariantCulture) + words[time.ToDateTimeOffset().ToString("ddd", CultureInfo.InvariantCulture)]
        : time.ToDateTimeOffset().ToString("ddd d MMM yyyy", CultureInfo.InvariantCulture);

    /// <summary>From and to, with the day once where it is one day.</summary>
    public static string Range(Timestamp from, Timestamp to, Words words)
    {
        var (start, end) = (from.ToDateTimeOffset(), to.ToDateTimeOffset());
        return start.Date == end.AddTicks(-1).Date
            ? $"{Day(from, words)}, {start:HH:mm}–{end:HH:mm} UTC"
            : $"{Day(from, words)} {start:HH:mm} – {Day(to, words)} {end:HH:mm} UTC";
    }

    /// <summary>How long ago, with one unit; from a month on the day itself.</summary>
    public static string Ago(Timestamp time, Timestamp now, Words words)
    {
        var seconds = (now.UnixNanoseconds - time.UnixNanoseconds) / 1_000_000_000;
        return seconds switch
        {
            < 1 => words["now"],
            < 60 => words.Say("{0} s ago", seconds),
            < 3600 => words.Say("{0} min ago", seconds / 60),
            < 86_400 => words.Say("{0} h ago", seconds / 3600),
            < 2_592_000 => words.Say("{0} d ago", seconds / 86_400),
            _ => time.ToDateTimeOffset().ToString("d MMM yyyy", CultureInfo.InvariantCulture),
        };
    }

    /// <summary>A row's time: of today the time alone, of another day with its date before it.</summary>
    public static string Short(Timestamp time, Timestamp now) =>
        time.ToDateTimeOffset().Date == now.ToDateTimeOffset().Date
            ? Time(time)
            : time.ToDateTimeOffset().ToString("MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
