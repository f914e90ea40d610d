using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Opik;

/// <summary>The stand-in refuses what Opik refuses, so that what it takes says something.</summary>
public sealed class OpikStandInTests
{
    private const string TraceId = "019aaaac-2600-7000-8000-000000000001";
    private const string SpanId = "019aaaac-2664-7000-8000-000000000002";

    // The time in those ids.
    private static readonly ManualTime Now = new(new DateTimeOffset(2025, 11, 22, 9, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("no key", 401, "API key")]
    [InlineData("a bearer token", 401, "API key")]
    [InlineData("another workspace", 403, "workspace")]
    [InlineData("plain text", 415, "Unsupported Media Type")]
    [InlineData("brotli", 415, "Unsupported Media Type")]
    [InlineData("broken gzip", 400, "Unable to process JSON")]
    [InlineData("no JSON", 400, "Unable to process JSON")]
    [InlineData("no list", 422, "size")]
    [InlineData("an empty list", 422, "size")]
    [InlineData("1,001 rows", 422, "size")]
    [InlineData("reading a batch", 405, "Not Allowed")]
    [InlineData("another path", 404, "Not Found")]
    public async Task A_wrong_request_is_refused_with_the_platforms_status_and_words(string wrong, int status, string words)
    {
        await using var opik = await OpikStandIn.StartedAsync(Now);
        var message = Message("traces/batch", wrong switch
        {
            "no JSON" => "{",
            "no list" => """{"spans":[]}""",
            "an empty list" => """{"traces":[]}""",
            "1,001 rows" => new JsonObject { ["traces"] = new JsonArray([.. Enumerable.Range(0, 1_001).Select(_ => GoodTrace())]) }.ToJsonString(),
            _ => new JsonObject { ["traces"] = new JsonArray(GoodTrace()) }.ToJsonString(),
        });
        switch (wrong)
        {
            case "no key": message.Headers.Remove("Authorization"); break;
            case "a bearer token":
                message.Headers.Remove("Authorization");
                message.Headers.TryAddWithoutValidation("Authorization", "Bearer " + OpikStandIn.Key);
                break;
            case "another workspace":
                message.Headers.Remove("Comet-Workspace");
                message.Headers.Add("Comet-Workspace", "other");
                break;
            case "plain text": message.Content!.Headers.ContentType = new MediaTypeHeaderValue("text/plain"); break;
            case "brotli": message.Content!.Headers.ContentEncoding.Add("br"); break;
            case "broken gzip": message.Content!.Headers.ContentEncoding.Add("gzip"); break;
            case "reading a batch": message.Method = HttpMethod.Delete; break;
            case "another path": message.RequestUri = new Uri("api/v2/traces", UriKind.Relative); break;
        }

        await IsRefusedAsync(opik, message, status, words);
    }

    [Theory]
    [InlineData("id", "\"0192f0c1-a2b3-4c4d-8e5f-60718293a4b5\"", 400, "version 7 UUID")]
    [InlineData("id", "\"trace-1\"", 400, "version 7 UUID")]
    [InlineData("id", "\"0199aaac-2600-7000-8000-000000000001\"", 400, "too_old")]
    [InlineData("id", "\"01aaaaac-2600-7000-8000-000000000001\"", 400, "too_far_future")]
    [InlineData("start_time", "\"2025-11-22T08:26:40.000\"", 400, "start_time")]
    [InlineData("start_time", "1763800000000", 400, "start_time")]
    [InlineData("end_time", "\"soon\"", 400, "end_time")]
    [InlineData("project_name", "\" \"", 422, "project_name")]
    [InlineData("input", "[\"a\",\"b\"]", 400, "input")]
    [InlineData("output", "7", 400, "output")]
    [InlineData("metadata", "true", 400, "metadata")]
    [InlineData("tags", "\"a,b\"", 400, "tags")]
    [InlineData("error_info", "{\"exception_type\":\"E\",\"message\":\"m\"}", 422, "traceback")]
    [InlineData("error_info", "{\"exception_type\":\" \",\"traceback\":\"t\"}", 422, "exception_type")]
    [InlineData("source", "\"callwatch\"", 400, "source")]
    [InlineData("ttft", "\"450\"", 400, "ttft")]
    [InlineData("span:trace_id", "\"0192f0c1-a2b3-4c4d-8e5f-60718293a4b5\"", 400, "trace_id")]
    [InlineData("span:parent_span_id", "\"1a2b3c4d5e6f7081\"", 400, "parent_span_id")]
    [InlineData("span:parent_span_id", "\"01aaaaac-2600-7000-8000-000000000001\"", 400, "too_far_future")]
    [InlineData("span:type", "\"generation\"", 400, "type")]
    [InlineData("span:usage", "{\"prompt_tokens\":1.5}", 400, "usage")]
    [InlineData("span:usage", "{\"prompt_tokens\":3000000000}", 400, "usage")]
    [InlineData("span:usage", "{\"details\":{\"cached\":1}}", 400, "usage")]
    [InlineData("span:total_estimated_cost", "-1", 422, "total_estimated_cost")]
    [InlineData("score:id", "\"trace-1\"", 400, "version 7 UUID")]
    [InlineData("score:name", "\"\"", 422, "name")]
    [InlineData("score:value", "\"good\"", 400, "value")]
    [InlineData("score:source", "null", 422, "source")]
    public async Task A_wrong_field_has_the_whole_batch_refused(string field, string value, int status, string words)
    {
        await using var opik = await OpikStandIn.StartedAsync(Now);
        var (list, name) = field.Split(':') is [var kind, var own] ? (kind, own) : ("trace", field);
        var row = list switch { "span" => GoodSpan(), "score" => GoodScore(), _ => GoodTrace() };
        row[name] = JsonNode.Parse(value);
        await IsRefusedAsync(opik, Batch(list, row), status, words);
    }

    [Theory]
    [InlineData("trace", "id", "project_name", "name", "start_time", "end_time", "input", "output", "source")]
    [InlineData("span", "id", "trace_id", "project_name", "name", "type", "start_time", "end_time", "input", "output", "source", "usage", "model")]
    [InlineData("score", "id", "name", "value", "source")]
    public async Task Every_field_that_is_taken_out_of_a_good_row_is_noticed(string list, params string[] fields)
    {
        foreach (var field in fields)
        {
            await using var opik = await OpikStandIn.StartedAsync(Now);
            await SendAsync(opik, Batch("trace", GoodTrace()));
            Assert.Equal(204, (await SendAsync(opik, Batch(list, list switch { "span" => GoodSpan(), "score" => GoodScore(), _ => GoodTrace() }))).Status);
            Assert.Empty(opik.Problems);
            var row = list switch { "span" => GoodSpan(), "score" => GoodScore(), _ => GoodTrace() };
            Assert.True(row.Remove(field));
            var (status, _) = await SendAsync(opik, Batch(list, row));
            Assert.True(status is 400 or 422 || opik.Problems.Count > 0, field + " is not missed");
        }
    }

    [Fact]
    public async Task A_parent_or_a_trace_that_is_not_there_is_noticed()
    {
        await using var opik = await OpikStandIn.StartedAsync(Now);
        var span = GoodSpan();
        span["parent_span_id"] = "019aaaac-2664-7000-8000-0000000000ff";
        await SendAsync(opik, Batch("span", span));
        Assert.Equal(2, opik.Problems.Count);
    }

    private static JsonObject GoodTrace() => (JsonObject)JsonNode.Parse($$"""
        {"id":"{{TraceId}}","project_name":"callwatch","name":"message","start_time":"2025-11-22T08:26:40.000Z","end_time":"2025-11-22T08:26:41.500Z","input":{"input":"What is the capital of France?"},"output":{"output":"Paris."},"metadata":{"user_id":"user-42"},"tags":["message","chat"],"thread_id":"conv-7","ttft":450,"source":"sdk"}
        """)!;

    private static JsonObject GoodSpan() => (JsonObject)JsonNode.Parse($$"""
        {"id":"{{SpanId}}","trace_id":"{{TraceId}}","project_name":"callwatch","name":"llm","type":"llm","start_time":"2025-11-22T08:26:40.100Z","end_time":"2025-11-22T08:26:41.400Z","input":{"messages":[]},"output":{"messages":[]},"metadata":{},"model":"gpt-4o-mini","provider":"openai","usage":{"prompt_tokens":14,"completion_tokens":2,"total_tokens":16},"total_estimated_cost":0.000003,"source":"sdk"}
        """)!;

    private static JsonObject GoodScore() => new() { ["id"] = TraceId, ["project_name"] = "callwatch", ["name"] = "user", ["value"] = 1, ["source"] = "sdk" };

    private static HttpRequestMessage Batch(string list, JsonObject row) => list == "score"
        ? With(Message("traces/feedback-scores", new JsonObject { ["scores"] = new JsonArray(row) }.ToJsonString()), HttpMethod.Put)
        : Message(list + "s/batch", new JsonObject { [list + "s"] = new JsonArray(row) }.ToJsonString());

    private static HttpRequestMessage With(HttpRequestMessage message, HttpMethod method)
    {
        message.Method = method;
        return message;
    }

    private static HttpRequestMessage Message(string path, string json)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, "api/v1/private/" + path) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(json)) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        message.Headers.TryAddWithoutValidation("Authorization", OpikStandIn.Key);
        message.Headers.Add("Comet-Workspace", OpikStandIn.Workspace);
        return message;
    }

    private static async Task IsRefusedAsync(OpikStandIn opik, HttpRequestMessage message, int status, string words)
    {
        var (answer, text) = await SendAsync(opik, message);
        Assert.Equal(status, answer);
        Assert.Contains(words, text, StringComparison.Ordinal);
        Assert.Empty(opik.Traces);
        Assert.Empty(opik.Spans);
        Assert.Empty(opik.Scores);
    }

    private static async Task<(int Status, string Text)> SendAsync(OpikStandIn opik, HttpRequestMessage message)
    {
        using var client = new HttpClient { BaseAddress = opik.Address };
        using var response = await client.SendAsync(message, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
