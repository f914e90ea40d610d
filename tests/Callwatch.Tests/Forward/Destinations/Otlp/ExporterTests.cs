using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Phoenix;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Otlp;

/// <summary>The requests of official packages pass the stand-ins, and what the product sends says the same as they do.</summary>
public sealed class ExporterTests
{
    // The first call of the scenario chat-tools-cache, in the words of the package.
    private static readonly object Call = new
    {
        system = "openai",
        provider = "openai",
        modelName = "gpt-4o-2024-11-20",
        inputMessages = new object[] { new { role = "system", content = "You help guests." }, new { role = "user", content = "Weather in Paris?" } },
        outputMessages = new object[] { new { role = "assistant", toolCalls = new[] { new { id = "call_w", function = new { name = "get_weather", arguments = """{"city":"Paris"}""" } } } } },
        tokenCount = new { prompt = 1_200, completion = 25, total = 1_225 },
    };

    [Fact]
    public async Task Exporters_of_opentelemetry_pass_the_stand_ins()
    {
        var cancel = TestContext.Current.CancellationToken;
        await PreparedAsync(cancel);
        await using var receiver = new OtlpStandIn { Keys = new Dictionary<string, string> { ["x-api-key"] = "key" } };
        await receiver.StartAsync();
        await using var aliyun = new AliyunStandIn();
        await aliyun.StartAsync();
        var headers = new JsonObject { ["x-api-key"] = "key" };
        var plain = new JsonObject { ["service.name"] = "exporters" };
        var targets = new JsonArray(
            Target("http/protobuf", receiver.Address + "/v1/traces", headers, plain), Target("http/json", receiver.Address + "/v1/traces", headers, plain), Target("grpc", receiver.GrpcAddress, headers, plain),
            Target(
                "http/protobuf", aliyun.Address + aliyun.Path, [], new JsonObject { ["service.name"] = "exporters", ["acs.arms.service.feature"] = "genai_app" },
                new JsonObject { ["gen_ai.span.kind"] = "CHAIN", ["gen_ai.operation.name"] = "chain", ["gen_ai.framework"] = "tests" }));
        await Node.ScriptAsync("otlp", "exporters.mjs", targets.ToJsonString(), cancel);
        Assert.Equal(6, receiver.Spans.Count);
        Assert.Equal(2, aliyun.Spans.Count);
        Assert.All(receiver.Requests, request => Assert.True(request.Header("content-encoding") == "gzip" || request.Header("grpc-encoding") == "gzip"));
    }

    [Fact]
    public async Task The_package_of_phoenix_passes_its_stand_in_and_that_of_arize_and_says_what_we_say()
    {
        var cancel = TestContext.Current.CancellationToken;
        await PreparedAsync(cancel);
        await using var phoenix = new PhoenixStandIn { ApiKey = "key-1" };
        await phoenix.StartAsync();
        await Node.ScriptAsync("otlp", "phoenix.mjs", JsonSerializer.Serialize(new { url = phoenix.Address, apiKey = "key-1", project = "support bot", call = Call }), cancel);
        Assert.Empty(phoenix.Lost);
        Assert.Equal(6, phoenix.Spans.Count);
        Assert.All(phoenix.Spans, span => Assert.Equal("support bot", span.Resource.Find("openinference.project.name")));

        var theirs = phoenix.Spans.Single(span => span.Name == "llm").Attributes.All;
        Assert.True(theirs.Count > 10);
        await using var own = new PhoenixStandIn();
        await own.StartAsync();
        await using var rig = new ForwardRig(new PhoenixKind(), new JsonObject { ["endpoint"] = own.Address });
        await rig.AddAsync(Scenarios.Get("chat-tools-cache"));
        await rig.DeliverAsync();
        var ours = own.Spans.First(span => span.Text("openinference.span.kind") == "LLM").Attributes;
        Assert.Empty(theirs.Where(pair => !Equals(ours.Find(pair.Key), pair.Value)).Select(pair => $"{pair.Key}: they {pair.Value}, we {ours.Find(pair.Key)}"));

        await using var arize = new ArizeStandIn();
        await arize.StartAsync();
        var headers = new Dictionary<string, string> { ["arize-api-key"] = ArizeStandIn.ApiKey, ["arize-space-id"] = ArizeStandIn.SpaceId };
        await Node.ScriptAsync("otlp", "phoenix.mjs", JsonSerializer.Serialize(new { url = arize.Address, headers, project = "support bot", call = Call }), cancel);
        Assert.Contains(arize.Spans, span => span.Name == "llm");
    }

    private static JsonObject Target(string protocol, string url, JsonObject headers, JsonObject resource, JsonObject? attributes = null) => new()
    {
        ["protocol"] = protocol,
        ["url"] = url,
        ["headers"] = headers.DeepClone(),
        ["compression"] = "gzip",
        ["resource"] = resource.DeepClone(),
        ["attributes"] = attributes ?? [],
    };

    private static async Task PreparedAsync(CancellationToken cancel)
    {
        if (await Node.PrepareAsync("otlp", cancel) is not { } missing) return;
        var why = "The official packages are not there: " + missing;
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(why);
        Assert.Skip(why);
    }
}
