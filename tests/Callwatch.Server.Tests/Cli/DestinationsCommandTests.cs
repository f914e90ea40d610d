using System.Net;
using System.Text.Json.Nodes;
using Callwatch.Server.Tests.Destinations;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Server.Tests.Cli;

/// <summary><c>callwatch destinations</c>, the built program against a built server.</summary>
public sealed class DestinationsCommandTests(DestinationsCommandTests.World world) : IClassFixture<DestinationsCommandTests.World>
{
    private const string Secret = "sk-lf-typed-by-nobody";

    [Fact]
    public async Task A_destination_is_added_checked_used_and_removed_from_the_terminal_alone()
    {
        await using var receiver = await PickyCollector.StartAsync();
        var endpoint = "endpoint=" + receiver.Url.GetLeftPart(UriPartial.Authority);
        var (code, output, error) = await RunAsync("add", "--kind", "otlp", "--name", "whole way", "--set", endpoint, "--set", "headers.x-team=shop", "--set", "capture_content=false", "--app", "whole", "--check");
        Assert.True(code == 0, error);
        Assert.Contains("whole way (otlp)", output);
        Assert.Contains("the apps whole", output);

        (code, output, _) = await RunAsync("check", "whole way");
        Assert.Equal(0, code);
        Assert.StartsWith("good", output);
        Assert.Equal(0, (await CallwatchProcess.RunAsync(["send-test", "--timeout", "300", "--app", "whole"], world.Home)).Code);
        var status = await UntilAsync("whole way", one => (long)one["sent"]! == 2, "two spans are delivered");
        Assert.Equal("idle", (string?)status["state"]);
        Assert.Equal(2, receiver.Taken.Count);

        (code, output, _) = await RunAsync("status", "whole way");
        Assert.Equal(0, code);
        Assert.Contains("idle", output);
        (code, output, _) = await RunAsync("list");
        Assert.Equal(0, code);
        Assert.Contains("whole way", output);
        foreach (var (command, state) in new[] { ("pause", "paused"), ("resume", "idle") })
        {
            (code, output, _) = await RunAsync(command, "whole way", "--json");
            Assert.Equal((0, state), (code, (string?)JsonNode.Parse(output)!["state"]));
        }

        (code, _, error) = await RunAsync("replay", "whole way", "--from", "2020-01-01");
        Assert.Equal(1, code);
        Assert.Contains("confirm", error);
        (code, output, _) = await RunAsync("replay", "whole way", "--from", "2020-01-01", "--confirm-duplicates", "--json");
        Assert.Equal(0, code);
        var replay = JsonNode.Parse(output)!["id"]!.ToString();
        await Forwarding.UntilAsync(async () => JsonNode.Parse((await RunAsync("replay", "whole way", "--list", "--json")).Output), list => (string?)list["items"]![0]!["state"] == "done", "the replay is done");
        (code, output, _) = await RunAsync("replay", "whole way", "--list");
        Assert.Equal(0, code);
        Assert.Contains("done", output);
        (code, _, _) = await RunAsync("replay", "whole way", "--end", replay);
        Assert.Equal(1, code);
        Assert.Equal(4, receiver.Taken.Count);

        (code, _, _) = await RunAsync("remove", "whole way");
        Assert.Equal(0, code);
        (code, _, error) = await RunAsync("status", "whole way");
        Assert.Equal(1, code);
        Assert.Contains("whole way", error);
    }

    [Fact]
    public async Task The_readmes_three_commands_bring_a_trace_to_langfuse()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        var (code, _, error) = await CallwatchProcess.RunAsync(
            [
                "destinations", "add", "--kind", "langfuse", "--set", "public_key=" + LangfuseStandIn.PublicKey, "--set-env", "secret_key=LANGFUSE_SECRET_KEY", "--check",
                "--set", "host=" + langfuse.Address, "--app", "readme",
            ],
            world.Home, ("LANGFUSE_SECRET_KEY", LangfuseStandIn.SecretKey));
        Assert.True(code == 0, error);
        (code, var sent, _) = await CallwatchProcess.RunAsync(["send-test", "--timeout", "300", "--app", "readme", "--json"], world.Home);
        Assert.Equal(0, code);
        await Eventually.HoldsAsync(() => langfuse.Spans.Count == 2, "the trace is at Langfuse");
        var trace = (string)JsonNode.Parse(sent)!["trace"]!["trace_id"]!;
        Assert.All(langfuse.Spans, span => Assert.Equal(trace, span.TraceId.ToString()));
        Assert.Empty(langfuse.Problems);
        (code, var list, _) = await RunAsync("list");
        Assert.Equal(0, code);
        Assert.Contains("langfuse", list);
        Assert.Equal(0, (await RunAsync("remove", "langfuse")).Code);

