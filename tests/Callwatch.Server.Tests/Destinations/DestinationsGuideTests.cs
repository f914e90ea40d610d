using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Destinations;

public sealed class DestinationsGuideTests
{
    private const string Begin = "<!-- kinds: written by DestinationsGuideTests under UPDATE_GOLDEN=1 -->\n";
    private const string End = "<!-- /kinds -->";

    private static readonly string Document = Path.GetFullPath(Path.Combine(Fixtures.Root, "..", "..", "docs", "destinations.md"));

    [Fact]
    public async Task The_guide_to_destinations_lists_every_kind_with_every_field()
    {
        await using var server = await RunningServer.StartAsync();
        var kinds = (await server.CallAsync(HttpMethod.Get, "/api/v1/destination-kinds"))!["items"]!.AsArray();
        var text = await File.ReadAllTextAsync(Document, TestContext.Current.CancellationToken);
        var start = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = text.IndexOf(End, StringComparison.Ordinal);
        Assert.True(start >= Begin.Length && end >= start, "docs/destinations.md has lost the marks around its kinds.");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(Document, text[..start] + Table(kinds) + text[end..], TestContext.Current.CancellationToken);
            return;
        }

        Assert.Equal(Names(Table(kinds)), Names(text[start..end]));
    }

    // What a field is may be said better there from time to time; that it is there has to be true.
    private static IEnumerable<string> Names(string table) =>
        Regex.Matches(table, "^(?:### .*|\\| `[a-z_]+`)", RegexOptions.Multiline | RegexOptions.NonBacktracking).Select(match => match.Value);

    private static string Table(JsonArray kinds)
    {
        var table = new StringBuilder();
        foreach (var kind in kinds)
        {
            table.Append(CultureInfo.InvariantCulture, $"\n### {kind!["title"]}: `{kind["name"]}`\n\n{((bool)kind["deduplicates"]! ? "Takes the same thing twice as once." : "Keeps twice what is sent twice.")}\n\n");
            table.Append("| Field | | Default | What it is |\n|---|---|---|---|\n");
            foreach (var field in kind["fields"]!.AsArray())
            {
                string[] marks = [.. (bool)field!["required"]! ? ["required"] : Array.Empty<string>(), .. (bool)field["secret"]! ? ["secret"] : Array.Empty<string>()];
                var choices = field["choices"]!.AsArray();
                var help = (string)field["help"]! + (choices.Count > 0 ? $" One of {string.Join(", ", choices.Select(choice => $"`{choice}`"))}." : "");
                table.Append(CultureInfo.InvariantCulture, $"| `{field["name"]}` | {string.Join(", ", marks)} | {(field["default"] is { } value ? $"`{value}`" : "")} | {help.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
            }
        }

        return table.Append('\n').ToString();
    }
}
