using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.LangSmith;

/// <summary>The stand-in holds to the written format: it refuses what LangSmith refuses, notices what is missing, and takes what official clients send.</summary>
public sealed class LangSmithStandInTests
{
    private const string Root = "019ab0c1-0000-7000-8000-000000000001";
    private const string Child = "019ab0c1-0064-7000-8000-000000000002";
    private const string RootOrder = "20251122T082640000000Z" + Root;

    private static readonly Dictionary<string, (int Status, Action<JsonObject> Spoil)> WrongRuns = new(StringComparer.Ordinal)
    {
        ["three fraction digits"] = (400, run => run["dotted_order"] = "20251122T082640000Z" + Root + ".20251122T082640100Z" + Child),
        ["an order that ends with another run"] = (400, run => run["dotted_order"] = RootOrder + ".20251122T082640100000Z" + Root),
        ["a trace id that is not the root's"] = (400, run => run["trace_id"] = Child),
        ["no parent where the order has one"] = (400, run => run.Remove("parent_run_id")),
        ["a parent that the order does not have"] = (400, run => run["parent_run_id"] = Child),
        ["a start before the parent's"] = (400, run => (run["dotted_order"], run["start_time"]) = (RootOrder + ".20251122T082639100000Z" + Child, "2025-11-22T08:26:39.100000Z")),
        ["a start that the order does not have"] = (400, run => run["start_time"] = "2025-11-22T08:26:40.200000Z"),
        ["an id in capitals"] = (422, run => run["trace_id"] = Root.ToUpperInvariant()),
        ["a run type nobody knows"] = (422, run => run["run_type"] = "workflow"),
        ["inputs that are a text"] = (422, run => run["inputs"] = "What is the capital of France?"),
        ["outputs that are a list"] = (422, run => run["outputs"] = new JsonArray("Paris.")),
        ["an empty error"] = (422, run => run["error"] = ""),
        ["an error that is an object"] = (422, run => run["error"] = new JsonObject { ["message"] = "boom" }),
        ["a null"] = (422, run => run["events"] = null),
        ["a field nobody knows"] = (422, run => run["latency_ms"] = 12),
        ["an event without a time"] = (422, run => run["events"] = new JsonArray(new JsonObject { ["name"] = "new_token" })),
        ["tags that are no texts"] = (422, run => run["tags"] = new JsonArray(1)),
        ["a time that is none"] = (422, run => run["end_time"] = "yesterday"),
        ["tokens with a fraction"] = (422, run => run["outputs"] = new JsonObject { ["usage_metadata"] = new JsonObject { ["input_tokens"] = 1.5 } }),
        ["a total below its parts"] = (422, run => run["outputs"] = Usage(("input_tokens", 14), ("output_tokens", 2), ("total_tokens", 15))),
        ["details above their total"] = (422, run => run["outputs"] = new JsonObject { ["usage_metadata"] = new JsonObject { ["input_tokens"] = 3, ["input_token_details"] = new JsonObject { ["cache_read"] = 4 } } }),
    };

    private static readonly Dictionary<string, Func<string, string>> WrongBodies = new(StringComparer.Ordinal)
    {
        ["a part without its length"] = body => body.Replace("; length=", "; size=", StringComparison.Ordinal),
        ["a length one too small"] = body => Relength(body, -1),
        ["a length one too large"] = body => Relength(body, 1),
        ["a part with a file name"] = body => body.Replace(".inputs\"", ".inputs\"; filename=\"a.json\"", StringComparison.Ordinal),
        ["a part with a coding"] = body => body.Replace("Content-Type: application/json", "Content-Encoding: gzip\r\nContent-Type: application/json", StringComparison.Ordinal),
        ["a part that is no JSON by type"] = body => body.Replace("Content-Type: application/json", "Content-Type: text/plain", StringComparison.Ordinal),
        ["an operation nobody knows"] = body => body.Replace("name=\"post.", "name=\"put.", StringComparison.Ordinal),
        ["a field that is no part"] = body => body.Replace(".inputs\"", ".tags\"", StringComparison.Ordinal),
        ["a field before its run"] = body => body.Replace($"name=\"post.{Root}\"", $"name=\"post.{Child}\"", StringComparison.Ordinal),
        ["bare line ends"] = body => body.Replace("\r\n", "\n", StringComparison.Ordinal),
        ["an end that never comes"] = body => body[..^4],
    };

