using System.Globalization;
using System.Reflection;
using Callwatch.Client.Sentry.Envelopes;
using Callwatch.Client.Telemetry.Settings;
using Microsoft.Extensions.Configuration;

namespace Callwatch.Client.Sentry;

/// <summary>Reads and checks what <see cref="SentryOptions"/> lists. Nothing that is wrong throws: it is said in one line and left out.</summary>
internal static class SentrySettings
{
    private const string Section = "Callwatch:Sentry:";

    /// <param name="standard">Whether Sentry's own names are read where ours are not set: from the settings, then from the environment.</param>
    /// <param name="wrong">Takes the lines.</param>
    public static void Read(IConfiguration settings, bool standard, SentryOptions options, List<string> wrong)
    {
        options.Dsn = Text("Dsn", "SENTRY_DSN") ?? options.Dsn;
        options.Environment = Text("Environment", "SENTRY_ENVIRONMENT") ?? options.Environment;
        options.Release = Text("Release", "SENTRY_RELEASE") ?? options.Release;
        options.ServerName = Text("ServerName") ?? options.ServerName;
        options.SampleRate = Rate("SampleRate") ?? options.SampleRate;
        options.TracesSampleRate = Rate("TracesSampleRate", "SENTRY_TRACES_SAMPLE_RATE") ?? options.TracesSampleRate;
        options.ProfilesSampleRate = Rate("ProfilesSampleRate", "SENTRY_PROFILES_SAMPLE_RATE") ?? options.ProfilesSampleRate;
        options.SendDefaultPii = Value<bool>("SendDefaultPii", Flag, "true or false") ?? options.SendDefaultPii;
        options.SendClientReports = Value<bool>("SendClientReports", Flag, "true or false") ?? options.SendClientReports;
        options.MaxBreadcrumbs = Value<int>("MaxBreadcrumbs", Whole, "a whole number") ?? options.MaxBreadcrumbs;
        options.QueueItems = Value<int>("QueueItems", Whole, "a whole number") ?? options.QueueItems;
        options.Timeout = Value<TimeSpan>("Timeout", Time, "milliseconds, or a time such as 00:00:05") ?? options.Timeout;
        options.ShutdownTimeout = Value<TimeSpan>("ShutdownTimeout", Time, "milliseconds, or a time such as 00:00:02") ?? options.ShutdownTimeout;
        options.SpoolFolder = Text("SpoolFolder") ?? options.SpoolFolder;
        options.SpoolBytes = Value<long>("SpoolBytes", Bytes, "a number of bytes") ?? options.SpoolBytes;
        foreach (var name in Names("IgnoredExceptions")) options.IgnoredExceptions.Add(name);
        foreach (var name in Names("NotInApp")) options.NotInApp.Add(name);

        string? Text(string name, string? other = null) => Found(name, other).Text;

        (string Key, string? Text) Found(string name, string? other)
        {
            if (settings[Section + name] is { } own && !string.IsNullOrWhiteSpace(own)) return (Section + name, own.Trim());
            if (other is null || !standard) return (Section + name, null);
            var text = settings[other] is { } set && !string.IsNullOrWhiteSpace(set) ? set : Environment.GetEnvironmentVariable(other);
            return (other, string.IsNullOrWhiteSpace(text) ? null : text.Trim());
        }

        double? Rate(string name, string? other = null)
        {
            var (key, text) = Found(name, other);
            if (text is null) return null;
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate) && rate is >= 0 and <= 1) return rate;
            wrong.Add(key + " must be a number from 0 to 1; it is left out");
            return null;
        }

        T? Value<T>(string name, TryRead<T> read, string what)
            where T : struct
        {
            if (Text(name) is not { } text) return null;
            if (read(text, out var value)) return value;
            wrong.Add($"{Section}{name} must be {what}; its default is used");
            return null;
        }

        IEnumerable<string> Names(string name) =>
            [.. (settings[Section + name] ?? "").Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries), .. settings.GetSection(Section + name).GetChildren().Select(child => child.Value?.Trim()).OfType<string>().Where(text => text.Length > 0)];
    }

    /// <summary>A copy within its ranges, with its defaults, and where to; null, and a line unless nothing is set, when there is nowhere to send to.</summary>
    public static (SentryOptions Options, Dsn Dsn)? Checked(SentryOptions given, string? hostEnvironment, List<string> wrong)
    {
        if (string.IsNullOrWhiteSpace(given.Dsn)) return null;
        if (Dsn.Parse(given.Dsn) is not { } dsn)
        {
            wrong.Add("The DSN of Sentry (Callwatch:Sentry:Dsn or SENTRY_DSN) is none; it looks like https://KEY@HOST/PROJECT. Errors are not reported");
            return null;
        }

        var options = new SentryOptions
        {
            Dsn = given.Dsn,
            Environment = EnvironmentOf(given.Environment, hostEnvironment, wrong),
            Release = ReleaseOf(given.Release, wrong),
            ServerName = string.IsNullOrWhiteSpace(given.ServerName) ? System.Environment.MachineName : EventJson.Cut(given.ServerName, 200),
            SampleRate = Share(given.SampleRate, "SampleRate", wrong) ?? 1,
            TracesSampleRate = Share(given.TracesSampleRate, "TracesSampleRate", wrong),
            ProfilesSampleRate = Share(given.ProfilesSampleRate, "ProfilesSampleRate", wrong),
            SendDefaultPii = given.SendDefaultPii,
            MaxBreadcrumbs = Within("MaxBreadcrumbs", given.MaxBreadcrumbs, 0, 1_000),
            BeforeSend = given.BeforeSend,
            IgnoreTransaction = given.IgnoreTransaction,
            SendClientReports = given.SendClientReports,
            QueueItems = Within("QueueItems", given.QueueItems, 1, 10_000),
            Timeout = Within("Timeout", given.Timeout, TimeSpan.FromSeconds(0.1), TimeSpan.FromMinutes(1)),
            ShutdownTimeout = Within("ShutdownTimeout", given.ShutdownTimeout, TimeSpan.Zero, TimeSpan.FromSeconds(10)),
            SpoolFolder = string.IsNullOrWhiteSpace(given.SpoolFolder) ? null : given.SpoolFolder,
            SpoolBytes = Within("SpoolBytes", given.SpoolBytes, 1L << 20, 1L << 30),
        };
        options.IgnoredExceptions.Clear();
        foreach (var name in given.IgnoredExceptions.OfType<string>()) options.IgnoredExceptions.Add(name);
        foreach (var name in given.NotInApp.Where(name => !string.IsNullOrWhiteSpace(name))) options.NotInApp.Add(name);
        return (options, dsn);

        T Within<T>(string name, T value, T least, T most)
            where T : IComparable<T> => SettingText.Within(Section + name, value, least, most, (setting, range, used) => wrong.Add($"{setting} must be {range}; {used} is used"));
    }

    private static string EnvironmentOf(string? given, string? host, List<string> wrong)
    {
        if (!string.IsNullOrWhiteSpace(given))
        {
            if (EventJson.IsEnvironment(given)) return given;
            wrong.Add("Sentry's environment must have at most 64 characters, no blanks and no slashes; the host's is used");
        }

        var own = host?.ToLowerInvariant().Replace(' ', '-') ?? "production";
        return EventJson.IsEnvironment(own) ? own : "production";
    }

    private static string? ReleaseOf(string? given, List<string> wrong)
    {
        if (!string.IsNullOrWhiteSpace(given))
        {
            if (EventJson.IsRelease(given)) return given;
            wrong.Add("Sentry's release must have at most 200 characters and no slashes; the application's version is used");
        }

        if (Assembly.GetEntryAssembly() is not { } entry) return null;
        var version = entry.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? entry.GetName().Version?.ToString(3);
        var own = $"{entry.GetName().Name}@{version}";
        return EventJson.IsRelease(own) ? own : null;
    }

    private static double? Share(double? given, string name, List<string> wrong)
    {
        if (given is null or (>= 0 and <= 1)) return given;
        wrong.Add($"{Section}{name} must be a number from 0 to 1; it is left out");
        return null;
    }

    private static bool Whole(string text, out int value) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private static bool Bytes(string text, out long value) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static bool Time(string text, out TimeSpan value)
    {
        value = SettingText.Time(text) ?? default;
        return SettingText.Time(text) is not null;
    }

    private static bool Flag(string text, out bool value)
    {
        value = SettingText.Flag(text) ?? default;
        return SettingText.Flag(text) is not null;
    }

    private delegate bool TryRead<T>(string text, out T value);
}
