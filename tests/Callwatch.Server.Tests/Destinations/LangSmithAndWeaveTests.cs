using System.Text.Json.Nodes;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Server.Tests.Destinations;

/// <summary>From the socket an application sends to, to the platform's, by the destinations people make over HTTP.</summary>
public sealed class LangSmithAndWeaveTests : IAsyncLifetime
{
    private readonly LangSmithStandIn langSmith = new();
    private readonly WeaveStandIn weave = new();
    private RunningServer server = null!;

    public async ValueTask InitializeAsync()
    {
        await langSmith.StartAsync();
        await weave.StartAsync();
        server = await Forwarding.ServerAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await langSmith.DisposeAsync();
        await weave.DisposeAsync();
    }

    [Fact]
    public async Task A_trace_arrives_at_both()
    {
        var (toLangSmith, toWeave) = (await server.AddAsync(ToLangSmith()), await server.AddAsync(ToWeave()));
        foreach (var made in new[] { toLangSmith, toWeave })
        {
            var check = await server.CallAsync(HttpMethod.Post, $"/api/v1/destinations/{made["id"]}/check");
            Assert.True((bool)check!["ok"]!, (string?)check["detail"]);
        }

        await Forwarding.SendAsync(server.Http, Forwarding.Trace(501));
        await SentAsync(toLangSmith, 2);
        await SentAsync(toWeave, 2);
        Assert.Equal(["POST /ask (chain)", "  chat gpt-4o (llm)"], langSmith.Outline());
        Assert.Equal(["POST /ask (success)", "  chat gpt-4o (success)"], weave.Outline());
        Assert.Equal(57, (int)langSmith.Named("chat gpt-4o")["outputs"]!["usage_metadata"]!["input_tokens"]!);
        Assert.Equal(57, (int)weave.Named("chat gpt-4o")["summary"]!["usage"]!["gpt-4o"]!["prompt_tokens"]!);
        Assert.Equal("s-501", (string?)langSmith.Named("chat gpt-4o")["extra"]!["metadata"]!["session_id"]);
        Assert.Equal("s-501", (string?)weave.Named("chat gpt-4o")["thread_id"]);
    }

    [Fact]
    public async Task A_root_that_comes_long_after_its_calls_completes_the_trace()
    {
        var (toLangSmith, toWeave) = (await server.AddAsync(ToLangSmith()), await server.AddAsync(ToWeave()));
        await Forwarding.SendAsync(server.Http, A.Resource("shop").Holding(Now("step", 2, 1)).Traces());
        await SentAsync(toLangSmith, 2);
        await SentAsync(toWeave, 1);
        Assert.Equal(["shop (chain)", "  step (chain)"], langSmith.Outline());
        await Forwarding.SendAsync(server.Http, A.Resource("shop").Holding(Now("research", 1, 0)).Traces());
        await SentAsync(toLangSmith, 3);
        await SentAsync(toWeave, 2);
        Assert.Equal(["research (chain)", "  step (chain)"], langSmith.Outline());
        Assert.Equal(["research (success)", "  step (success)"], weave.Outline());
    }

    private static SpanBuilder Now(string name, ulong id, ulong under)
    {
        var now = Spans.Timestamp.From(TimeProvider.System.GetUtcNow());
        return A.Span(name).Trace(502).Id(id, under).Between(now.Plus(TimeSpan.FromSeconds(-2)), now);
    }

    private JsonObject ToLangSmith() => new()
    {
        ["name"] = "langsmith",
        ["kind"] = "langsmith",
        ["config"] = new JsonObject { ["api_key"] = LangSmithStandIn.Key, ["endpoint"] = langSmith.Endpoint, ["project"] = "shop" },
    };

    private JsonObject ToWeave() => new()
    {
        ["name"] = "weave",
        ["kind"] = "weave",
        ["config"] = new JsonObject { ["api_key"] = WeaveStandIn.Key, ["host"] = weave.Host, ["project"] = "support-bot" },
    };

    private Task<JsonNode> SentAsync(JsonNode destination, int items) =>
        server.StatusAsync(destination, now => (long)now["sent"]! >= items && (long)now["backlog"]! == 0, $"{items} items sent to {destination["name"]}");
}