    public static TheoryData<string> RunNames { get; } = [.. WrongRuns.Keys];

    public static TheoryData<string> BodyNames { get; } = [.. WrongBodies.Keys];

    [Theory]
    [MemberData(nameof(RunNames))]
    public async Task Refuses(string wrong)
    {
        await using var standIn = await StartedAsync();
        var (status, spoil) = WrongRuns[wrong];
        var run = ChildRun();
        spoil(run);
        Assert.Equal(status, await BatchAsync(standIn, RootRun(), run));
        Assert.Empty(standIn.Runs);
    }

    [Theory]
    [MemberData(nameof(BodyNames))]
    public async Task Refuses_a_multipart_body_with(string wrong)
    {
        await using var standIn = await StartedAsync();
        var body = Multipart(("post." + Root, Small()), ($"post.{Root}.inputs", """{"input":"Hello"}"""));
        Assert.Equal(202, await MultipartAsync(standIn, body));
        Assert.Equal(422, await MultipartAsync(standIn, WrongBodies[wrong](body)));
    }

    [Theory]
    [InlineData("id")]
    [InlineData("trace_id")]
    [InlineData("dotted_order")]
    [InlineData("parent_run_id")]
    [InlineData("name")]
    [InlineData("run_type")]
    [InlineData("start_time")]
    public async Task Notices_that_a_run_has_no(string field)
    {
        await using var standIn = await StartedAsync();
        var run = ChildRun();
        run.Remove(field);
        Assert.NotEqual(202, await BatchAsync(standIn, RootRun(), run));
    }

    [Theory]
    [InlineData("id")]
    [InlineData("run_id")]
    [InlineData("key")]
    [InlineData("feedback_source")]
    public async Task Notices_that_feedback_has_no(string field)
    {
        await using var standIn = await StartedAsync();
        await BatchAsync(standIn, RootRun());
        Assert.Equal(200, await PostAsync(standIn, "/feedback", Judgement()));
        var judgement = Judgement();
        judgement.Remove(field);
        Assert.Equal(422, await PostAsync(standIn, "/feedback", judgement));
    }

