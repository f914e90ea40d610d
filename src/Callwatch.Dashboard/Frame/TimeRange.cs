using System.Globalization;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Frame;

/// <summary>
/// The stretch of time a page shows: the last so-and-so long, which moves with the clock, or from one moment to another.
/// In the address <c>from=-3h</c>, or <c>from</c> and <c>to</c> as the API has them.
/// </summary>
public sealed record TimeRange
{
    /// <summary>What one can pick, in minutes.</summary>
    public static readonly IReadOnlyList<int> Presets = [15, 60, 180, 360, 1440, 4320, 10080, 43200];

    public static readonly TimeRange Default = Last(60);

    private static readonly TimeSpan Longest = TimeSpan.FromDays(3660);

    private TimeRange(TimeSpan? back, Timestamp from, Timestamp to)
    {
        Back = back;
        this.from = from;
        this.to = to;
    }

    private readonly Timestamp from;
    private readonly Timestamp to;

    /// <summary>Null when both ends are fixed.</summary>
    public TimeSpan? Back { get; }

    public static TimeRange Last(int minutes) => new(TimeSpan.FromMinutes(minutes), default, default);

    public static TimeRange Between(Timestamp from, Timestamp to) => new(null, from, to);

    /// <summary>Null when the address says nothing that can be understood.</summary>
    /// <param name="zone">What a time without a zone is meant in; null for UTC.</param>
    public static TimeRange? Parse(string? from, string? to, Timestamp now, TimeZoneInfo? zone = null)
    {
        if (Ago(from) is { } back && string.IsNullOrEmpty(to)) return new TimeRange(back, default, default);
        Timestamp? start = Zones.TryParse(from, zone, out var fixedStart) ? fixedStart : Ago(from) is { } ago ? now.Plus(-ago) : null;
        Timestamp? end = Zones.TryParse(to, zone, out var fixedEnd) ? fixedEnd : null;
        if (start is null && end is null) return null;
        end ??= now;
        start ??= end.Value.Plus(-TimeSpan.FromHours(1));
        return start < end ? Between(start.Value, end.Value) : null;
    }

    /// <summary>
    /// The two ends. A moving range begins and ends on whole minutes: figures are kept by the minute, and half of one would read as a fall.
    /// </summary>
    public (Timestamp From, Timestamp To) Ends(Timestamp now)
    {
        if (Back is not { } back) return (from, to);
        var end = Timestamp.FromUnixSeconds((now.UnixSeconds / 60 * 60) + 60);
        return (end.Plus(-back), end);
    }

    /// <summary>As in the address; <c>To</c> null for a moving range.</summary>
    public (string From, string? To) Written() =>
        Back is { } back ? ("-" + Compact(back), null) : (from.ToString(), to.ToString());

    private static string Compact(TimeSpan span) =>
        span.Ticks % TimeSpan.TicksPerDay == 0 ? span.Days.ToString(CultureInfo.InvariantCulture) + "d"
        : span.Ticks % TimeSpan.TicksPerHour == 0 ? ((int)span.TotalHours).ToString(CultureInfo.InvariantCulture) + "h"
        : ((int)span.TotalMinutes).ToString(CultureInfo.InvariantCulture) + "m";

    private static TimeSpan? Ago(string? text)
    {
        if (text is not { Length: >= 3 } || text[0] != '-') return null;
        if (!int.TryParse(text.AsSpan(1, text.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 1_000_000) return null;
        TimeSpan? span = char.ToLowerInvariant(text[^1]) switch
        {
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            'd' => TimeSpan.FromDays(number),
            'w' => TimeSpan.FromDays(number * 7L),
            _ => null,
        };
        return span <= Longest ? span : null;
    }
}
