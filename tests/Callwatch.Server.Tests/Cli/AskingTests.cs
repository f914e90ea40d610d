using System.Text.Json.Nodes;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Cli;

/// <summary>Every command that asks, against a server that holds one failed and two good calls of the app <c>shop</c>.</summary>
public sealed class AskingTests(AskingTests.Shop shop) : IClassFixture<AskingTests.Shop>
{
    [Theory]
    [InlineData("calls", "api/v1/calls")]
    [InlineData("calls outcome:error --app shop --limit 5 --sort duration", "api/v1/calls?app=shop&q=outcome%3Aerror&sort=duration&limit=5")]
    [InlineData("stats --by model --by app", "api/v1/stats?by=model&by=app")]
    [InlineData("figures --tz Europe/Berlin", "api/v1/figures/reference?tz=Europe/Berlin")]
    [InlineData("trace TRACE", "api/v1/traces/TRACE")]
    [InlineData("lookup TRACE", "api/v1/lookup/TRACE")]
    [InlineData("errors", "api/v1/errors")]
    [InlineData("errors model:gpt* --since release:1.4.2 --app shop --limit 5", "api/v1/errors?app=shop&q=model%3Agpt*&since=release%3A1.4.2&limit=5")]
    [InlineData("keys list", "api/v1/keys")]
    public async Task Json_is_what_the_api_returns(string command, string path)
    {
        using var http = shop.Server.NewHttp(shop.AdminKey);
        var before = await TellAsync();
        var (code, output, error) = await RunAsync([.. command.Replace("TRACE", shop.Trace).Split(' '), "--json"]);
        Assert.Equal((0, ""), (code, error));
        // One of both where a day ended in between.
        string[] told = [before, await TellAsync()];
        Assert.Contains(WithoutMoments(JsonNode.Parse(output)!).ToJsonString(), told);

        async Task<string> TellAsync() => WithoutMoments(JsonNode.Parse(await http.GetStringAsync(new Uri(path.Replace("TRACE", shop.Trace), UriKind.Relative), TestContext.Current.CancellationToken))!).ToJsonString();
    }

    [Theory]
    [InlineData("calls", "chat", "gpt-4o-mini", "shop", "rate_limit", "$")]
    [InlineData("calls --last 2h model:gpt-4o-mini", "gpt-4o-mini")]
    [InlineData("stats --by app", "shop", "send-test")]
    [InlineData("trace TRACE", "send-test", "chat gpt-4.1-mini", "1 call", "2 spans")]
    [InlineData("lookup TRACE", "trace of trace", "received", "stored")]
    [InlineData("errors", "429", "openai", "gpt-4o-mini", "1.4.2", "00000000000000000000000000000002")]
    [InlineData("errors --since release:1.4.2", "429")]
    [InlineData("errors --since release:never-heard-of", "No failures in this range that came with release:never-heard-of or later.")]
    [InlineData("errors --app nobody", "No failed calls in this range.")]
    [InlineData("status", "callwatch ", "journal", "store")]
    public async Task People_get_tables(string command, params string[] says)
    {
        var (code, output, error) = await RunAsync(command.Replace("TRACE", shop.Trace).Split(' '));
        Assert.Equal((0, ""), (code, error));
        foreach (var text in says) Assert.Contains(text, output);
    }

    [Fact]
    public async Task Text_of_a_sender_cannot_steer_the_terminal()
    {
        var (_, output, _) = await RunAsync("calls");
        Assert.Contains("[red]2J", output);
        Assert.DoesNotContain('\u001b', output);
    }

    [Fact]
    public async Task A_wrong_filter_is_misuse_and_the_answer_points_at_the_character()
    {
        var (code, output, error) = await RunAsync("calls", "app:shop modle:gpt-4o");
        Assert.Equal((2, ""), (code, output));
        var lines = error.Split('\n');
        Assert.Equal("callwatch: app:shop modle:gpt-4o", lines[0]);
        Assert.Equal(lines[0].IndexOf("modle", StringComparison.Ordinal), lines[1].IndexOf('^'));
        Assert.Contains("model", lines[1]);
    }

    [Theory]
    [InlineData("trace 0af7651916cd43dd8448eb211c80319c", 1)]
    [InlineData("lookup nobody-knows-this", 1)]
    [InlineData("lookup nobody-knows-this --json", 1)]
    [InlineData("calls --sort colour", 2)]
    [InlineData("calls --limit 0", 2)]
    [InlineData("stats --step 7m", 2)]
    [InlineData("calls --from yesterday", 2)]
    [InlineData("errors --since 1.4.2", 2)]
    [InlineData("errors --limit 0", 2)]
    public async Task What_is_not_there_ends_with_1_and_what_cannot_be_asked_with_2(string command, int expected)
    {
        var (code, _, error) = await RunAsync(command.Split(' '));
        Assert.Equal(expected, code);
        if (!command.StartsWith("lookup", StringComparison.Ordinal)) Assert.StartsWith("callwatch: ", error);
    }