    [Fact]
    public async Task A_run_without_a_project_lands_in_another_one()
    {
        await using var standIn = await StartedAsync();
        var run = RootRun();
        run.Remove("session_name");
        await BatchAsync(standIn, run);
        using var response = await GetAsync(standIn, "/sessions?name=callwatch&limit=1");
        Assert.Equal("[]", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Refuses_who_may_not_write_and_what_is_too_much_or_there_already()
    {
        await using var standIn = await StartedAsync();
        Assert.Equal(401, await BatchAsync(standIn, key: "lsv2_pt_other", RootRun()));
        standIn.WantsWorkspace = true;
        Assert.Equal(403, await BatchAsync(standIn, RootRun()));
        standIn.WantsWorkspace = false;
        Assert.Equal(422, await BatchAsync(standIn));
        Assert.Equal(202, await BatchAsync(standIn, RootRun()));
        Assert.Equal(409, await BatchAsync(standIn, RootRun(), ChildRun()));
        standIn.Info!["batch_ingest_config"]!["size_limit_bytes"] = 100;
        Assert.Equal(413, await BatchAsync(standIn, ChildRun()));
        Assert.Equal([Root], standIn.Runs.Keys);
    }

    [Theory]
    [InlineData("langsmith-native/chat", 1)]
    [InlineData("langsmith-native/traceable-chain", 3)]
    public async Task Takes_the_bytes_of_the_official_client(string fixture, int runs)
    {
        await using var standIn = await StartedAsync();
        var sent = Fixtures.Named(fixture).Requests.Single();
        using var content = new ByteArrayContent(sent.Body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(sent.ContentType!);
        Assert.Equal(202, await SendAsync(standIn, "/runs/multipart", content));
        Assert.Equal(runs, standIn.Runs.Count);
        Assert.Equal(runs, standIn.Outline().Count);
    }

    private static async Task<LangSmithStandIn> StartedAsync()
    {
        var standIn = new LangSmithStandIn();
        await standIn.StartAsync();
        return standIn;
    }

    private static JsonObject RootRun() => JsonNode.Parse($$"""
        {
          "id": "{{Root}}", "trace_id": "{{Root}}", "dotted_order": "{{RootOrder}}", "name": "message", "run_type": "chain",
          "start_time": "2025-11-22T08:26:40.000000Z", "end_time": "2025-11-22T08:26:41.500000Z", "inputs": {"input": "Hello"}, "session_name": "callwatch"
        }
        """)!.AsObject();

    private static JsonObject ChildRun() => JsonNode.Parse($$"""
        {
          "id": "{{Child}}", "trace_id": "{{Root}}", "parent_run_id": "{{Root}}", "dotted_order": "{{RootOrder}}.20251122T082640100000Z{{Child}}", "name": "llm", "run_type": "llm",
          "start_time": "2025-11-22T08:26:40.100000Z", "end_time": "2025-11-22T08:26:41.400000Z",
          "outputs": {"usage_metadata": {"input_tokens": 14, "output_tokens": 2, "total_tokens": 16} },
          "events": [{"name": "new_token", "time": "2025-11-22T08:26:40.450000Z"}], "tags": ["llm"], "session_name": "callwatch"
        }
        """)!.AsObject();

    private static JsonObject Judgement() => JsonNode.Parse($$"""
        {"id": "{{Child}}", "run_id": "{{Root}}", "trace_id": "{{Root}}", "key": "quality", "score": 0.9, "feedback_source": {"type": "api"}, "extend_trace_retention": false}
        """)!.AsObject();

    private static JsonObject Usage(params (string Name, int Count)[] counts) =>
        new() { ["usage_metadata"] = new JsonObject(counts.Select(count => KeyValuePair.Create(count.Name, (JsonNode?)count.Count))) };

    private static string Small()
    {
        var run = RootRun();
        run.Remove("inputs");
        return run.ToJsonString();
    }

    private static string Multipart(params (string Name, string Json)[] parts) =>
        string.Concat(parts.Select(part => string.Create(
            CultureInfo.InvariantCulture, $"--cw7f3a\r\nContent-Disposition: form-data; name=\"{part.Name}\"\r\nContent-Type: application/json; length={part.Json.Length}\r\n\r\n{part.Json}\r\n")))
        + "--cw7f3a--\r\n";

    private static string Relength(string body, int by)
    {
        var at = body.IndexOf("length=", StringComparison.Ordinal) + "length=".Length;
        var end = body.IndexOf('\r', at);
        return body[..at] + (int.Parse(body[at..end], CultureInfo.InvariantCulture) + by).ToString(CultureInfo.InvariantCulture) + body[end..];
    }

    private static Task<int> BatchAsync(LangSmithStandIn standIn, params JsonObject[] runs) => BatchAsync(standIn, LangSmithStandIn.Key, runs);

    private static Task<int> BatchAsync(LangSmithStandIn standIn, string key, params JsonObject[] runs) => PostAsync(standIn, "/runs/batch", new JsonObject { ["post"] = new JsonArray(runs) }, key);

    private static async Task<int> MultipartAsync(LangSmithStandIn standIn, string body)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=cw7f3a");
        return await SendAsync(standIn, "/runs/multipart", content);
    }

    private static async Task<int> PostAsync(LangSmithStandIn standIn, string path, JsonObject body, string key = LangSmithStandIn.Key)
    {
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        return await SendAsync(standIn, path, content, key);
    }

    private static async Task<int> SendAsync(LangSmithStandIn standIn, string path, HttpContent content, string key = LangSmithStandIn.Key)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("x-api-key", key);
        using var response = await http.PostAsync(new Uri(standIn.Endpoint + path), content, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }

    private static async Task<HttpResponseMessage> GetAsync(LangSmithStandIn standIn, string path)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("x-api-key", LangSmithStandIn.Key);
        return await http.GetAsync(new Uri(standIn.Endpoint + path), TestContext.Current.CancellationToken);
    }
}
