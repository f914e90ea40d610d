using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Callwatch.Client.Sentry.Envelopes;

/// <summary>What events, transactions and profiles have in common, and what Sentry takes of texts; anything else it drops, or refuses the whole envelope.</summary>
internal static class EventJson
{
    public const string SdkName = "callwatch.dotnet";

    private const int MostOfTag = 200;

    public static readonly string SdkVersion = typeof(EventJson).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    // It goes into JSON files and requests, never into a page.
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string Os = OperatingSystem.IsWindows() ? "Windows" : OperatingSystem.IsMacOS() ? "macOS" : OperatingSystem.IsLinux() ? "Linux" : "Other";

    /// <summary>Seconds since 1970, to the microsecond.</summary>
    public static decimal Seconds(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / 10 / 1_000_000m;

    public static decimal Seconds(DateTime utc) => (utc.Ticks - DateTime.UnixEpoch.Ticks) / 10 / 1_000_000m;

    public static string NewId() => Guid.NewGuid().ToString("N");

    public static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);

    public static string Level(LogLevel level) => level switch
    {
        LogLevel.Critical => "fatal",
        LogLevel.Error => "error",
        LogLevel.Warning => "warning",
        LogLevel.Information => "info",
        _ => "debug",
    };

    /// <summary>Cut at a character, with a mark that it was.</summary>
    public static string Cut(string text, int most)
    {
        if (text.Length <= most) return text;
        var end = char.IsHighSurrogate(text[most - 2]) ? most - 2 : most - 1;
        return text[..end] + "…";
    }

    public static bool IsEnvironment(string text) =>
        text.Length is > 0 and <= 64 && !text.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter) || letter is '/' or '\\') && !string.Equals(text, "none", StringComparison.OrdinalIgnoreCase);

    public static bool IsRelease(string text) =>
        text.Length is > 0 and <= 200 && !string.IsNullOrWhiteSpace(text) && text is not ("." or "..") && !text.Any(letter => char.IsControl(letter) || letter is '/' or '\\');

    /// <summary>Keys have at most 32 of a few characters, values at most 200 on one line; empty ones are left out.</summary>
    public static void Tags(Utf8JsonWriter json, IEnumerable<KeyValuePair<string, string>> tags)
    {
        json.WriteStartObject("tags");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in tags)
        {
            if (string.IsNullOrWhiteSpace(key) || string.IsNullOrWhiteSpace(value) || seen.Count >= 50) continue;
            var clean = new StringBuilder(32);
            foreach (var letter in key.Take(32)) clean.Append(char.IsAsciiLetterOrDigit(letter) || letter is '_' or '.' or ':' or '-' ? letter : '_');
            if (seen.Add(clean.ToString())) json.WriteString(clean.ToString(), Cut(value.ReplaceLineEndings(" ").Trim(), MostOfTag));
        }

        json.WriteEndObject();
    }

    public static void Sdk(Utf8JsonWriter json)
    {
        json.WriteStartObject("sdk");
        json.WriteString("name", SdkName);
        json.WriteString("version", SdkVersion);
        json.WriteEndObject();
    }

    /// <summary>Who sends: platform, release, environment, server, library.</summary>
    public static void Origin(Utf8JsonWriter json, SentryOptions options)
    {
        json.WriteString("platform", "csharp");
        if (options.Release is not null) json.WriteString("release", options.Release);
        json.WriteString("environment", options.Environment);
        json.WriteString("server_name", options.ServerName);
        Sdk(json);
    }

    public static void Machine(Utf8JsonWriter json)
    {
        Runtime(json);
        json.WriteStartObject("os");
        json.WriteString("name", Os);
        json.WriteString("version", System.Environment.OSVersion.Version.ToString());
        json.WriteEndObject();
    }

    public static void Runtime(Utf8JsonWriter json)
    {
        json.WriteStartObject("runtime");
        json.WriteString("name", ".NET");
        json.WriteString("version", System.Environment.Version.ToString());
        json.WriteEndObject();
    }

    public static string Architecture => RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
}
