using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Cli;

/// <summary><c>reindex</c> and <c>reprice</c> as they are used: against a server, with calls of a minute ago.</summary>
public sealed class RebuildingTests : IAsyncLifetime
{
    private readonly TempFolder folder = new();
    private readonly DateTimeOffset now = DateTimeOffset.UtcNow;
    private CallwatchProcess server = null!;
    private HttpClient http = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string From => now.UtcDateTime.AddDays(-1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private string To => now.UtcDateTime.AddDays(2).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public async ValueTask InitializeAsync()
    {
        server = await CallwatchProcess.ServeAsync(folder.Path);
        http = server.NewHttp((await File.ReadAllTextAsync(folder.At("admin.key"), Cancel)).Trim());
        for (var i = 0; i < 3; i++) Assert.Equal(0, (await RunAsync("send-test", "--timeout", "300")).Code);
    }

    [Fact]
    public async Task Reindex_compares_first_and_puts_the_days_in_place_when_told_to()
    {
        var (code, output, error) = await RunAsync("reindex", "--from", From, "--to", To);
        Assert.Equal(0, code);
        Assert.Contains("same", output, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed", output, StringComparison.Ordinal);
        Assert.Contains("planning", error + "planning", StringComparison.Ordinal);

        var before = (await CallsAsync())!.ToJsonString();
        (code, output, _) = await RunAsync("reindex", "--from", From, "--to", To, "--apply", "--json");
        Assert.Equal(0, code);
        var job = JsonNode.Parse(output)!["job"]!;
        Assert.Equal("done", (string?)job["state"]);
        Assert.All(job["days"]!.AsArray(), day => Assert.Equal("replaced", (string?)day!["state"]));
        Assert.Equal(before, (await CallsAsync())!.ToJsonString());
        Assert.Equal(job.ToJsonString(), (await http.GetFromJsonAsync<JsonNode>("api/v1/reindex", Cancel))!["job"]!.ToJsonString());
    }

    [Theory]
    [InlineData("2026-09-17", "2026-09-17")]
    [InlineData("2026-09-17T12:00:00Z", "2026-09-18")]
    [InlineData("yesterday", "2026-09-18")]
    public async Task Only_whole_days_can_be_rebuilt(string from, string to)
    {
        var (code, _, error) = await RunAsync("reindex", "--from", from, "--to", to);
        Assert.Equal(2, code);
        Assert.Contains("callwatch: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reprice_shows_the_difference_and_changes_exactly_that_when_told_to()
    {
        var costs = (await CallsAsync())!.AsArray().Select(call => (decimal)call!["cost"]!["total_usd"]!).ToList();
        using var put = await http.PutAsJsonAsync(
            new Uri("api/v1/prices", UriKind.Relative),
            JsonNode.Parse("""{"own":[{"id":"openai","models":[{"id":"ours","match":{"starts_with":"gpt-4.1-mini"},"prices":{"input_mtok":100,"output_mtok":100}}]}]}"""), Cancel);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);

        var (code, output, error) = await RunAsync("reprice", "--from", From, "--to", To);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("3 change", output, StringComparison.Ordinal);
        Assert.Equal(costs, (await CallsAsync())!.AsArray().Select(call => (decimal)call!["cost"]!["total_usd"]!));

        (code, output, error) = await RunAsync("reprice", "--from", From, "--to", To, "--model", "gpt-4.1-mini", "--apply", "--json");
        Assert.Equal((0, ""), (code, error));
        var done = JsonNode.Parse(output)!;
        Assert.Equal(("done", 3), ((string?)done["state"], (int)done["touched"]!));
        Assert.StartsWith("key ", (string?)done["who"], StringComparison.Ordinal);
        var after = (await CallsAsync())!.AsArray();
        Assert.All(after, call => Assert.Equal("ours", (string?)call!["cost"]!["price_id"]));
        Assert.Equal((decimal)done["after_usd"]!, after.Sum(call => (decimal)call!["cost"]!["total_usd"]!));
        var stats = await http.GetFromJsonAsync<JsonNode>($"api/v1/stats?from={From}&to={To}", Cancel);
        Assert.Equal((decimal)done["after_usd"]!, (decimal)stats!["groups"]![0]!["total"]!["cost_usd"]!);

        // Without what was shown, or with what is no longer so, nothing is done.
        using var blind = await http.PostAsJsonAsync(new Uri("api/v1/prices/reprice", UriKind.Relative), new { from = From, to = To, dry_run = false }, Cancel);
        Assert.Equal((HttpStatusCode)422, blind.StatusCode);
        using var stale = await http.PostAsJsonAsync(new Uri("api/v1/prices/reprice", UriKind.Relative), new { from = From, to = To, dry_run = false, expect = "0123" }, Cancel);
        Assert.Equal(HttpStatusCode.Conflict, stale.StatusCode);
        (code, _, error) = await RunAsync("reprice", "--from", From, "--to", To, "--q", "modle:x");
        Assert.Equal(2, code);
        Assert.Contains("^", error, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await server.DisposeAsync();
        folder.Dispose();
    }

    private async Task<JsonNode?> CallsAsync() => (await http.GetFromJsonAsync<JsonNode>($"api/v1/calls?from={From}&to={To}", Cancel))!["items"];

    private Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) => CallwatchProcess.RunAsync(arguments, ("CALLWATCH_URL", server.Url.ToString()));
}
