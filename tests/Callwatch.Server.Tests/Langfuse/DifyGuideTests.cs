using System.Text;
using System.Text.RegularExpressions;
using Callwatch.Client;
using Callwatch.Client.Records;
using Callwatch.Server.Tests.Reading;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Langfuse;

/// <summary>What docs/coming-from-dify.md promises is there.</summary>
public sealed partial class DifyGuideTests
{
    private static readonly string Guide = Read("coming-from-dify.md");

    [Fact]
    public void Each_old_setting_that_is_called_the_same_is_known_to_the_library()
    {
        var library = File.ReadAllBytes(typeof(CallwatchSource).Assembly.Location);
        var same = Rows(Guide, "## Settings").Where(row => row[1].StartsWith("the same", StringComparison.Ordinal)).SelectMany(row => Words(row[0])).Where(word => Setting().IsMatch(word)).ToList();
        Assert.True(same.Count >= 16, string.Join(", ", same));
        // As the compiler keeps texts.
        Assert.All(same, name => Assert.True(library.AsSpan().IndexOf(Encoding.Unicode.GetBytes(name)) >= 0, name));
    }

    [Fact]
    public void Each_trace_type_has_its_record() => Assert.All(
        Rows(Guide, "## Traces").SelectMany(row => Words(row[1])).Where(word => word.EndsWith("Record", StringComparison.Ordinal) || word == "NodeExecution"),
        name => Assert.NotNull(typeof(TraceRecord).Assembly.GetType("Callwatch.Client.Records." + name)));

    [Fact]
    public async Task Each_provider_has_its_kind_of_destination()
    {
        await using var server = await RunningServer.StartAsync();
        var kinds = (await server.GetAsync("/api/v1/destination-kinds"))["items"]!.AsArray().Select(kind => (string)kind!["name"]!).ToHashSet(StringComparer.Ordinal);
        var named = Rows(Guide, "## Providers").SelectMany(row => Words(row[1])).Where(word => word[0] != '-').ToList();
        Assert.Equal(9, named.Distinct(StringComparer.Ordinal).Count());
        Assert.All(named, kind => Assert.Contains(kind, kinds));
    }

    [Fact]
    public void Both_languages_say_the_same()
    {
        static List<string> Names(string text) => [.. Rows(text, null).SelectMany(row => row.SelectMany(Words)).Where(word => word.Any(char.IsAsciiLetterUpper) || word.Contains('_', StringComparison.Ordinal))];
        Assert.Equal(Names(Guide), Names(Read("coming-from-dify.zh-CN.md")));
    }

    private static string Read(string name) => File.ReadAllText(Path.Combine(Fixtures.Root, "..", "..", "docs", name)).ReplaceLineEndings("\n");

    // The cells of the tables below a heading; of all tables where there is none.
    private static List<string[]> Rows(string guide, string? heading)
    {
        if (heading is not null)
        {
            var from = guide.IndexOf(heading, StringComparison.Ordinal);
            var to = guide.IndexOf("\n## ", from + 3, StringComparison.Ordinal);
            guide = to < 0 ? guide[from..] : guide[from..to];
        }

        return [.. guide.Split('\n').Where(line => line.StartsWith('|') && !line.StartsWith("| ---", StringComparison.Ordinal)).Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries))];
    }

    private static IEnumerable<string> Words(string cell) => Code().Matches(cell).Select(match => match.Groups[1].Value);

    [GeneratedRegex("`([^`]+)`", RegexOptions.NonBacktracking)]
    private static partial Regex Code();

    [GeneratedRegex("^(ENABLE|OTEL|OTLP|SENTRY)_[A-Z_]+$", RegexOptions.NonBacktracking)]
    private static partial Regex Setting();
}
