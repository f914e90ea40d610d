using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Weave;

/// <summary>The stand-in holds to the written format: it refuses what Weave refuses, and notices what is missing.</summary>
public sealed class WeaveStandInTests
{
    private const string Project = WeaveRig.Project;
    private const string Complete = "/v2/acme/support-bot/calls/complete";
    private const string Id = "7b1e9c52-d4a8-4f6f-9a3c-0d5e6f7081a1";
    private const string Trace = "7b1e9c52-d4a8-4f6f-9a3c-0d5e6f708192";

    private static readonly Dictionary<string, (int Status, Action<JsonObject> Spoil)> Wrong = new(StringComparer.Ordinal)
    {
        ["an id in capitals"] = (400, call => call["id"] = Id.ToUpperInvariant()),
        ["an id of 32 digits"] = (400, call => call["id"] = Id.Replace("-", "", StringComparison.Ordinal)),
        ["a trace id of 16 digits"] = (400, call => call["trace_id"] = "0123456789abcdef"),
        ["a parent that is no id"] = (400, call => call["parent_id"] = "conv-42"),
        ["itself as its parent"] = (400, call => call["parent_id"] = Id),
        ["a project of another path"] = (400, call => call["project_id"] = "acme/other"),
        ["a project without its entity"] = (400, call => call["project_id"] = "support-bot"),
        ["an operation of 129 characters"] = (400, call => call["op_name"] = new string('o', 129)),
        ["an operation that is half a reference"] = (400, call => call["op_name"] = "weave:///acme/support-bot/op/message"),
        ["a name of 1,025 characters"] = (400, call => call["display_name"] = new string('n', 1_025)),
        ["a time without a zone"] = (422, call => call["started_at"] = "2026-07-16T09:20:00.000"),
        ["a time as a number"] = (422, call => call["ended_at"] = 1_784_193_600),
        ["inputs that are a text"] = (422, call => call["inputs"] = "Hello?"),
        ["inputs that are a list"] = (422, call => call["inputs"] = new JsonArray("Hello?")),
        ["attributes that are a list"] = (422, call => call["attributes"] = new JsonArray()),
        ["an exception that is an object"] = (422, call => call["exception"] = new JsonObject()),
        ["the platform's own attribute"] = (400, call => call["attributes"] = new JsonObject { ["weave"] = "mine" }),
        ["tokens as a text"] = (422, call => call["summary"] = Usage(("prompt_tokens", "18"))),
        ["tokens with a fraction"] = (422, call => call["summary"] = Usage(("prompt_tokens", 1.5))),
        ["tokens by two names"] = (422, call => call["summary"] = Usage(("prompt_tokens", 18), ("input_tokens", 18))),
        ["a member that would be dropped"] = (422, call => call["user_id"] = "user-7"),
    };

    public static TheoryData<string> WrongNames { get; } = [.. Wrong.Keys];

    [Theory]
    [MemberData(nameof(WrongNames))]
    public async Task Refuses(string wrong)
    {
        await using var standIn = await StartedAsync();
        var (status, spoil) = Wrong[wrong];
        var call = Call();
        spoil(call);
        Assert.Equal(status, await PostAsync(standIn, Complete, Batch(Call("7b1e9c52-d4a8-4f6f-9a3c-0d5e6f7081a2"), call)));
        Assert.Empty(standIn.Calls);
    }

    [Theory]
    [InlineData("project_id")]
    [InlineData("id")]
    [InlineData("trace_id")]
    [InlineData("op_name")]
    [InlineData("started_at")]
    [InlineData("ended_at")]
    [InlineData("attributes")]
    [InlineData("inputs")]
    [InlineData("summary")]
    public async Task Notices_that_a_call_has_no(string field)
    {
        await using var standIn = await StartedAsync();
        var call = Call();
        call.Remove(field);
        Assert.Equal(422, await PostAsync(standIn, Complete, Batch(call)));
    }

    [Theory]
    [InlineData("start", "project_id")]
    [InlineData("start", "op_name")]
    [InlineData("start", "started_at")]
    [InlineData("start", "attributes")]
    [InlineData("start", "inputs")]
    [InlineData("end", "project_id")]
    [InlineData("end", "id")]
    [InlineData("end", "ended_at")]
    [InlineData("end", "summary")]
    public async Task Notices_that_the_older_way_has_no(string mode, string field)
    {
        await using var standIn = await StartedAsync();
        Assert.Equal(200, await PostAsync(standIn, "/call/upsert_batch", OldWay()));
        var body = OldWay();
        body["batch"]!.AsArray().Single(item => (string)item!["mode"]! == mode)!["req"]![mode]!.AsObject().Remove(field);
        Assert.Equal(422, await PostAsync(standIn, "/call/upsert_batch", body));
    }

