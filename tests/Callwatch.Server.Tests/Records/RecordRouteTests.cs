using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Server.Tests.Reading;
using Callwatch.Server.Tests.Receive;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Records;

/// <summary><c>POST /api/v1/traces</c> and <c>/feedback</c> as docs/formats/records.md promises them.</summary>
public sealed class RecordRouteTests : IAsyncLifetime
{
    private const string Message = "7b0c2d9e-4f1a-4c3b-9d2e-1f0a5b6c7d8e";
    private const string MessageTrace = "7b0c2d9e4f1a4c3b9d2e1f0a5b6c7d8e";
    private const string Times = "\"start_time\":\"2026-09-17T12:00:00Z\",\"end_time\":\"2026-09-17T14:00:02.5+02:00\"";

    private RunningServer server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => server = await Traffic.ServerAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [InlineData("""{"type":"message","message_id":"m-1"}""", "message", "message")]
    [InlineData("""{"type":"workflow","workflow_run_id":"r-1"}""", "workflow", "workflow")]
    [InlineData("""{"type":"tool","tool_name":"get_weather","message_id":"m-1"}""", "get_weather", "tool")]
    [InlineData("""{"type":"moderation","message_id":"m-1","flagged":true,"action":"direct_output"}""", "moderation", "moderation")]
    [InlineData("""{"type":"suggested_question","message_id":"m-1","suggested_question":["Why?"]}""", "suggested_question", "suggested_question")]
    [InlineData("""{"type":"dataset_retrieval","message_id":"m-1","documents":[{"page_content":"Two days.","metadata":{"score":0.9}}]}""", "dataset_retrieval", "retrieval")]
    [InlineData("""{"type":"generate_name","conversation_id":"c-1"}""", "generate_conversation_name", "generate_conversation_name")]
    [InlineData("""{"type":"conversation","conversation_id":"c-1"}""", "conversation", "conversation")]
    public async Task Each_type_becomes_a_span_of_its_kind(string record, string name, string kind)
    {
        var trace = Assert.Single((await TakenAsync(Timed(record)))["trace_ids"]!.AsArray());
        var span = Assert.Single((await server.GetAsync($"/api/v1/traces/{trace}"))["spans"]!.AsArray())!;
        Json.Is($$"""{"name":"{{name}}","kind":"{{kind}}","start":"2026-09-17T12:00:00Z","end":"2026-09-17T12:00:02.5Z","duration_ms":2500,"outcome":"success"}""", span, only: true);
    }

