using System.Net;
using System.Text.Json.Nodes;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Cli;

public sealed class KeysCommandTests : IAsyncLifetime
{
    private readonly TempFolder folder = new();
    private CallwatchProcess server = null!;

    public async ValueTask InitializeAsync() => server = await CallwatchProcess.ServeAsync(folder.Path, [], ("Callwatch__Access__TrustLoopback", "false"));

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task A_key_made_on_the_same_machine_needs_no_key_and_sends_for_its_app()
    {
        var (code, output, error) = await RunAsync("keys", "create", "--app", "shop", "--scope", "ingest", "--label", "the shop", "--server", server.Url.ToString());
        Assert.Equal(0, code);
        Assert.Matches("^cw_[A-Za-z0-9]{32}$", output.Trim());
        Assert.Contains("for the app shop", error);
        Assert.Equal(HttpStatusCode.OK, await SendAsync(output.Trim()));

        (code, output, _) = await RunAsync("keys", "list", "--json", "--server", server.Url.ToString());
        Assert.Equal(0, code);
        var key = JsonNode.Parse(output)!["items"]!.AsArray().Single(item => (string?)item!["app"] == "shop")!;
        Assert.Equal("the shop", (string?)key["label"]);
        Assert.Null(key["secret"]);
    }

    [Fact]
    public async Task With_a_folder_no_server_is_asked_and_a_running_one_knows_at_once()
    {
        var (code, output, _) = await RunAsync("keys", "create", "--app", "shop", "--scope", "ingest", "--data", folder.Path, "--json");
        Assert.Equal(0, code);
        var key = JsonNode.Parse(output)!;
        var secret = (string)key["secret"]!;
        Assert.Equal(HttpStatusCode.OK, await SendAsync(secret));

        (code, _, _) = await RunAsync("keys", "revoke", key["id"]!.ToString(), "--data", folder.Path);
        Assert.Equal(0, code);
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(secret));
    }

    [Fact]
    public async Task Revoking_through_the_server_works_at_once_and_a_number_of_no_key_fails()
    {
        var (_, output, _) = await RunAsync("keys", "create", "--scope", "ingest-any", "--json", "--server", server.Url.ToString());
        var key = JsonNode.Parse(output)!;
        var (code, _, _) = await RunAsync("keys", "revoke", key["id"]!.ToString(), "--server", server.Url.ToString());
        Assert.Equal(0, code);
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync((string)key["secret"]!));
        (code, _, _) = await RunAsync("keys", "revoke", "999", "--server", server.Url.ToString());
        Assert.Equal(1, code);
    }

    [Theory]
    [InlineData("keys create --scope ingest", "app")]
    [InlineData("keys create --scope everything", "everything")]
    [InlineData("keys create --app shop --scope admin", "app")]
    public async Task A_key_that_makes_no_sense_is_misuse_by_either_way(string command, string named)
    {
        foreach (var way in new[] { new[] { "--server", server.Url.ToString() }, ["--data", folder.Path] })
        {
            var (code, output, error) = await RunAsync([.. command.Split(' '), .. way]);
            Assert.Equal(2, code);
            Assert.Equal("", output);
            Assert.Contains(named, error);
        }
    }

    [Fact]
    public async Task A_folder_that_is_none_is_misuse_and_is_not_made()
    {
        var (code, _, error) = await RunAsync("keys", "list", "--data", folder.At("none"));
        Assert.Equal(2, code);
        Assert.Contains("no data folder", error);
        Assert.False(Directory.Exists(folder.At("none")));
    }

    [Fact]
    public async Task A_wrong_key_is_refused_and_the_local_one_is_not_tried_instead()
    {
        var (code, _, error) = await RunAsync("keys", "list", "--server", server.Url.ToString(), "--key", "cw_" + new string('x', 32));
        Assert.Equal(1, code);
        Assert.Contains("--key", error);
    }

    private async Task<HttpStatusCode> SendAsync(string secret)
    {
        using var http = new HttpClient { BaseAddress = server.Url };
        http.DefaultRequestHeaders.Authorization = new("Bearer", secret);
        using var body = new StringContent("""{"resourceSpans":[]}""", null, "application/json");
        using var response = await http.PostAsync(new Uri("v1/traces", UriKind.Relative), body, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    private static Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) => CallwatchProcess.RunAsync(arguments);
}
