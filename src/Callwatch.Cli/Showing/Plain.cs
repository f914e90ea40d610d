using System.Globalization;

namespace Callwatch.Cli.Showing;

/// <summary>Makes text of senders safe for a terminal, and figures readable.</summary>
internal static class Plain
{
    /// <summary>One line without control characters: what a trace holds must not move the cursor or rename the window.</summary>
    public static string Text(string? text) => text is null ? "" : string.Create(text.Length, text, static (line, from) =>
    {
        for (var i = 0; i < line.Length; i++) line[i] = IsHarmless(from[i]) ? from[i] : ' ';
    });

    public static string Cut(string? text, int length)
    {
        var line = Text(text).Trim();
        return line.Length <= length ? line : line[..(char.IsHighSurrogate(line[length - 2]) ? length - 2 : length - 1)] + "…";
    }

    public static string Number(long? value) => value?.ToString("N0", CultureInfo.InvariantCulture) ?? "–";

    /// <summary>So many of what is called by one word.</summary>
    public static string Count(long count, string one) => Number(count) + " " + one + (count == 1 ? "" : "s");

    public static string Milliseconds(double? value) => value switch
    {
        null => "–",
        < 1000 => value.Value.ToString("0", CultureInfo.InvariantCulture) + " ms",
        < 60_000 => (value.Value / 1000).ToString("0.00", CultureInfo.InvariantCulture) + " s",
        _ => (value.Value / 60_000).ToString("0.0", CultureInfo.InvariantCulture) + " min",
    };

    public static string Money(decimal? usd) => usd switch
    {
        null => "–",
        0 => "$0",
        < 0.01m and > -0.01m => "$" + usd.Value.ToString("0.######", CultureInfo.InvariantCulture),
        _ => "$" + usd.Value.ToString("N4", CultureInfo.InvariantCulture),
    };

    public static string Percent(double? share) => share is null ? "–" : (share.Value * 100).ToString("0.##", CultureInfo.InvariantCulture) + " %";

    public static string Bytes(long bytes) => bytes switch
    {
        < 1 << 20 => (bytes / 1024d).ToString("0.#", CultureInfo.InvariantCulture) + " KiB",
        < 1 << 30 => (bytes / 1048576d).ToString("0.#", CultureInfo.InvariantCulture) + " MiB",
        _ => (bytes / 1073741824d).ToString("0.##", CultureInfo.InvariantCulture) + " GiB",
    };

    /// <summary>As the API gives it, without date and with milliseconds.</summary>
    public static string Time(string? rfc3339) =>
        rfc3339 is { Length: > 19 } ? (rfc3339.TrimEnd('Z') + (rfc3339.Contains('.', StringComparison.Ordinal) ? "000" : ".000"))[11..23] : "–";

    public static string DateAndTime(string? rfc3339) => rfc3339 is { Length: > 19 } ? rfc3339[..10] + " " + rfc3339[11..19] : "–";

    // Besides control characters, those that turn the direction of writing round.
    private static bool IsHarmless(char letter) => !char.IsControl(letter) && letter is not (>= '\u202A' and <= '\u202E') and not (>= '\u2066' and <= '\u2069');
}
