using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Forward.Desk;
using Callwatch.Forward.Lanes;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Destinations;

/// <summary>What the pages say of lanes and of the fields of a destination.</summary>
internal static class LaneWords
{
    private static readonly Dictionary<string, string> Labels = new(StringComparer.Ordinal)
    {
        ["api_key"] = "API key",
        ["space_id"] = "Space ID",
        ["workspace_id"] = "Workspace ID",
        ["url"] = "URL",
        ["dsn"] = "DSN",
        ["tls_ca"] = "TLS CA",
        ["tls_certificate"] = "TLS certificate",
        ["tls_key"] = "TLS key",
        ["send_default_pii"] = "Send personal data",
        ["web_url"] = "Web URL",
    };

    public static string State(LaneState state, Words words) => state switch
    {
        LaneState.Running => words["running"],
        LaneState.Retrying => words["retrying"],
        LaneState.Blocked => words["blocked"],
        LaneState.Paused => words["paused"],
        _ => words["idle"],
    };

    public static string Mask(string name, Words words) => name switch
    {
        "email" => words["E-mail addresses"],
        "credit_card" => words["Card numbers"],
        "phone" => words["Phone numbers"],
        "ip_address" => words["IP addresses"],
        "api_key" => words["API keys"],
        _ => name,
    };

    public static string Signal(string name, Words words) => name switch
    {
        "traces" => words["Traces"],
        "logs" => words["Logs"],
        "metrics" => words["Metrics"],
        _ => name,
    };

    /// <summary>A field whose text has lines: a certificate.</summary>
    public static bool HasLines(string field) => field.StartsWith("tls_", StringComparison.Ordinal);

    /// <summary>Names of fields as people say them: <c>public_key</c> is "Public key".</summary>
    public static string Label(string field, Words words) => words[Labels.TryGetValue(field, out var label) ? label
        : string.Concat(char.ToUpperInvariant(field[0]).ToString(), field.AsSpan(1).ToString().Replace('_', ' '))];

    /// <summary>What is wrong with a form: a field of the platform by the name it has on the form.</summary>
    public static string Problem(FormProblem problem, Words words)
    {
        var said = words.Told(problem.Message);
        if (problem.Field?.StartsWith("config.", StringComparison.Ordinal) != true) return said;
        var field = problem.Field["config.".Length..];
        var label = Label(field, words);
        return said.Replace($"'{field}'", $"'{label}'", StringComparison.Ordinal).Replace($"“{field}”", $"“{label}”", StringComparison.Ordinal);
    }

    public static string Apps(DestinationView destination, Words words) => destination switch
    {
        { Apps: ["*"], ExceptApps.Count: > 0 } => words.Count(destination.ExceptApps.Count, "all apps but {0}", "all apps but {0}"),
        { Apps: ["*"] } => words["all apps"],
        { Apps: [] } => words["no app"],
        { Apps: [var one] } => Visible.Line(one, 40),
        _ => words.Count(destination.Apps.Count, "{0} app", "{0} apps"),
    };

    /// <summary>The platform's number and words in one line. Without a number the words are ours: of a connection that was not made, say.</summary>
    public static string Line(LaneError error, int length, Words words)
    {
        var said = error.Status is null ? words.Told(error.Message) : words[error.Message];
        return Visible.Line(error.Status is { } status && !said.StartsWith(Number(status), StringComparison.Ordinal) ? $"{Number(status)} {said}" : said, length);
    }

    /// <summary>For how long at most what comes is kept for a lane that does not go on.</summary>
    public static string Keeps(TimeSpan maxAge, Words words) => maxAge.TotalDays >= 2 ? words.Count((long)maxAge.TotalDays, "{0} day", "{0} days") : Age(maxAge.TotalSeconds).ToString();

    /// <summary>Until when what waits longest is kept; null when nothing waits.</summary>
    public static string? Until(LaneModel lane, TimeSpan maxAge, Timestamp now, Words words, TimeZoneInfo? zone) => lane.ExpiresAt(now, maxAge) is not { } expires ? null
        : expires <= now ? words["What waits longest is past its time."] : words.Say("What waits longest is kept until {0}.", Clock.Short(expires, now, zone) + " " + Clock.Place(zone));

    /// <summary>When the next attempt is made; empty when that is not known.</summary>
    public static string Next(LaneStatus status, Timestamp now, Words words)
    {
        if (status.NextAttempt is not { } next) return "";
        var wait = Math.Ceiling((next.UnixNanoseconds - now.UnixNanoseconds) / 1e9);
        return wait <= 0 ? words["The next attempt is on its way."] : words.Say("Next attempt in {0}.", Age(wait));
    }

    /// <summary>A length of time without decimals: nobody waits for hundredths.</summary>
    public static Figure Age(double seconds) => seconds switch
    {
        <= 0 => Figure.Unknown,
        < 1 => new Figure(seconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture), "s"),
        < 120 => new Figure(Math.Floor(seconds).ToString("0", System.Globalization.CultureInfo.InvariantCulture), "s"),
        < 7_200 => new Figure(Math.Floor(seconds / 60).ToString("0", System.Globalization.CultureInfo.InvariantCulture), "min"),
        < 172_800 => new Figure(Math.Floor(seconds / 3_600).ToString("0", System.Globalization.CultureInfo.InvariantCulture), "h"),
        _ => new Figure(Math.Floor(seconds / 86_400).ToString("0", System.Globalization.CultureInfo.InvariantCulture), "d"),
    };

    private static string Number(int status) => status.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
