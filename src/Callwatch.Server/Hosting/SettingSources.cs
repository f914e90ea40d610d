using System.Collections;
using Microsoft.Extensions.Configuration;

namespace Callwatch.Server.Hosting;

/// <summary>Where settings come from, each going before the one above it: <c>appsettings.json</c> beside the program, then in the
/// current folder, the environment, the command line.</summary>
public static class SettingSources
{
    public static void AddCallwatchSettings(this IConfigurationBuilder settings, IEnumerable<KeyValuePair<string, string?>> commandLine)
    {
        AddFile(settings, Path.Combine(AppContext.BaseDirectory, "appsettings.json"));
        AddFile(settings, Path.GetFullPath("appsettings.json"));
        settings.AddInMemoryCollection(FromEnvironment(Environment.GetEnvironmentVariables()));
        settings.AddInMemoryCollection(commandLine);
    }

    /// <summary>A list given as an array or as one text with commas, semicolons or spaces.</summary>
    public static IReadOnlyList<string> TextList(this IConfiguration section, string key) =>
    [
        .. (section[key] ?? "").Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        .. section.GetSection(key).GetChildren().Select(child => child.Value?.Trim()).OfType<string>().Where(text => text.Length > 0),
    ];

    /// <summary>Only our own variables, so that nothing else of the environment can change the server; blank counts as unset, because
    /// container files often pass on variables that nobody has set.</summary>
    internal static IEnumerable<KeyValuePair<string, string?>> FromEnvironment(IDictionary variables)
    {
        foreach (DictionaryEntry variable in variables)
        {
            var name = (string)variable.Key;
            if (!name.StartsWith("Callwatch__", StringComparison.OrdinalIgnoreCase) && !name.StartsWith("Logging__", StringComparison.OrdinalIgnoreCase)) continue;
            if (variable.Value is not string text || string.IsNullOrWhiteSpace(text)) continue;
            yield return new(name.Replace("__", ":", StringComparison.Ordinal), text);
        }
    }

    // Not watched for changes: settings are read at the start.
    private static void AddFile(IConfigurationBuilder settings, string path)
    {
        if (!File.Exists(path)) return;
        try
        {
            settings.AddJsonFile(path, optional: true, reloadOnChange: false);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            var reason = (e.InnerException ?? e).Message.ReplaceLineEndings(" ").TrimEnd('.');
            throw new StartRefusedException(new StartRefusal.BadSetting(path, $"cannot be read: {reason}", "Mend it or take it away."));
        }
    }
}
