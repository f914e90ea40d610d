using System.Text.Json.Nodes;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Cli;

/// <summary>On a server of its own: hundreds of calls that come and go would move what other tests look at.</summary>
public sealed class DemoCommandTests(AskingTests.Shop shop) : IClassFixture<AskingTests.Shop>
{
    [Theory]
    [InlineData("")]
    [InlineData("--json")]
    public async Task A_demo_can_be_sent_to_a_running_server(string json)
    {
        var (code, output, error) = await RunAsync(["demo", "--hours", "0.2", "--history-only", .. json.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("a week ago", output);
        if (json.Length > 0) Assert.All(output.TrimEnd().Split('\n'), line => Assert.NotNull((string?)JsonNode.Parse(line)!["event"]));
        var stats = "";
        await Eventually.AnswersAsync(
            async () =>
            {
                (_, stats, _) = await RunAsync("stats", "--by", "app");
                return stats.Contains("support-bot", StringComparison.Ordinal) ? stats : null;
            },
            () => "the demo's calls are there: " + stats);
    }

    private Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) =>
        CallwatchProcess.RunAsync(arguments, ("CALLWATCH_URL", shop.Server.Url.ToString()));
}
