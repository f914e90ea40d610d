using System.Runtime.CompilerServices;
using Xunit;

namespace Callwatch.Client.Tests.Surface;

/// <summary>What applications can see of the package is written down, so that nobody changes it without meaning to.</summary>
public sealed class PublicSurfaceTests
{
    [Fact]
    public void The_public_surface_is_what_is_written_down()
    {
        var folder = Folder();
        var now = SurfaceText.Of(typeof(CallwatchSource).Assembly);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            foreach (var old in Directory.GetFiles(folder, "*.txt")) File.Delete(old);
            foreach (var (name, text) in now) File.WriteAllText(Path.Combine(folder, name + ".txt"), text + "\n");
            return;
        }

        var was = Directory.GetFiles(folder, "*.txt").ToDictionary(file => Path.GetFileNameWithoutExtension(file), file => File.ReadAllText(file).ReplaceLineEndings("\n").TrimEnd('\n'), StringComparer.Ordinal);
        var changes = new List<string>();
        foreach (var name in was.Keys.Union(now.Keys).Order(StringComparer.Ordinal))
        {
            var (before, after) = (Lines(was, name), Lines(now, name));
            changes.AddRange(before.Except(after).Select(line => $"- {name}: {line}"));
            changes.AddRange(after.Except(before).Select(line => $"+ {name}: {line}"));
        }

        Assert.True(
            changes.Count == 0,
            "The public surface of Callwatch.Client has changed. If that is meant, run this test once with UPDATE_GOLDEN=1, read the difference in "
            + "src/Callwatch.Client/Surface like code (what is gone or renamed breaks applications), and commit it with the change.\n" + string.Join('\n', changes));
    }

    // A member is told with its type: the same line stands in many.
    private static List<string> Lines(IReadOnlyDictionary<string, string> texts, string name)
    {
        var lines = new List<string>();
        var type = "";
        foreach (var line in texts.GetValueOrDefault(name, "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line[0] != ' ') type = line;
            lines.Add(line[0] == ' ' ? type.Split(" : ")[0] + " >" + line[3..] : line);
        }

        return lines;
    }

    private static string Folder([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "src", "Callwatch.Client", "Surface"));
}