    [Fact]
    public async Task A_message_with_usage_has_a_call_that_counts_is_priced_and_says_that_it_is_synthetic()
    {
        var taken = await TakenAsync($$"""
            {"type":"message","message_id":"{{Message}}",{{Times}},"conversation_id":"c-7","inputs":[{"role":"user","text":"Where is my parcel?"}],"outputs":"On its way.",
             "message_tokens":1000,"answer_tokens":100,"ttft_ms":400,"streaming":true,"is_new":true,
             "metadata":{"ls_provider":"openai","ls_model_name":"gpt-4o","from_end_user_id":"anna","plan":"pro"} }
            """);
        Assert.Equal(MessageTrace, (string?)Assert.Single(taken["trace_ids"]!.AsArray()));
        var call = Assert.Single(await server.AllAsync($"/api/v1/calls?{Traffic.Range}"));
        Json.Is("""{"name":"llm","kind":"chat","model":"gpt-4o","provider":"openai","call_source":"synthetic","ttft_ms":400,"streaming":true,"user_id":"anna","session_id":"c-7"}""", call, only: true);
        Json.Is("""{"input_tokens":1000,"output_tokens":100,"total_tokens":1100}""", call["usage"]!, only: true);
        Json.Is("""{"total_usd":0.0035,"source":"computed"}""", call["cost"]!, only: true);
        var details = await server.GetAsync($"/api/v1/spans/{MessageTrace}/{(string?)call["span_id"]}");
        Assert.Contains("Where is my parcel?", details["messages"]!["input"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("On its way.", details["messages"]!["output"]!.ToJsonString(), StringComparison.Ordinal);
        var message = (await server.GetAsync($"/api/v1/traces/{MessageTrace}"))["spans"]!.AsArray().Single(span => (string?)span!["kind"] == "message")!;
        Json.Is("""{"plan":"pro","is_new":"true"}""", message["metadata"]!, only: true);
    }

    [Fact]
    public async Task A_workflow_carries_its_nodes_nested_and_counts_their_usage_once()
    {
        await TakenAsync($$"""
            {"type":"workflow","workflow_run_id":"run-1",{{Times}},"workflow_run_status":"partial-succeeded","total_tokens":30,"prompt_tokens":20,"completion_tokens":10,
             "workflow_run_inputs":{"query":"hi"},"nodes":[
              {"node_execution_id":"n-1","node_type":"loop","title":"Each",{{Times}},"status":"succeeded"},
              {"node_execution_id":"n-2","parent_node_execution_id":"n-1","node_type":"llm","title":"Draft",{{Times}},"model_name":"gpt-4o","model_provider":"openai","prompt_tokens":20,"completion_tokens":10,"status":"succeeded"},
              {"node_execution_id":"n-3","node_type":"http-request","title":"Send",{{Times}},"status":"failed","error":"550 mailbox unavailable"}]}
            """);
        var lookup = await server.GetAsync("/api/v1/lookup/run-1");
        var match = Assert.Single(lookup["matches"]!.AsArray(), one => (string?)one!["kind"] == "workflow_run")!;
        var spans = (await server.GetAsync($"/api/v1/traces/{(string?)match["trace_id"]}"))["spans"]!.AsArray();
        var byName = spans.ToDictionary(span => (string)span!["name"]!, span => span!);
        Assert.Equal(["Draft", "Each", "Send", "llm", "workflow"], byName.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((string?)byName["workflow"]["span_id"], (string?)byName["Each"]["parent_span_id"]);
        Assert.Equal((string?)byName["Each"]["span_id"], (string?)byName["Draft"]["parent_span_id"]);
        Assert.Equal((string?)byName["Draft"]["span_id"], (string?)byName["llm"]["parent_span_id"]);
        Assert.Equal(("success", "error", "550 mailbox unavailable"), ((string?)byName["workflow"]["outcome"], (string?)byName["Send"]["outcome"], (string?)byName["Send"]["error"]!["message"]));
        var trace = (await server.GetAsync($"/api/v1/traces/{(string?)match["trace_id"]}"))["trace"]!;
        Assert.Equal((1, 30), ((int)trace["call_count"]!, (int)trace["usage"]!["total_tokens"]!));
    }

    [Theory]
    [InlineData("", "0.25")]
    [InlineData(""", "currency": "usd" """, "0.25")]
    [InlineData(""", "currency": "CNY" """, null)]
    public async Task The_price_of_a_node_is_a_given_cost_where_it_is_in_dollars_or_of_no_named_currency(string currency, string? cost)
    {
        await TakenAsync($$"""
            {"type":"workflow","workflow_run_id":"run-2",{{Times}},"nodes":[{"node_execution_id":"n-1","title":"Draft",{{Times}},"model":"acme-7b","provider":"acme","prompt_tokens":20,"completion_tokens":10,"total_price":0.25{{currency}}}]}
            """);
        var call = Assert.Single(await server.AllAsync($"/api/v1/calls?{Traffic.Range}"));
        Assert.Equal((cost, cost is null ? null : "given"), (call["cost"]!["total_usd"]?.ToJsonString(), (string?)call["cost"]!["source"]));
    }

    [Fact]
    public async Task Records_that_share_a_message_are_its_children_whichever_comes_first()
    {
        await TakenAsync($$"""{"type":"tool","tool_name":"get_weather","message_id":"{{Message}}",{{Times}}}""");
        await TakenAsync($$"""{"type":"message","message_id":"{{Message}}",{{Times}}}""");
        var spans = (await server.GetAsync($"/api/v1/traces/{MessageTrace}"))["spans"]!.AsArray();
        var message = spans.Single(span => (string?)span!["kind"] == "message")!;
        Assert.Equal((string?)message["span_id"], (string?)spans.Single(span => (string?)span!["kind"] == "tool")!["parent_span_id"]);
    }

    [Fact]
    public async Task The_same_record_twice_is_one_trace_counted_once()
    {
        var record = $$"""{"type":"message","message_id":"{{Message}}",{{Times}},"model":"gpt-4o","message_tokens":10,"answer_tokens":5}""";
        await TakenAsync(record);
        await TakenAsync("[" + record + "," + record + "]");
        Assert.Single(await server.AllAsync($"/api/v1/traces?{Traffic.Range}"));
        Assert.Single(await server.AllAsync($"/api/v1/calls?{Traffic.Range}"));
    }

    [Fact]
    public async Task A_recorded_call_takes_the_place_of_the_synthetic_one_before_and_after_it()
    {
        // Handed over in the span that the captured call stands beneath too.
        var parent = $"00-{A.TraceId(5)}-0000000000000001-01";
        var call = A.Traces(A.Span("POST /ask").Trace(5).Id(1).At(0, 3_000), A.Span("chat gpt-4o").Trace(5).Id(2, under: 1).At(500, 1_000).With(
            ("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "gpt-4o"), ("gen_ai.usage.input_tokens", 11), ("gen_ai.usage.output_tokens", 5)));
        string Record(string id, string start) => $$"""
            {"type":"message","message_id":"{{id}}","traceparent":"{{parent}}","start_time":"2026-09-17T12:00:{{start}}Z","end_time":"2026-09-17T12:00:02Z","model":"gpt-4o","message_tokens":10,"answer_tokens":5}
            """;
        await TakenAsync(Record("m-1", "00"));
        Assert.Equal("synthetic", (string?)Assert.Single(await server.AllAsync($"/api/v1/calls?{Traffic.Range}"))["call_source"]);
        using (var sent = await server.SendTracesAsync(call)) Assert.True(sent.IsSuccessStatusCode);
        await server.StoredAsync();
        var counted = Assert.Single(await server.AllAsync($"/api/v1/calls?{Traffic.Range}"));
        Assert.Equal(("recorded", 11), ((string?)counted["call_source"], (int)counted["usage"]!["input_tokens"]!));

        // A message of another time made a call of its own.
        await TakenAsync(Record("m-2", "01"));
        Assert.Equal(2, (await server.AllAsync($"/api/v1/calls?{Traffic.Range}")).Count);
    }

    public static TheoryData<string, string, string> Wrong => new()
    {
        { "[1]", "wrong_type", "" },
        { """{"message_id":"m"}""", "required", "type" },
        { """{"type":7}""", "wrong_type", "type" },
        { """{"type":"dialogue"}""", "unknown_type", "type" },
        { """{"type":"message","start_time":"2026-09-17T12:00:00Z","end_time":"2026-09-17T12:00:01Z"}""", "required", "message_id" },
        { """{"type":"workflow","message_id":"m","start_time":"2026-09-17T12:00:00Z","end_time":"2026-09-17T12:00:01Z"}""", "required", "workflow_run_id" },
        { """{"type":"tool","message_id":"m","start_time":"2026-09-17T12:00:00Z","end_time":"2026-09-17T12:00:01Z"}""", "required", "tool_name" },
        { """{"type":"conversation","message_id":"m","start_time":"2026-09-17T12:00:00Z","end_time":"2026-09-17T12:00:01Z"}""", "required", "conversation_id" },
        { """{"type":"moderation","start_time":"2026-09-17T12:00:00Z","end_time":"2026-09-17T12:00:01Z"}""", "required", "trace_id" },
        { """{"type":"message","message_id":"m","end_time":"2026-09-17T12:00:01Z"}""", "required", "start_time" },
        { """{"type":"message","message_id":"m","trace_id":"","start_time":"2026-09-17T12:00:00Z","end_time":"2026-09-17T12:00:01Z"}""", "bad_trace_id", "trace_id" },
        { """{"type":"message","message_id":"m","traceparent":" ","start_time":"2026-09-17T12:00:00Z","end_time":"2026-09-17T12:00:01Z"}""", "bad_trace_id", "traceparent" },
        { """{"type":"message","message_id":"m","start_time":"2026-09-17T12:00:00Z"}""", "required", "end_time" },
        { """{"type":"message","message_id":"m","start_time":"2026-09-17T12:00:00","end_time":"2026-09-17T12:00:01Z"}""", "bad_time", "start_time" },
        { """{"type":"message","message_id":"m","start_time":1789646400,"end_time":"2026-09-17T12:00:01Z"}""", "wrong_type", "start_time" },
        { """{"type":"message","message_id":"m","start_time":"2026-09-17T12:00:02Z","end_time":"2026-09-17T12:00:01Z"}""", "out_of_range", "end_time" },
        { Timed("""{"type":"message","message_id":7}"""), "wrong_type", "message_id" },
        { Timed("""{"type":"message","message_id":"m","message_tokens":"12"}"""), "wrong_type", "message_tokens" },
        { Timed("""{"type":"message","message_id":"m","message_tokens":-1}"""), "out_of_range", "message_tokens" },
        { Timed("""{"type":"message","message_id":"m","message_tokens":1.5}"""), "not_whole", "message_tokens" },
        { Timed("""{"type":"message","message_id":"m","usage":{"input_tokens":1.5}}"""), "not_whole", "usage.input_tokens" },
        { Timed("""{"type":"message","message_id":"m","usage":{"output_tokens":true}}"""), "wrong_type", "usage.output_tokens" },
        { Timed("""{"type":"message","message_id":"m","cost_usd":-0.01}"""), "out_of_range", "cost_usd" },
        { Timed("""{"type":"message","message_id":"m","ttft_ms":1e400}"""), "out_of_range", "ttft_ms" },
        { Timed("""{"type":"message","message_id":"m","streaming":"yes"}"""), "wrong_type", "streaming" },
        { Timed("""{"type":"message","message_id":"m","metadata":[]}"""), "wrong_type", "metadata" },
        { Timed("""{"type":"message","message_id":"m","inputs":5}"""), "wrong_type", "inputs" },
        { Timed("""{"type":"message","message_id":"m","tags":["a",1]}"""), "wrong_type", "tags" },
        { Timed("""{"type":"message","message_id":"m","trace_id":"not legal"}"""), "bad_trace_id", "trace_id" },
        { Timed("""{"type":"message","message_id":"m","trace_id":"00000000000000000000000000000000"}"""), "bad_trace_id", "trace_id" },
        { Timed("""{"type":"message","message_id":"m","traceparent":"00-00000000000000000000000000000000-0000000000000001-01"}"""), "bad_trace_id", "traceparent" },
        { Timed("""{"type":"message","message_id":"m","outputs":"\ud83d"}"""), "wrong_type", "" },
        { Timed("""{"type":"workflow","workflow_run_id":"r","nodes":[{"title":"a"}]}"""), "required", "nodes[0].start_time" },
        { Timed("""{"type":"workflow","workflow_run_id":"r","nodes":[{"start_time":"2026-09-17T12:00:00Z","end_time":"2026-09-17T12:00:01Z","prompt_tokens":-3}]}"""), "out_of_range", "nodes[0].prompt_tokens" },
        { Timed("""{"type":"workflow","workflow_run_id":"r","nodes":["n"]}"""), "wrong_type", "nodes[0]" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task What_is_wrong_is_named_and_the_others_are_taken(string record, string code, string field)
    {
        var wrong = record == "[1]" ? "1" : record;
        var answer = await SendAsync("[" + wrong + "," + Timed("""{"type":"message","message_id":"good"}""") + "]", HttpStatusCode.Accepted);
        Assert.Equal(1, (int)answer["accepted"]!);
        var rejected = Assert.Single(answer["rejected"]!.AsArray())!;
        Assert.Equal((0, code, field), ((int)rejected["index"]!, (string?)rejected["code"], (string?)rejected["field"]));
        Assert.NotEmpty((string)rejected["message"]!);
        var system = await server.GetAsync("/api/v1/system");
        Assert.Contains("record_refused", system.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "malformed_json")]
    [InlineData("[{}", "malformed_json")]
    [InlineData("[] []", "malformed_json")]
    [InlineData("7", "malformed_json")]
    [InlineData("", "malformed_json")]
    public async Task A_body_that_is_no_record_and_no_list_is_refused_as_a_whole(string body, string code) =>
        Assert.Equal(code, (string?)(await SendAsync(body, HttpStatusCode.BadRequest))["code"]);

    [Fact]
    public async Task A_body_of_another_type_is_refused()
    {
        using var response = await server.SendAsync("/api/v1/traces", Encoding.UTF8.GetBytes("{}"), "text/plain");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public async Task The_first_legal_external_id_counts_and_those_beside_the_body_only_for_a_single_record()
    {
        var record = Timed("""{"type":"message","message_id":"m-1","trace_id":"0af7651916cd43dd8448eb211c80319c"}""");
        Assert.Equal("11111111111111111111111111111111", await TraceOfAsync(record, ("X-Trace-Id", "11111111111111111111111111111111")));
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", await TraceOfAsync(record, ("X-Trace-Id", "not legal")));
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", await TraceOfAsync(record, ("traceparent", "00-22222222222222222222222222222222-0000000000000001-01")));
        Assert.Equal("22222222222222222222222222222222", await TraceOfAsync(Timed("""{"type":"message","message_id":"m-1"}"""), ("traceparent", "00-22222222222222222222222222222222-0000000000000001-01")));
        Assert.NotEqual("11111111111111111111111111111111", await TraceOfAsync("[" + Timed("""{"type":"message","message_id":"m-1"}""") + "," + Timed("""{"type":"message","message_id":"m-2"}""") + "]", ("X-Trace-Id", "11111111111111111111111111111111")));
        using var response = await server.SendAsync("/api/v1/traces?trace_id=33333333333333333333333333333333", Encoding.UTF8.GetBytes(record), "application/json");
        Assert.Equal("33333333333333333333333333333333", (string?)JsonNode.Parse(await response.TextAsync())!["trace_ids"]![0]);
    }

    [Theory]
    [InlineData("m-external")]
    [InlineData("9f8e7d6c-0000-4000-8000-00000000abcd")]
    public async Task A_message_is_found_by_its_id_also_where_its_trace_has_another(string message)
    {
        await TakenAsync(Timed($$"""{"type":"message","message_id":"{{message}}","trace_id":"order-77"}"""));
        await server.IndexedAsync();
        Assert.Contains((await server.GetAsync("/api/v1/lookup/" + message))["matches"]!.AsArray(), one => (string?)one!["kind"] == "message");
    }

    [Fact]
    public async Task Feedback_becomes_a_score_of_its_message_before_and_after_it_comes()
    {
        await FeedbackAsync($$"""{"message_id":"{{Message}}","value":1,"comment":"Helpful"}""", HttpStatusCode.Accepted);
        await TakenAsync($$"""{"type":"message","message_id":"{{Message}}",{{Times}}}""");
        await FeedbackAsync($$"""{"trace_id":"{{MessageTrace}}","name":"tone","value":-1}""", HttpStatusCode.Accepted);
        await server.StoredAsync();
        var scores = Assert.Single((await server.GetAsync($"/api/v1/traces/{MessageTrace}"))["spans"]!.AsArray())!["scores"]!.AsArray();
        Assert.Equal([("tone", -1.0, null, "feedback"), ("user", 1.0, "Helpful", "feedback")],
            scores.Select(score => ((string)score!["name"]!, (double)score["value"]!, (string?)score["comment"], (string)score["source"]!)).OrderBy(score => score.Item1, StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{"value":1}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"message_id":"m","trace_id":"t","value":1}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"message_id":"m"}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"message_id":"m","value":"good"}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"trace_id":"nobody-knows-it","value":1}""", HttpStatusCode.NotFound)]
    public async Task Feedback_that_cannot_be_placed_is_refused(string body, HttpStatusCode status) => await FeedbackAsync(body, status);

    private static string Timed(string record) => record[..^1] + "," + Times + "}";

    private async Task<string?> TraceOfAsync(string body, (string Name, string Value) header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/traces") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        using var response = await server.Http.SendAsync(request, Cancel);
        return (string?)JsonNode.Parse(await response.TextAsync())!["trace_ids"]![0];
    }

    private async Task<JsonNode> TakenAsync(string body)
    {
        var answer = await SendAsync(body, HttpStatusCode.Accepted);
        Assert.Empty(answer["rejected"]!.AsArray());
        await server.StoredAsync();
        return answer;
    }

    private async Task<JsonNode> SendAsync(string body, HttpStatusCode status)
    {
        using var response = await server.SendAsync("/api/v1/traces", Encoding.UTF8.GetBytes(body), "application/json");
        var text = await response.TextAsync();
        Assert.True(response.StatusCode == status, $"{(int)response.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    private async Task FeedbackAsync(string body, HttpStatusCode status)
    {
        using var response = await server.SendAsync("/api/v1/feedback", Encoding.UTF8.GetBytes(body), "application/json");
        Assert.True(response.StatusCode == status, $"{(int)response.StatusCode} {await response.TextAsync()}");
    }
}
