using System.Globalization;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Frame;

/// <summary>Time zones that people choose by their name in the IANA's list.</summary>
public static class Zones
{
    /// <summary>Those offered at once; any other can be named in the address, and the script adds the browser's own.</summary>
    public static readonly IReadOnlyList<string> Usual =
    [
        "UTC", "America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York", "America/Sao_Paulo", "Europe/London", "Europe/Berlin", "Europe/Paris", "Europe/Madrid",
        "Europe/Helsinki", "Europe/Istanbul", "Africa/Lagos", "Africa/Johannesburg", "Asia/Dubai", "Asia/Kolkata", "Asia/Bangkok", "Asia/Shanghai", "Asia/Singapore", "Asia/Tokyo", "Asia/Seoul",
        "Australia/Sydney", "Pacific/Auckland",
    ];

    private static readonly string[] LocalForms = ["yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd"];

    /// <summary>Null for UTC, and for what is no zone.</summary>
    public static TimeZoneInfo? Find(string? name) =>
        name is null or "" or "UTC" || name.Length > 64 || !TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) || zone.Id is "UTC" ? null : zone;

    /// <summary>By the clock of the zone and with its offset: the same moment wherever it is read, also in the hour that comes twice.</summary>
    public static string Written(Timestamp time, TimeZoneInfo? zone) =>
        zone is null ? time.ToString() : Show.Clock.In(time, zone).ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);

    /// <summary>A moment with its zone, or one without that is meant in the zone chosen.</summary>
    public static bool TryParse(string? text, TimeZoneInfo? zone, out Timestamp time)
    {
        if (Timestamp.TryParse(text, out time)) return true;
        if (!DateTime.TryParseExact(text, LocalForms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) || local.Year is < 1971 or > 2260) return false;
        time = Timestamp.From(new DateTimeOffset(local, (zone ?? TimeZoneInfo.Utc).GetUtcOffset(local)));
        return true;
    }
}
