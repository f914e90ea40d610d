using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Server.Tests.Access;
using Callwatch.Server.Tests.Reading;
using Callwatch.Server.Tests.Receive;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Langfuse;

/// <summary>A program that is set up for Langfuse and knows only its older ingestion, Dify above all, pointed here.</summary>
public sealed class LangfuseIngestionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_of_Dify_is_one_trace_with_one_priced_call()
    {
        await using var server = await Traffic.ServerAsync();
        await SendAsync(server, DifyBatches.OfMessage, expected: 6);
        await server.StoredAsync();

        var trace = await server.GetAsync("/api/v1/traces/" + DifyBatches.MessageTrace);
        Json.Is("""{"name":"message","kind":"message","user_id":"anna","session_id":"conv-7","tags":["message","chat"],"call_count":1}""", trace["trace"]!, only: true);
        var spans = trace["spans"]!.AsArray().Select(span => span!).ToDictionary(span => (string)span["name"]!, StringComparer.Ordinal);
        Assert.Equal(
            ["dataset_retrieval retrieval", "llm chat", "message message", "moderation moderation", "suggested_question suggested_question", "track tool"],
            spans.Values.Select(span => $"{span["name"]} {span["kind"]}").Order(StringComparer.Ordinal));
        Assert.Equal(("error", "no such parcel"), ((string?)spans["track"]["outcome"], (string?)spans["track"]["error"]!["message"]));
        Assert.All(spans.Values.Where(span => (string?)span["name"] != "message"), span => Assert.Equal((string?)spans["message"]["span_id"], (string?)span["parent_span_id"]));
        // As long as what is in it, not as late as it was told of.
        Json.Is("""{"start":"2026-09-17T12:00:00Z","end":"2026-09-17T12:00:03Z"}""", spans["message"], only: true);

        var call = Assert.Single(await server.AllAsync($"/api/v1/calls?{Traffic.Range}"));
        Json.Is("""{"model":"gpt-4o","provider":"openai","user_id":"anna","session_id":"conv-7","outcome":"success","duration_ms":1500}""", call, only: true);
        Json.Is("""{"input_tokens":1000,"output_tokens":100,"total_tokens":1100}""", call["usage"]!, only: true);
        Json.Is("""{"total_usd":0.0035,"source":"given"}""", call["cost"]!, only: true);
        var body = await server.GetAsync($"/api/v1/spans/{DifyBatches.MessageTrace}/{(string?)call["span_id"]}");
        Assert.Contains("Where is my parcel?", body["messages"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.NotEmpty((await server.GetAsync("/api/v1/lookup/" + DifyBatches.Message))["matches"]!.AsArray());
    }

    [Fact]
    public async Task A_workflow_of_Dify_has_its_nodes_and_fails_only_where_it_failed()
    {
        await using var server = await Traffic.ServerAsync();
        await SendAsync(server, DifyBatches.OfWorkflow, expected: 4);
        await server.StoredAsync();
        var trace = await server.GetAsync("/api/v1/traces/" + DifyBatches.RunTrace);
        Assert.Equal(
            ["Draft answer chat success", "Get weather tool success", "Send mail node error", "workflow workflow success"],
            trace["spans"]!.AsArray().Select(span => $"{span!["name"]} {span["kind"]} {span["outcome"]}").Order(StringComparer.Ordinal));
        Json.Is("""{"model":"gpt-4o-mini","provider":"openai"}""", Assert.Single(await server.AllAsync($"/api/v1/calls?{Traffic.Range}")), only: true);
    }

    [Fact]
    public async Task The_same_batch_again_changes_nothing()
    {
        await using var server = await Traffic.ServerAsync();
        for (var i = 0; i < 2; i++) await SendAsync(server, DifyBatches.OfMessage, expected: 6);
        await server.StoredAsync();
        Assert.Single(await server.AllAsync($"/api/v1/calls?{Traffic.Range}"));
        Assert.Equal(6, (await server.GetAsync("/api/v1/traces/" + DifyBatches.MessageTrace))["spans"]!.AsArray().Count);
    }

    [Fact]
    public async Task The_keys_are_checked_as_Langfuse_checks_them_and_name_the_app()
    {
        await using var server = await RunningServer.StartAsync(settings: [("Callwatch:Access:TrustLoopback", "false"), ("Callwatch:Store:BatchDelay", "00:00:00")]);
        var key = Key.Make(server, KeyScopes.Ingest, app: "support");
        using var wrong = await AskAsync(server, "cw_" + new string('x', 40));
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        using var right = await AskAsync(server, key);
        Assert.Equal("support", (string?)JsonNode.Parse(await right.Content.ReadAsStringAsync(Cancel))!["data"]![0]!["id"]);
        Assert.Equal("OK", (string?)JsonNode.Parse(await server.Http.GetStringAsync(new Uri("/api/public/health", UriKind.Relative), Cancel))!["status"]);

        using var request = Request(HttpMethod.Post, "/api/public/ingestion", key);
        request.Content = new StringContent(DifyBatches.OfMessage, Encoding.UTF8, "application/json");
        using var sent = await server.Http.SendAsync(request, Cancel);
        Assert.Equal(207, (int)sent.StatusCode);
        await server.StoredAsync();
        Assert.Equal("support", (string?)Assert.Single(await server.AllAsync($"/api/v1/calls?{Traffic.Range}", Key.AdminOf(server)))["app"]);
    }

    [Fact]
    public async Task What_is_refused_is_answered_and_counted_event_by_event()
    {
        await using var server = await Traffic.ServerAsync();
        using var response = await server.SendAsync("/api/public/ingestion", """
            {"batch":[{"id":"1","type":"span-create","body":{"id":"s","traceId":"t","startTime":"yesterday"}},{"id":"2","type":"span-create","body":{"id":"s2","traceId":"t"}}]}
            """u8.ToArray(), "application/json");
        Assert.Equal(207, (int)response.StatusCode);
        var answer = JsonNode.Parse(await response.TextAsync())!;
        Assert.Equal(("2", 201, "1", 400), ((string?)answer["successes"]![0]!["id"], (int)answer["successes"]![0]!["status"]!, (string?)answer["errors"]![0]!["id"], (int)answer["errors"]![0]!["status"]!));
        Assert.Equal(1, (long)(await server.GetAsync("/api/v1/system"))["counters"]!["record_refused"]!);
        foreach (var body in (string[])["[]", "{", "{\"batch\":1}"])
        {
            using var refused = await server.SendAsync("/api/public/ingestion", Encoding.UTF8.GetBytes(body), "application/json");
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }
    }

    [Fact]
    public async Task A_score_is_one_of_the_observation_and_links_lead_to_the_dashboard()
    {
        await using var server = await Traffic.ServerAsync();
        await SendAsync(server, DifyBatches.OfMessage, expected: 6);
        await SendAsync(server, $$$"""{"batch":[{"id":"7","type":"score-create","timestamp":"2026-09-17T12:01:00Z","body":{"id":"sc","traceId":"{{{DifyBatches.Message}}}","name":"user","value":1,"comment":"good"}}]}""", expected: 1);
        await server.StoredAsync();
        var root = (await server.GetAsync("/api/v1/traces/" + DifyBatches.MessageTrace))["spans"]!.AsArray().Single(span => (string?)span!["name"] == "message")!;
        Json.Is("""[{"name":"user","value":1,"comment":"good","source":"feedback"}]""", root["scores"]!);

        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var browser = new HttpClient(handler) { BaseAddress = server.Url };
        using var project = await browser.GetAsync(new Uri("/project/support", UriKind.Relative), Cancel);
        Assert.Equal("../calls?app=support", project.Headers.Location?.OriginalString);
        using var trace = await browser.GetAsync(new Uri("/project/support/traces/" + DifyBatches.Message, UriKind.Relative), Cancel);
        Assert.Equal("../../../traces/" + DifyBatches.MessageTrace, trace.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task Events_in_requests_of_their_own_that_cross_each_other_make_the_same_trace()
    {
        await using var server = await Traffic.ServerAsync();
        var events = JsonNode.Parse(DifyBatches.OfMessage)!["batch"]!.AsArray();

        // Backwards, and all at once: what belongs to the trace overtakes it.
        await Task.WhenAll(events.Reverse().Select(one => SendAsync(server, new JsonObject { ["batch"] = new JsonArray(one!.DeepClone()) }.ToJsonString(), expected: 1)));
        await server.StoredAsync();
        var trace = await server.GetAsync("/api/v1/traces/" + DifyBatches.MessageTrace);
        Json.Is("""{"name":"message","kind":"message","user_id":"anna","session_id":"conv-7","tags":["message","chat"],"span_count":6}""", trace["trace"]!, only: true);
        Assert.All(trace["spans"]!.AsArray(), span => Assert.Equal(("anna", "conv-7"), ((string?)span!["user_id"], (string?)span["session_id"])));
        Json.Is("""{"start":"2026-09-17T12:00:00Z","end":"2026-09-17T12:00:03Z"}""", trace["spans"]!.AsArray().Single(span => (string?)span!["name"] == "message")!, only: true);
        foreach (var span in trace["spans"]!.AsArray())
            Assert.Equal("anna", (string?)(await server.GetAsync($"/api/v1/spans/{DifyBatches.MessageTrace}/{(string?)span!["span_id"]}"))["attributes"]!["user.id"]);
    }

    [Fact]
    public async Task After_a_restart_of_the_server_what_had_come_gets_its_user_by_the_trace()
    {
        using var folder = new TempFolder();
        var batch = JsonNode.Parse(DifyBatches.OfMessage)!["batch"]!.AsArray();
        await using (var server = await RunningServer.StartAsync(folder.Path, [("Callwatch:Store:BatchDelay", "00:00:00")]))
        {
            await SendAsync(server, new JsonObject { ["batch"] = new JsonArray(batch[1]!.DeepClone()) }.ToJsonString(), expected: 1);
            await server.StoredAsync();
            Assert.Null((string?)Assert.Single(await server.AllAsync($"/api/v1/calls?{Traffic.Range}"))["user_id"]);
        }

        await using var next = await RunningServer.StartAsync(folder.Path, [("Callwatch:Store:BatchDelay", "00:00:00")]);
        await SendAsync(next, new JsonObject { ["batch"] = new JsonArray(batch[0]!.DeepClone()) }.ToJsonString(), expected: 1);
        await next.StoredAsync();
        Json.Is("""{"user_id":"anna","session_id":"conv-7","tags":["message","chat"]}""", Assert.Single(await next.AllAsync($"/api/v1/calls?{Traffic.Range}")), only: true);
    }

    [Fact]
    public async Task A_score_by_itself_is_taken_once_however_often_it_is_sent()
    {
        await using var server = await Traffic.ServerAsync();
        await SendAsync(server, DifyBatches.OfMessage, expected: 6);
        foreach (var value in (int[])[0, 1])
        {
            using var response = await server.SendAsync("/api/public/scores", Encoding.UTF8.GetBytes($$"""{"id":"sc-1","traceId":"{{DifyBatches.Message}}","name":"user","value":{{value}},"comment":"changed my mind"}"""), "application/json");
            Assert.Equal("""{"id":"sc-1"}""", await response.TextAsync());
        }

        await server.StoredAsync();
        var root = (await server.GetAsync("/api/v1/traces/" + DifyBatches.MessageTrace))["spans"]!.AsArray().Single(span => (string?)span!["name"] == "message")!;
        Json.Is("""[{"name":"user","value":1,"comment":"changed my mind","source":"feedback"}]""", root["scores"]!);
    }

    [Fact]
    public async Task A_score_of_a_trace_told_in_another_way_is_one_of_its_root()
    {
        await using var server = await Traffic.ServerAsync();
        using (var sent = await server.SendAsync("/api/v1/traces", """{"type":"message","message_id":"m-1","trace_id":"0192f0c1a2b37c4d8e5f60718293a4b5","start_time":"2026-09-17T12:00:00Z","end_time":"2026-09-17T12:00:02Z"}"""u8.ToArray(), "application/json"))
            Assert.Equal(HttpStatusCode.Accepted, sent.StatusCode);
        using var response = await server.SendAsync("/api/public/scores", """{"traceId":"0192f0c1a2b37c4d8e5f60718293a4b5","name":"tone","value":"polite"}"""u8.ToArray(), "application/json");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await server.StoredAsync();
        var span = Assert.Single((await server.GetAsync("/api/v1/traces/0192f0c1a2b37c4d8e5f60718293a4b5"))["spans"]!.AsArray())!;
        Json.Is("""[{"name":"tone","value":null,"comment":"polite","source":"feedback"}]""", span["scores"]!);
    }

    [Fact]
    public async Task A_score_without_its_trace_is_refused_with_what_to_do()
    {
        await using var server = await Traffic.ServerAsync();
        const string Body = """{"id":"sc","traceId":"0192f0c1a2b37c4d8e5f60718293a4b5","name":"user","value":1}""";
        using var alone = await server.SendAsync("/api/public/scores", Encoding.UTF8.GetBytes(Body), "application/json");
        Assert.Equal(HttpStatusCode.NotFound, alone.StatusCode);
        Assert.Contains("after its trace", await alone.TextAsync(), StringComparison.Ordinal);
        using var nameless = await server.SendAsync("/api/public/scores", """{"value":1}"""u8.ToArray(), "application/json");
        Assert.Equal(HttpStatusCode.BadRequest, nameless.StatusCode);
        using var batch = await server.SendAsync("/api/public/ingestion", Encoding.UTF8.GetBytes($$"""{"batch":[{"id":"e1","type":"score-create","body":{{Body}}}]}"""), "application/json");
        var error = Assert.Single(JsonNode.Parse(await batch.TextAsync())!["errors"]!.AsArray())!;
        Assert.Equal(("e1", 404), ((string?)error["id"], (int)error["status"]!));
    }

    [Theory]
    [InlineData("POST", "media", "LANGFUSE_MEDIA_UPLOAD_ENABLED")]
    [InlineData("GET", "v2/prompts/greeting", "Langfuse's own address")]
    [InlineData("POST", "dataset-run-items", "Langfuse's own address")]
    [InlineData("DELETE", "scores/sc-1", "the same id again")]
    [InlineData("GET", "traces/t-1", "/api/v1/traces")]
    public async Task What_is_not_to_be_had_here_is_answered_with_what_to_do_instead(string method, string route, string word)
    {
        await using var server = await RunningServer.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), "/api/public/" + route);
        using var response = await server.Http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains(word, await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private static async Task SendAsync(RunningServer server, string batch, int expected)
    {
        using var response = await server.SendAsync("/api/public/ingestion", Encoding.UTF8.GetBytes(batch), "application/json");
        var text = await response.TextAsync();
        Assert.True((int)response.StatusCode == 207, text);
        var answer = JsonNode.Parse(text)!;
        Assert.Equal((expected, 0), (answer["successes"]!.AsArray().Count, answer["errors"]!.AsArray().Count));
    }

    private static Task<HttpResponseMessage> AskAsync(RunningServer server, string key) => server.Http.SendAsync(Request(HttpMethod.Get, "/api/public/projects", key), Cancel);

    // As Langfuse's clients sign in: the secret key is ours, the public one may be anything.
    private static HttpRequestMessage Request(HttpMethod method, string path, string key)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("pk-callwatch:" + key)));
        return request;
    }
}
