namespace Callwatch.Testing;

/// <summary>Texts kept beside the tests: compared, or written anew under <c>UPDATE_GOLDEN=1</c>. The difference is to be read like code.</summary>
public static class Golden
{
    /// <param name="file">Beneath <c>tests/</c>: <c>Callwatch.Tests/Forward/Destinations/Acme/golden/chat.json</c>.</param>
    public static void Matches(string file, string actual)
    {
        var path = Path.GetFullPath(Path.Combine(Fixtures.Root, "..", file));
        actual = actual.ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
            return;
        }

        if (!File.Exists(path)) throw new FileNotFoundException($"There is no {file}; UPDATE_GOLDEN=1 writes it.");
        var expected = File.ReadAllText(path).ReplaceLineEndings("\n");
        if (expected == actual) return;
        var (was, now) = (expected.Split('\n'), actual.Split('\n'));
        var line = 0;
        while (line < was.Length && line < now.Length && was[line] == now[line]) line++;
        throw new InvalidDataException($"{file}, line {line + 1}: expected '{was.ElementAtOrDefault(line)}', came '{now.ElementAtOrDefault(line)}'.");
    }
}
