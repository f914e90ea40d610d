using Microsoft.Extensions.Configuration;

namespace Callwatch.Client.Telemetry.Settings;

/// <summary>Which signals a setting belongs to.</summary>
[Flags]
internal enum Signals
{
    None = 0,
    Traces = 1,
    Metrics = 2,
    Both = Traces | Metrics,
}

/// <summary>What is wrong with a setting.</summary>
/// <param name="Text">The one line: which setting, what is wrong, what would be right, what follows.</param>
/// <param name="Off">What is off because of it.</param>
internal sealed record SettingTrouble(string Text, Signals Off);

/// <summary>Where settings are read: the configuration, and for names without a section the environment too.</summary>
internal sealed class SettingSource(IConfiguration? configuration)
{
    public IConfiguration? Configuration => configuration;

    /// <summary>Null where it is not set, or blank.</summary>
    public string? Text(string key)
    {
        var text = configuration?[key];
        // A container without a configuration still has an environment.
        if (string.IsNullOrWhiteSpace(text) && (configuration is null || !key.Contains(':', StringComparison.Ordinal)))
            text = Environment.GetEnvironmentVariable(key.Replace(":", "__", StringComparison.Ordinal));
        return string.IsNullOrWhiteSpace(text) ? null : text.Trim();
    }

    /// <summary>A text with commas, or the entries of a section; null where there is neither.</summary>
    public IReadOnlyList<string>? List(string key)
    {
        if (Text(key) is { } text) return text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var entries = configuration?.GetSection(key).GetChildren().Select(entry => entry.Value?.Trim()).OfType<string>().Where(entry => entry.Length > 0).ToList();
        return entries is { Count: > 0 } ? entries : null;
    }

    /// <summary>Pairs of a section, or of a text such as <c>a=1,b=2</c>; null where there is neither, or the text is something else.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Pairs(string key)
    {
        if (Text(key) is { } text) return PairsIn(text);
        var entries = configuration?.GetSection(key).GetChildren().Where(entry => entry.Value is not null).Select(entry => KeyValuePair.Create(entry.Key, entry.Value!.Trim())).ToList();
        return entries is { Count: > 0 } ? entries : null;
    }

    // As in OTEL_EXPORTER_OTLP_HEADERS: percent-encoded values.
    private static List<KeyValuePair<string, string>>? PairsIn(string text)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var pair in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1) return null;
            pairs.Add(KeyValuePair.Create(pair[..equals].Trim(), Uri.UnescapeDataString(pair[(equals + 1)..].Trim())));
        }

        return pairs;
    }
}
