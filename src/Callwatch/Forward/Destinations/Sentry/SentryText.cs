using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Sentry;

/// <summary>What Sentry takes of texts and times; anything else it drops, or refuses the whole envelope.</summary>
internal static class SentryText
{
    /// <summary>Longest message of an event or exception, in characters.</summary>
    public const int MostOfMessage = 8_192;

    /// <summary>Longest prompt, answer, argument or result, in characters.</summary>
    public const int MostOfContent = 32_768;

    private const int MostOfTag = 200;

    public static bool IsEnvironment(string text) =>
        text.Length is > 0 and <= 64 && !text.Any(letter => char.IsWhiteSpace(letter) || letter is '/' or '\\') && !string.Equals(text, "none", StringComparison.OrdinalIgnoreCase);

    public static bool IsRelease(string text) => text.Length is > 0 and <= 200 && !string.IsNullOrWhiteSpace(text) && text is not ("." or "..") && !text.Any(letter => letter is '\n' or '\r' or '\t' or '/' or '\\');

    /// <summary>Seconds since 1970, to the microsecond.</summary>
    public static JsonNode Seconds(Timestamp time) => JsonValue.Create(decimal.Round(time.UnixNanoseconds / 1_000_000_000m, 6));

    /// <summary>Cut at a character, with a mark that it was.</summary>
    public static string Cut(string text, int most)
    {
        if (text.Length <= most) return text;
        var end = char.IsHighSurrogate(text[most - 2]) ? most - 2 : most - 1;
        return text[..end] + "…";
    }

    /// <summary>Keys have at most 32 of a few characters, values at most 200 on one line; empty ones are left out.</summary>
    public static void AddTag(JsonObject tags, string key, string? value)
    {
        if (string.IsNullOrWhiteSpace(value)) return;
        var clean = new StringBuilder(32);
        foreach (var letter in key.Take(32)) clean.Append(char.IsAsciiLetterOrDigit(letter) || letter is '_' or '.' or ':' or '-' ? letter : '_');
        tags[clean.ToString()] = Cut(value.ReplaceLineEndings(" ").Trim(), MostOfTag);
    }

    /// <summary>0 to 1, the same for all that is ever sent of a trace.</summary>
    public static double Draw(TraceId trace)
    {
        var x = (trace.Low ^ (trace.High << 1)) * 0xD6E8FEB86659FD93;
        x = (x ^ (x >> 32)) * 0x9E3779B97F4A7C15;
        return (x ^ (x >> 32)) / (ulong.MaxValue + 1.0);
    }

    public static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
