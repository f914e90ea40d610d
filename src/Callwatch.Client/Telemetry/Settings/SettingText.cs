using System.Globalization;

namespace Callwatch.Client.Telemetry.Settings;

/// <summary>Reads and shows the values of settings.</summary>
internal static class SettingText
{
    public static bool? Flag(string text) => text.ToUpperInvariant() switch
    {
        "TRUE" or "1" or "YES" or "ON" => true,
        "FALSE" or "0" or "NO" or "OFF" => false,
        _ => null,
    };

    public static double? Real(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    public static int? Whole(string text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    public static long? WholeLong(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Milliseconds, or hours, minutes and seconds as <c>00:00:05</c>.</summary>
    public static TimeSpan? Time(string text)
    {
        if (text.All(char.IsAsciiDigit)) return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ms) && ms < int.MaxValue * 1000L ? TimeSpan.FromMilliseconds(ms) : null;
        return text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : null;
    }

    /// <summary>The value, or the bound it is beyond.</summary>
    /// <param name="say">Is told then: the setting, what it must be, and what is used.</param>
    public static T Within<T>(string setting, T value, T least, T most, Action<string, string, string>? say)
        where T : IComparable<T>
    {
        var used = value.CompareTo(least) < 0 ? least : value.CompareTo(most) > 0 ? most : value;
        if (used.CompareTo(value) != 0) say?.Invoke(setting, $"from {Of(least)} to {Of(most)}", Of(used));
        return used;
    }

    public static Uri? Address(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && IsAddress(uri) ? uri : null;

    public static bool IsAddress(Uri? uri) => uri is { IsAbsoluteUri: true, Scheme: "http" or "https" } && uri.Host.Length > 0;

    /// <summary>Whether it can stand in a header.</summary>
    public static bool IsHeaderValue(string text) => text.All(letter => letter is >= ' ' and <= '~');

    public static bool IsHeaderName(string text) => text.Length > 0 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || "!#$%&'*+-.^_`|~".Contains(letter, StringComparison.Ordinal));

    public static string Of(object? value) => value switch
    {
        null => "none",
        bool flag => flag ? "true" : "false",
        TimeSpan time when time < TimeSpan.FromMinutes(1) || time.TotalMinutes != Math.Floor(time.TotalMinutes) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:#,0} ms"),
        TimeSpan time => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:#,0} min"),
        int or long => string.Create(CultureInfo.InvariantCulture, $"{value:#,0}"),
        Enum choice => choice.ToString().ToLowerInvariant(),
        IEnumerable<string> list => list.Any() ? string.Join(",", list) : "none",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
