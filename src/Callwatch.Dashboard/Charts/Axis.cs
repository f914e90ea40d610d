using System.Globalization;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Charts;

/// <summary>The numbers at the side of a chart, from 0 up: three to five that people can divide by.</summary>
public sealed record ValueAxis(double Top, IReadOnlyList<string> Labels, IReadOnlyList<double> Ticks)
{
    private static readonly double[] Steps = [1, 2, 2.5, 5, 10];

    /// <param name="wholeNumbers">No ticks between 0 and 1: there is no half call.</param>
    public static ValueAxis For(double highest, bool wholeNumbers = false)
    {
        if (double.IsNaN(highest) || highest <= 0) highest = 1;
        var magnitude = Math.Pow(10, Math.Floor(Math.Log10(highest / 3)));
        var step = Steps.Select(factor => factor * magnitude).First(size => size * 4 >= highest - (highest * 1e-9));
        if (wholeNumbers) step = Math.Max(1, Math.Ceiling(step));
        var count = Math.Max(1, (int)Math.Ceiling((highest / step) - 1e-9));
        var ticks = Enumerable.Range(0, count + 1).Select(i => i * step).ToList();
        var decimals = Math.Clamp(-(int)Math.Floor(Math.Log10(step) + 1e-9) + (IsHalf(step) ? 1 : 0), 0, 15);
        return new ValueAxis(ticks[^1], [.. ticks.Select(tick => tick == 0 ? "0" : tick.ToString("N" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture))], ticks);
    }

    private static bool IsHalf(double step) => Math.Abs((step / Math.Pow(10, Math.Floor(Math.Log10(step) + 1e-9))) - 2.5) < 1e-9;
}

/// <summary>The times below a chart, with their place from 0 to 1.</summary>
public static class TimeAxis
{
    private static readonly int[] StepMinutes = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 20160, 43200, 129600, 259200, 525600, 1051200];

    /// <param name="zone">The zone of the labels; null for UTC.</param>
    /// <param name="inNumbers">Days as 11-05, not as 5 Nov: the names of months are English.</param>
    public static IReadOnlyList<(double Place, string Label)> For(Timestamp from, Timestamp to, int most = 7, TimeZoneInfo? zone = null, bool inNumbers = false)
    {
        var (start, end) = (from.UnixSeconds, to.UnixSeconds);
        if (end <= start) return [];
        var step = 60L * StepMinutes.FirstOrDefault(minutes => (end - start) / (minutes * 60L) <= most, StepMinutes[^1]);
        // Of more than a year a day alone could be one of several.
        var day = end - start > 400 * 86_400 ? inNumbers ? "yyyy-MM" : "MMM yyyy" : inNumbers ? "MM-dd" : "d MMM";
        var format = step < 86_400 ? (end - start > 86_400 ? day + " HH:mm" : "HH:mm") : day;
        var marks = new List<(double, string)>();
        // By the clock on the wall, which the change of summer time sets an hour on or back.
        var last = long.MinValue;
        var local = start + Offset(start, zone);
        for (var wall = (local + step - 1) / step * step; wall - Offset(wall - Offset(start, zone), zone) <= end; wall += step)
        {
            var at = wall - Offset(wall - Offset(start, zone), zone);
            if (at < start || at <= last) continue;
            marks.Add(((double)(at - start) / (end - start), DateTimeOffset.FromUnixTimeSeconds(wall).ToString(format, CultureInfo.InvariantCulture)));
            last = at;
        }

        return marks;
    }

    private static long Offset(long unixSeconds, TimeZoneInfo? zone) => zone is null ? 0 : (long)zone.GetUtcOffset(DateTimeOffset.FromUnixTimeSeconds(unixSeconds)).TotalSeconds;
}
