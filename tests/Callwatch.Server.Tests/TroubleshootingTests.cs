using System.Diagnostics;
using System.Text.RegularExpressions;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests;

/// <summary>Each command of docs/troubleshooting.md, run against a server that is well: it prints what the guide says it prints.</summary>
public sealed partial class TroubleshootingTests
{
    private static readonly string Document = Path.GetFullPath(Path.Combine(Fixtures.Root, "..", "..", "docs", "troubleshooting.md"));

    [Fact]
    public async Task Every_command_of_the_guide_prints_what_it_says()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The guide's commands are those of a Unix shell.");
        using var folder = new TempFolder();
        await using var server = await CallwatchProcess.ServeAsync(folder.At("data"));
        var key = (await File.ReadAllTextAsync(folder.At("data/admin.key"), TestContext.Current.CancellationToken)).Trim();
        var (sent, commands) = ("", 0);
        foreach (var (command, expected) in Commands(await File.ReadAllTextAsync(Document, TestContext.Current.CancellationToken)))
        {
            var output = await RunAsync(command.Replace("http://127.0.0.1:4318", server.Url.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal).Replace("0af7651916cd43dd8448eb211c80319c", sent, StringComparison.Ordinal), folder.Path, server.Url, key);
            if (Id().Match(output) is { Success: true } id) sent = id.Value;
            var lines = output.Split('\n').Select(Shape).ToList();
            foreach (var line in expected) Assert.True(lines.Exists(printed => printed.StartsWith(Shape(line), StringComparison.Ordinal)), $"$ {command}\nhas no line like\n{Shape(line)}\nbut\n{string.Join('\n', lines)}");
            commands++;
        }

        Assert.Equal(9, commands);
        Assert.True(File.Exists(folder.At("callwatch-support.zip")));
    }

    [Fact]
    public void The_guide_has_the_six_steps() =>
        Assert.Equal(
            ["## 1. Configuration", "## 2. Logs", "## 3. Connection", "## 4. Queue", "## 5. Test trace", "## 6. Platform"],
            File.ReadAllLines(Document).Where(line => line.StartsWith("## ", StringComparison.Ordinal) && char.IsAsciiDigit(line[3])));

    private static IEnumerable<(string Command, IReadOnlyList<string> Output)> Commands(string document)
    {
        foreach (Match block in Console().Matches(document))
        {
            foreach (var part in block.Groups["text"].Value.Split("$ ", StringSplitOptions.RemoveEmptyEntries))
            {
                var lines = part.Split('\n', StringSplitOptions.RemoveEmptyEntries);
                yield return (lines[0], lines[1..]);
            }
        }
    }

    private static async Task<string> RunAsync(string command, string folder, Uri server, string key)
    {
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(command);
        start.Environment["PATH"] = Path.GetDirectoryName(CallwatchProcess.Executable) + ":" + start.Environment["PATH"];
        start.Environment["CALLWATCH_URL"] = server.ToString();
        start.Environment["CALLWATCH_KEY"] = key;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return await output + await error;
    }

    // Numbers, ids, addresses, paths and the width of columns are each run's own.
    private static string Shape(string line) => Spaces().Replace(Number().Replace(Where().Replace(line, "#"), "#"), " ").Trim();

    [GeneratedRegex("```console\\n(?<text>.*?)```", RegexOptions.CultureInvariant | RegexOptions.Singleline, 300_000)]
    private static partial Regex Console();

    [GeneratedRegex("\\b[0-9a-f]{32}\\b", RegexOptions.CultureInvariant, 300_000)]
    private static partial Regex Id();

    [GeneratedRegex("\\b[0-9a-f]{16,32}\\b|https?://[^ ,;]+|(?<= )/[^ ]+?(?=\\. |$)|[0-9-]+T[0-9:.]+Z|[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]+", RegexOptions.CultureInvariant, 300_000)]
    private static partial Regex Where();

    [GeneratedRegex("[0-9][0-9.,]*( [kMG]?B| [KMG]iB)?", RegexOptions.CultureInvariant, 300_000)]
    private static partial Regex Number();

    [GeneratedRegex("\\s+", RegexOptions.CultureInvariant, 300_000)]
    private static partial Regex Spaces();
}
