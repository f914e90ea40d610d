using System.Text.Json.Nodes;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations;

/// <summary>The platforms' own clients for JavaScript, pointed at the stand-ins: what they send passes there too, so the stand-ins ask for nothing that nobody sends.</summary>
public sealed class OfficialClientTests
{
    [Fact]
    public async Task LangSmiths_client_passes_its_stand_in()
    {
        await using var standIn = new LangSmithStandIn();
        await standIn.StartAsync();
        await RunAsync("langsmith", new JsonObject { ["endpoint"] = standIn.Endpoint, ["key"] = LangSmithStandIn.Key });
        Assert.Equal(["answer (chain)", "  search (retriever)", "  ask (llm)", "  mail (tool)"], standIn.Outline());
        Assert.Contains("SMTP 550", (string?)standIn.Named("mail")["error"], StringComparison.Ordinal);
        Assert.Equal("quality", (string?)Assert.Single(standIn.Feedback).Value["key"]);
    }

    [Fact]
    public async Task Weaves_client_passes_its_stand_in()
    {
        await using var standIn = new WeaveStandIn();
        await standIn.StartAsync();
        await RunAsync("weave", new JsonObject { ["host"] = standIn.Host, ["endpoint"] = standIn.Endpoint, ["key"] = WeaveStandIn.Key });
        Assert.Equal(3, standIn.Calls.Count);
        var root = standIn.Calls.Values.Single(call => call["parent_id"] is null);
        Assert.Equal("Paris.", (string?)root["output"]);
        Assert.All(standIn.Calls.Values.Where(call => (string?)call["id"] != (string?)root["id"]), call => Assert.Equal((string?)root["id"], (string?)call["parent_id"]));
        Assert.Single(standIn.Calls.Values, call => call["exception"] is not null);
    }

    private static async Task RunAsync(string folder, JsonObject settings)
    {
        var cancel = TestContext.Current.CancellationToken;
        if (await Node.PrepareAsync(folder, cancel) is { } missing)
        {
            if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(missing);
            Assert.Skip(missing);
        }

        await Node.ScriptAsync(folder, "send.mjs", settings.ToJsonString(), cancel);
    }
}
