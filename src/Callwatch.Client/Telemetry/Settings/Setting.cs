namespace Callwatch.Client.Telemetry.Settings;

/// <summary>Reads one key into the options: null where it is not set, false where it is wrong.</summary>
internal delegate bool? Take(SettingSource source, string key, OpenTelemetryOptions options);

/// <summary>One setting: its names, what it may be, how it is read and checked. The table of these is that of the documentation.</summary>
/// <param name="Name">Under <see cref="OpenTelemetryOptions.Section"/>.</param>
/// <param name="OldName">The name it had elsewhere; wins over the section, as an environment does over files.</param>
/// <param name="Of">The signals that are off where it is wrong.</param>
/// <param name="MustBe">What would be right, with an example where that helps.</param>
/// <param name="Value">As it is in force.</param>
/// <param name="Take">Reads its own names.</param>
internal sealed record Setting(string Name, string? OldName, Signals Of, string MustBe, Func<OpenTelemetryOptions, object?> Value, Take Take)
{
    /// <summary>Names of the OpenTelemetry specification, first found first; read where none of its own is set.</summary>
    public IReadOnlyList<(string Key, Take Take)> Standard { get; init; } = [];

    /// <summary>Whether the value, wherever it came from, is in its range.</summary>
    public Func<OpenTelemetryOptions, bool> IsRight { get; init; } = _ => true;

    /// <summary>Whether a line about it may show its value: never keys, and no addresses, which may hold some.</summary>
    public bool IsShown { get; init; } = true;

    public string Key => OpenTelemetryOptions.Section + ":" + Name;

    /// <summary>Its own names, strongest first.</summary>
    public IEnumerable<string> OwnKeys => OldName is null ? [Key] : [OldName, Key];

    public SettingTrouble Wrong(string key, string? value)
    {
        var off = Of switch
        {
            Signals.Both => "; traces and metrics are off",
            Signals.Traces => "; traces are off",
            Signals.Metrics => "; metrics are off",
            _ => "; it is left out",
        };
        var shown = IsShown && value is not null ? $" is '{(value.Length > 100 ? value[..100] + "..." : value)}' but" : "";
        return new SettingTrouble($"{key}{shown} must be {MustBe}{off}", Of);
    }
}

/// <summary>How settings of each type are read.</summary>
internal static class Taking
{
    public static Take Value<T>(Func<string, T?> parse, Action<OpenTelemetryOptions, T> set)
        where T : struct => (source, key, options) =>
    {
        if (source.Text(key) is not { } text) return null;
        if (parse(text) is not { } value) return false;
        set(options, value);
        return true;
    };

    public static Take Text<T>(Func<string, T?> parse, Action<OpenTelemetryOptions, T> set)
        where T : class => (source, key, options) =>
    {
        if (source.Text(key) is not { } text) return null;
        if (parse(text) is not { } value) return false;
        set(options, value);
        return true;
    };

    public static Take List(Func<OpenTelemetryOptions, IList<string>> list, bool replaces = false) => (source, key, options) =>
    {
        if (source.List(key) is not { } found) return null;
        var into = list(options);
        if (replaces) into.Clear();
        foreach (var one in found)
            if (!into.Contains(one)) into.Add(one);
        return true;
    };

    public static Take Pairs(Action<OpenTelemetryOptions, string, string> set) => (source, key, options) =>
    {
        if (source.Pairs(key) is not { } found) return source.Text(key) is null ? null : false;
        foreach (var (name, value) in found) set(options, name, value);
        return true;
    };
}
