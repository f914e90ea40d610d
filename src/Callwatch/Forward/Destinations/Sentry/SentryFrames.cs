using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Callwatch.Forward.Destinations.Sentry;

/// <summary>Frames of a stack trace as text, of .NET, JavaScript, Java or Python; caller first, as Sentry wants them.</summary>
internal static partial class SentryFrames
{
    private const int Most = 100;
    private const int LongestLine = 1_000;

    private static readonly string[] NotOfTheApp = ["System.", "Microsoft.", "node:", "java.", "node_modules", "site-packages"];

    /// <summary>Null when no line of it is a frame.</summary>
    public static JsonArray? Of(string? stack)
    {
        if (stack is null) return null;
        var frames = new List<JsonObject>();
        var calleeFirst = true;
        foreach (var line in stack.AsSpan().EnumerateLines())
        {
            if (frames.Count == Most) break;
            if (line.Length > LongestLine || Frame(line.ToString(), ref calleeFirst) is not { } frame) continue;
            frames.Add(frame);
        }

        if (frames.Count == 0) return null;
        if (calleeFirst) frames.Reverse();
        return [.. frames];
    }

    private static JsonObject? Frame(string line, ref bool calleeFirst)
    {
        if (Python().Match(line) is { Success: true } python)
        {
            calleeFirst = false;
            return Frame(python.Groups["function"].Value, python.Groups["file"].Value, python.Groups["line"].Value);
        }

        return At().Match(line) is not { Success: true } at ? null
            : Place().Match(at.Groups["rest"].Value) is { Success: true } place ? Frame(place.Groups["function"].Value, place.Groups["file"].Value, place.Groups["line"].Value)
            : Frame(at.Groups["rest"].Value, "", "");
    }

    private static JsonObject Frame(string function, string file, string line)
    {
        var frame = new JsonObject { ["function"] = function.Length > 0 ? function.Trim() : "<unknown>" };
        if (file.Length > 0) frame["filename"] = file;
        if (int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) frame["lineno"] = number;
        frame["in_app"] = !NotOfTheApp.Any(name => function.StartsWith(name, StringComparison.Ordinal) || file.Contains(name, StringComparison.Ordinal));
        return frame;
    }

    [GeneratedRegex("""^\s*File "(?<file>[^"]+)", line (?<line>[0-9]+)(, in (?<function>.+))?$""", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Python();

    [GeneratedRegex(@"^\s*at (?<rest>.+)$", RegexOptions.NonBacktracking)]
    private static partial Regex At();

    // "Shop.Mailer.Send(String to) in /src/Mailer.cs:line 12", "send (/src/mailer.js:12:5)", "com.shop.Mailer.send(Mailer.java:12)", "/src/mailer.js:12:5"
    [GeneratedRegex(@"^((?<function>.+) in (?<file>.+):line (?<line>[0-9]+)|(?<function>.*?) ?\((?<file>[^()]+?):(?<line>[0-9]+)(:[0-9]+)?\)|(?<file>[^ ]+?):(?<line>[0-9]+):[0-9]+)$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Place();
}