        // Somebody else's key is refused before anything is saved.
        (code, _, error) = await CallwatchProcess.RunAsync(
            ["destinations", "add", "--kind", "langfuse", "--set", "public_key=" + LangfuseStandIn.PublicKey, "--set", "secret_key=sk-lf-another", "--check", "--set", "host=" + langfuse.Address], world.Home);
        Assert.Equal(1, code);
        Assert.Contains("nothing was added", error);
        (_, list, _) = await RunAsync("list");
        Assert.DoesNotContain("langfuse", list);
    }

    [Fact]
    public async Task Dead_letters_are_listed_retried_and_thrown_away()
    {
        await using var receiver = await PickyCollector.StartAsync();
        receiver.Dislikes = "send-test";
        Assert.Equal(0, (await RunAsync("add", "--kind", "otlp", "--name", "picky", "--set", "endpoint=" + receiver.Url.GetLeftPart(UriPartial.Authority), "--app", "disliked")).Code);
        for (var i = 0; i < 2; i++) Assert.Equal(0, (await CallwatchProcess.RunAsync(["send-test", "--timeout", "300", "--app", "disliked"], world.Home)).Code);
        await UntilAsync("picky", one => (long)one["dead_letters"]! == 2, "two letters are dead");
        var (code, output, _) = await RunAsync("dead-letters", "picky");
        Assert.Equal(0, code);
        Assert.Contains("go away", output);
        (code, output, _) = await RunAsync("dead-letters", "picky", "--json");
        Assert.Equal(0, code);
        var number = JsonNode.Parse(output)!["items"]![0]!["id"]!.ToString();
        foreach (var wrong in new[] { "--retry", "--retry --discard --all", "--all", "--retry --letter 1 --all" })
            Assert.Equal(2, (await RunAsync(["dead-letters", "picky", .. wrong.Split(' ')])).Code);
        receiver.Dislikes = null;
        (code, output, _) = await RunAsync("dead-letters", "picky", "--retry", "--letter", number, "--json");
        Assert.Equal((0, 1), (code, (int)JsonNode.Parse(output)!["count"]!));
        await UntilAsync("picky", one => (long)one["dead_letters"]! == 1, "one letter is delivered");
        (code, output, _) = await RunAsync("dead-letters", "picky", "--discard", "--all");
        Assert.Equal(0, code);
        Assert.Contains("1 ", output);
        await UntilAsync("picky", one => (long)one["dead_letters"]! == 0, "none is left");
    }

    [Theory]
    [InlineData("--set-env", "secret_key=LANGFUSE_SECRET")]
    [InlineData("--set-file", "secret_key=FILE")]
    [InlineData("--set", "secret_key=" + Secret)]
    public async Task A_secret_comes_from_the_environment_a_file_or_the_command_line_and_is_never_shown(string option, string pair)
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.At("secret"), Secret + "\n", TestContext.Current.CancellationToken);
        var name = "langfuse " + option;
        var (code, output, error) = await CallwatchProcess.RunAsync(
            ["destinations", "add", "--kind", "langfuse", "--name", name, "--set", "public_key=pk-lf-1", option, pair.Replace("FILE", folder.At("secret"), StringComparison.Ordinal), "--enabled", "false", "--json"],
            world.Home, ("LANGFUSE_SECRET", Secret));
        Assert.True(code == 0, error);
        Assert.DoesNotContain(Secret, output + error, StringComparison.Ordinal);
        var made = JsonNode.Parse(output)!;
        Assert.Contains("secret_key", made["config_set"]!.AsArray().Select(one => (string?)one));
        Assert.False((bool)made["enabled"]!);

        (code, output, _) = await RunAsync("change", made["id"]!.ToString(), "--set", "host=https://us.cloud.langfuse.com", "--filter", "outcome:error", "--sample-rate", "0.5", "--mask", "email", "--json");
        Assert.Equal(0, code);
        var changed = JsonNode.Parse(output)!;
        Assert.Equal(("https://us.cloud.langfuse.com", "outcome:error", 0.5), ((string?)changed["config"]!["host"], (string?)changed["filter"], (double)changed["sample_rate"]!));
        Assert.Contains("secret_key", changed["config_set"]!.AsArray().Select(one => (string?)one));
        Assert.Equal(0, (await RunAsync("remove", made["id"]!.ToString())).Code);
    }

    [Fact]
    public async Task Kinds_are_listed_with_their_fields()
    {
        var (code, output, _) = await RunAsync("kinds");
        Assert.Equal(0, code);
        foreach (var kind in new[] { "langfuse", "langsmith", "arize", "phoenix", "opik", "weave", "aliyun", "otlp" }) Assert.Contains($"\n{kind}  ", "\n" + output);
        (code, output, _) = await RunAsync("kinds", "opik");
        Assert.Equal(0, code);
        Assert.Contains("workspace", output);
        Assert.DoesNotContain("langsmith", output);
        Assert.Equal(2, (await RunAsync("kinds", "fax")).Code);
    }

    [Theory]
    [InlineData("kinds", "api/v1/destination-kinds")]
    [InlineData("list", "api/v1/destinations")]
    public async Task Json_is_what_the_api_returns(string command, string path)
    {
        using var http = world.Server.NewHttp();
        var expected = await http.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        var (code, output, error) = await RunAsync(command, "--json");
        Assert.Equal((0, ""), (code, error));
        if (command == "kinds") Assert.Equal(expected, output.TrimEnd());
        else Assert.Equal(JsonNode.Parse(expected)!.AsObject().Select(field => field.Key), JsonNode.Parse(output)!.AsObject().Select(field => field.Key));
    }

    [Theory]
    [InlineData("add --kind fax --set a=b", 2, "fax")]
    [InlineData("add --kind langfuse", 2, "public_key")]
    [InlineData("add --kind langfuse --set public_key", 2, "--set")]
    [InlineData("add --kind langfuse --set-env secret_key=NOT_SET_ANYWHERE", 2, "NOT_SET_ANYWHERE")]
    [InlineData("add --kind langfuse --set-file secret_key=/not/there", 2, "/not/there")]
    [InlineData("add --kind otlp --set endpoint=https://a.example --sample-rate 2", 2, "--sample-rate")]
    [InlineData("add --kind otlp --set endpoint=http://127.0.0.1:1 --check", 1, "nothing was added")]
    [InlineData("add", 2, "--kind")]
    [InlineData("check 999999", 1, "number")]
    [InlineData("check nobody", 1, "nobody")]
    [InlineData("replay 999999", 2, "--from")]
    [InlineData("remove 999999", 1, "number")]
    public async Task Misuse_ends_with_2_and_what_fails_with_1(string command, int expected, string named)
    {
        var (code, output, error) = await RunAsync(command.Split(' '));
        Assert.Equal((expected, ""), (code, output));
        Assert.Contains(named, error);
    }

    [Fact]
    public async Task A_check_and_a_status_that_are_not_good_end_with_1()
    {
        var (code, output, _) = await RunAsync("add", "--kind", "otlp", "--name", "nobody there", "--set", "endpoint=http://127.0.0.1:1", "--app", "unheard", "--json");
        Assert.Equal(0, code);
        var id = JsonNode.Parse(output)!["id"]!.ToString();
        (code, output, _) = await RunAsync("check", id);
        Assert.Equal(1, code);
        Assert.StartsWith("NOT GOOD", output);
        (code, output, _) = await RunAsync("check", id, "--json");
        Assert.Equal(1, code);
        Assert.False((bool)JsonNode.Parse(output)!["ok"]!);
        Assert.Equal(0, (await CallwatchProcess.RunAsync(["send-test", "--timeout", "300", "--app", "unheard"], world.Home)).Code);
        await UntilAsync(id, one => (string?)one["state"] == "retrying", "the lane is retrying");
        Assert.Equal(1, (await RunAsync("status", id)).Code);
        Assert.Equal(1, (await RunAsync("status")).Code);
        Assert.Equal(0, (await RunAsync("list")).Code);
        Assert.Equal(0, (await RunAsync("remove", id)).Code);
    }

    private Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) => CallwatchProcess.RunAsync(["destinations", .. arguments], world.Home);

    private async Task<JsonNode> UntilAsync(string which, Func<JsonNode, bool> holds, string what)
    {
        using var http = world.Server.NewHttp();
        return await Forwarding.UntilAsync(
            async () =>
            {
                var list = await Forwarding.CallAsync(http, HttpMethod.Get, "/api/v1/destinations?limit=1000", null, expected: HttpStatusCode.OK);
                return list!["items"]!.AsArray().First(one => (string?)one!["name"] == which || one["id"]!.ToString() == which)!["status"];
            },
            holds, what);
    }

    public sealed class World : IAsyncLifetime
    {
        private readonly TempFolder folder = new();

        public CallwatchProcess Server { get; private set; } = null!;

        public (string, string) Home => ("CALLWATCH_URL", Server.Url.ToString());

        public async ValueTask InitializeAsync() => Server = await CallwatchProcess.ServeAsync(folder.Path, [], Forwarding.Environment);

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            folder.Dispose();
        }
    }
}