    [Theory]
    [InlineData("jsonl", "{")]
    [InlineData("csv", "end,")]
    [InlineData("otlp", "")]
    public async Task Export_writes_every_format_to_a_file_once(string format, string begins)
    {
        using var folder = new TempFolder();
        var file = folder.At("calls");
        var (code, _, _) = await RunAsync("export", "--format", format, "-o", file, "--app", "shop");
        Assert.Equal(0, code);
        Assert.StartsWith(begins, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.True(new FileInfo(file).Length > 100);
        (code, _, var error) = await RunAsync("export", "-o", file);
        Assert.Equal(2, code);
        Assert.Contains(file, error);
    }

    [Fact]
    public async Task Export_without_a_file_goes_to_standard_output()
    {
        var (code, output, error) = await RunAsync("export", "--app", "shop");
        Assert.Equal((0, ""), (code, error));
        Assert.Equal(3, output.TrimEnd().Split('\n').Length);
        Assert.All(output.TrimEnd().Split('\n'), line => Assert.Equal("shop", (string?)JsonNode.Parse(line)!["app"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("--json")]
    public async Task Send_test_follows_its_trace_until_it_can_be_queried(string json)
    {
        var (code, output, error) = await RunAsync([.. new[] { "send-test", "--timeout", "300", "--app", "tested" + json }, .. json.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal((0, ""), (code, error));
        if (json.Length == 0) Assert.Contains("can be queried", output);
        else Assert.Equal("send-test", (string?)JsonNode.Parse(output)!["trace"]!["name"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--json")]
    public async Task Tail_shows_a_call_that_comes_in(string json)
    {
        var app = "tailed" + json;
        await using var tail = CallwatchProcess.Start(["tail", "--app", app, "--count", "1", .. json.Split(' ', StringSplitOptions.RemoveEmptyEntries)], Home);
        var ended = tail.ExitAsync();

        // Calls from before the stream began are not in it, so they are sent until one is.
        while (!ended.IsCompleted) await RunAsync("send-test", "--timeout", "300", "--app", app);
        Assert.Equal(0, await ended);
        if (json.Length == 0) Assert.Contains("gpt-4.1-mini", tail.Output);
        else Assert.Equal(app, (string?)JsonNode.Parse(tail.Output)!["app"]);
    }

    [Fact]
    public async Task Export_as_json_is_lines_and_nothing_else()
    {
        var (code, output, error) = await RunAsync("export", "--app", "shop", "--json");
        Assert.Equal((0, ""), (code, error));
        Assert.All(output.TrimEnd().Split('\n'), line => Assert.Equal("shop", (string?)JsonNode.Parse(line)!["app"]));
        (code, _, error) = await RunAsync("export", "--app", "shop", "--json", "--format", "csv");
        Assert.Equal(2, code);
        Assert.Contains("--format csv", error);
    }

    private (string, string) Home => ("CALLWATCH_URL", shop.Server.Url.ToString());

    private Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) => CallwatchProcess.RunAsync(arguments, Home);

    // The default range ends now, so its buckets, and what the server says of itself, differ from one question to the next.
    private static JsonNode WithoutMoments(JsonNode answer)
    {
        if (answer["groups"] is JsonArray groups)
            foreach (var group in groups) group!.AsObject().Remove("points");
        return answer;
    }

    public sealed class Shop : IAsyncLifetime
    {
        private readonly TempFolder folder = new();

        public CallwatchProcess Server { get; private set; } = null!;

        public string AdminKey => File.ReadAllText(folder.At("admin.key")).Trim();

        /// <summary>A trace sent by <c>send-test</c>.</summary>
        public string Trace { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            Server = await CallwatchProcess.ServeAsync(folder.Path);
            using var http = Server.NewHttp();
            var end = DateTimeOffset.UtcNow.AddMinutes(-1);
            var spans = Enumerable.Range(1, 3).Select(i => Span(i, end.AddSeconds(i), failed: i == 2));
            using var body = new StringContent(
                """{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"service.version","value":{"stringValue":"1.4.2"}}]},"scopeSpans":[{"spans":[""" + string.Join(',', spans) + "]}]}]}",
                null,
                "application/json");
            using var response = await http.PostAsync(new Uri("v1/traces", UriKind.Relative), body);
            response.EnsureSuccessStatusCode();
            var (code, output, error) = await CallwatchProcess.RunAsync(["send-test", "--timeout", "300", "--json", "--server", Server.Url.ToString()]);
            Assert.True(code == 0, error);
            Trace = (string)JsonNode.Parse(output)!["trace"]!["trace_id"]!;
            // From then on two who ask after one another are told the same.
            await Eventually.AnswersAsync(
                async () => (await http.GetStringAsync(new Uri("metrics", UriKind.Relative))).Contains("callwatch_open_traces 0\n", StringComparison.Ordinal) ? Trace : null, () => "all has settled");
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            folder.Dispose();
        }

        private static string Span(int number, DateTimeOffset end, bool failed)
        {
            const string Failure = """{"key":"error.type","value":{"stringValue":"429"}}""";
            const string Usage = """{"key":"gen_ai.usage.input_tokens","value":{"intValue":57}},{"key":"gen_ai.usage.output_tokens","value":{"intValue":23}}""";
            return $$$"""
                {"traceId":"{{{number:x32}}}","spanId":"{{{number:x16}}}","name":"chat gpt-4o-mini","kind":3,
                 "startTimeUnixNano":"{{{end.AddSeconds(-1).ToUnixTimeMilliseconds()}}}000000","endTimeUnixNano":"{{{end.ToUnixTimeMilliseconds()}}}000000",
                 "attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.provider.name","value":{"stringValue":"openai"}},
                  {"key":"gen_ai.request.model","value":{"stringValue":"gpt-4o-mini"}},
                  {"key":"gen_ai.input.messages","value":{"stringValue":"[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"\\u001b[2J[red]2J\"}]}]"}},
                  {{{(failed ? Failure : Usage)}}}]}
                """;
        }
    }
}