    [Theory]
    [InlineData("project_id")]
    [InlineData("weave_ref")]
    [InlineData("feedback_type")]
    [InlineData("payload")]
    public async Task Notices_that_feedback_has_no(string field)
    {
        await using var standIn = await StartedAsync();
        Assert.Equal(200, await PostAsync(standIn, "/feedback/create", Judgement()));
        var judgement = Judgement();
        judgement.Remove(field);
        Assert.Equal(422, await PostAsync(standIn, "/feedback/create", judgement));
    }

    [Fact]
    public async Task Refuses_what_stands_around_a_call_and_who_may_not_write()
    {
        await using var standIn = await StartedAsync();
        var envelope = Batch(Call());
        envelope["project_id"] = Project;
        Assert.Equal(422, await PostAsync(standIn, Complete, envelope));
        Assert.Equal(422, await PostAsync(standIn, Complete, []));
        Assert.Equal(401, await PostAsync(standIn, Complete, Batch(Call()), "another"));
        Assert.Equal(403, await PostAsync(standIn, "/v2/others/support-bot/calls/complete", Batch(With(Call(), "project_id", "others/support-bot"))));
        Assert.Equal(400, await PostAsync(standIn, "/feedback/create", With(Judgement(), "feedback_type", "wandb.annotation.quality")));
        Assert.Equal(400, await PostAsync(standIn, "/feedback/create", With(Judgement(), "weave_ref", Id)));
        Assert.Equal(404, await PostAsync(standIn, "/calls/query_stats", new JsonObject { ["project_id"] = Project }));
        standIn.MakesProjects = false;
        Assert.Equal(404, await PostAsync(standIn, Complete, Batch(Call())));
    }

    [Fact]
    public async Task A_project_is_pinned_to_the_newer_way_by_its_first_call()
    {
        await using var standIn = await StartedAsync();
        Assert.Equal(200, await PostAsync(standIn, Complete, Batch(Call())));
        Assert.Equal(400, await PostAsync(standIn, "/call/upsert_batch", OldWay()));
        standIn.KnowsCallsComplete = false;
        Assert.Equal(404, await PostAsync(standIn, Complete, Batch(Call())));
    }

    private static async Task<WeaveStandIn> StartedAsync()
    {
        var standIn = new WeaveStandIn();
        await standIn.StartAsync();
        return standIn;
    }

    private static JsonObject Call(string id = Id) => JsonNode.Parse($$"""
        {
          "project_id": "{{Project}}", "id": "{{id}}", "trace_id": "{{Trace}}", "parent_id": null, "op_name": "message", "thread_id": "conv-42",
          "started_at": "2026-07-16T09:20:00.000Z", "ended_at": "2026-07-16T09:20:01.500Z", "attributes": {"tags": ["message"]},
          "inputs": {"query": "Hello?"}, "output": "Hi there.", "exception": null,
          "summary": {"usage": {"gpt-4o": {"requests": 1, "prompt_tokens": 18, "completion_tokens": 4, "total_tokens": 22} } }
        }
        """)!.AsObject();

    private static JsonObject OldWay()
    {
        var (start, end) = (Call(), Call());
        foreach (var name in (string[])["ended_at", "output", "exception", "summary"]) start.Remove(name);
        foreach (var name in (string[])["trace_id", "parent_id", "op_name", "thread_id", "started_at", "attributes", "inputs"]) end.Remove(name);
        return Batch(
            new JsonObject { ["mode"] = "start", ["req"] = new JsonObject { ["start"] = start } },
            new JsonObject { ["mode"] = "end", ["req"] = new JsonObject { ["end"] = end } });
    }

    private static JsonObject Judgement() => JsonNode.Parse($$"""
        {"project_id": "{{Project}}", "weave_ref": "weave:///{{Project}}/call/{{Id}}", "feedback_type": "quality", "payload": {"value": 0.9} }
        """)!.AsObject();

    private static JsonObject Usage(params (string Name, JsonNode Count)[] counts) => new()
    {
        ["usage"] = new JsonObject { ["gpt-4o"] = new JsonObject(counts.Select(count => KeyValuePair.Create(count.Name, (JsonNode?)count.Count))) },
    };

    private static JsonObject With(JsonObject json, string name, string value)
    {
        json[name] = value;
        return json;
    }

    private static JsonObject Batch(params JsonObject[] items) => new() { ["batch"] = new JsonArray(items) };

    private static async Task<int> PostAsync(WeaveStandIn standIn, string path, JsonObject body, string key = WeaveStandIn.Key)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("api:" + key)));
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(new Uri(standIn.Endpoint + path), content, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }
}
