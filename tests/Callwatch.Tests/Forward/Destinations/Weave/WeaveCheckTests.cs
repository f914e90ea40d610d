using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Weave;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Weave;

/// <summary>What a config may hold, and what its check finds.</summary>
public sealed class WeaveCheckTests
{
    private static readonly OutboundRules Strict = new(AllowPrivateAddresses: false, []);

    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"project":"bot"}""", """{"api_key":"k-1","project":"bot","endpoint":"https://trace.wandb.ai"}""")]
    [InlineData("""{"project":"acme/bot"}""", """{"api_key":"k-1","project":"bot","entity":"acme","endpoint":"https://trace.wandb.ai"}""")]
    [InlineData("""{"project":"bot","entity":"acme","host":"https://wandb.example/"}""", """{"api_key":"k-1","entity":"acme","project":"bot","host":"https://wandb.example","endpoint":"https://wandb.example/traces"}""")]
    [InlineData("""{"project":"bot","endpoint":"https://own.example/weave/"}""", """{"api_key":"k-1","project":"bot","endpoint":"https://own.example/weave"}""")]
    public void A_config_is_stored_whole_and_clean(string config, string expected)
    {
        var given = JsonNode.Parse(config)!.AsObject();
        given["api_key"] = "k-1";
        var good = Assert.IsType<ConfigResult.Good>(new WeaveKind().Normalize(given, Strict)).Config;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), good), good.ToJsonString());
        Assert.True(JsonNode.DeepEquals(good, Assert.IsType<ConfigResult.Good>(new WeaveKind().Normalize((JsonObject)good.DeepClone(), Strict)).Config), "a second time nothing changes");
    }

    [Theory]
    [InlineData("api_key", null)]
    [InlineData("project", null)]
    [InlineData("project", "my bot")]
    [InlineData("project", "acme/bots/one")]
    [InlineData("project", "acme/")]
    [InlineData("entity", "acme/bots")]
    [InlineData("project", "other/bot")]
    [InlineData("endpoint", "http://trace.example")]
    [InlineData("endpoint", "trace.example")]
    [InlineData("host", "http://wandb.example")]
    [InlineData("workspace", "acme")]
    public void A_wrong_config_names_the_field(string field, string? value)
    {
        var config = new JsonObject { ["api_key"] = "k-1", ["project"] = "bot", ["entity"] = "acme" };
        config[field] = value;
        Assert.Equal(field == "project" && value == "other/bot" ? "entity" : field, Assert.IsType<ConfigResult.Wrong>(new WeaveKind().Normalize(config, Strict)).Field);
    }

    [Theory]
    [InlineData("https://trace.wandb.ai", null, "https://api.wandb.ai", "https://wandb.ai")]
    [InlineData("https://wandb.example/traces", null, "https://wandb.example", "https://wandb.example")]
    [InlineData("https://trace.example", "https://wandb.example", "https://wandb.example", "https://wandb.example")]
    public void Account_and_pages_are_where_the_trace_server_belongs(string endpoint, string? host, string account, string app)
    {
        var target = new WeaveTarget(endpoint, host, "k-1", null, "bot");
        Assert.Equal((account, app), (target.Account, target.App));
    }

    [Fact]
    public async Task A_check_finds_the_project_or_says_that_it_will_be_made()
    {
        await using var there = await WeaveRig.StartAsync(new JsonObject { ["project"] = "support-bot" });
        await using var platform = there.Rig.Open();
        var before = await platform.CheckAsync(cancel);
        Assert.True(before.Ok, before.Detail);
        Assert.Contains("will be made", before.Detail, StringComparison.Ordinal);
        Assert.Empty(there.StandIn.Projects);
        await there.DeliverAsync("llm-message");
        var after = await platform.CheckAsync(cancel);
        Assert.Equal("Traces go to acme/support-bot.", after.Detail);
        Assert.Equal(there.StandIn.Host + "/acme/support-bot/weave", after.ProjectUrl);
        Assert.NotNull(after.Latency);
    }

    [Fact]
    public async Task A_check_says_what_is_wrong_with_key_entity_and_address()
    {
        await using var wrongKey = await WeaveRig.StartAsync(new JsonObject { ["api_key"] = "another", ["project"] = "support-bot" });
        Assert.Contains("does not know this key", await DetailAsync(wrongKey), StringComparison.Ordinal);
        await using var wrongKeyWithEntity = await WeaveRig.StartAsync(new JsonObject { ["api_key"] = "another" });
        Assert.Contains("does not know this key", await DetailAsync(wrongKeyWithEntity), StringComparison.Ordinal);
        await using var others = await WeaveRig.StartAsync(new JsonObject { ["project"] = "others/bot" });
        Assert.Contains("may not use others/bot", await DetailAsync(others), StringComparison.Ordinal);

        await using var elsewhere = await WeaveRig.StartAsync();
        elsewhere.StandIn.Always = _ => new StandInAnswer(404, """{"detail":"Not Found"}""");
        Assert.Contains("No Weave trace server", await DetailAsync(elsewhere), StringComparison.Ordinal);
        elsewhere.StandIn.Always = _ => new StandInAnswer(200, "<html></html>", "text/html");
        Assert.Contains("is no Weave trace server", await DetailAsync(elsewhere), StringComparison.Ordinal);
        elsewhere.StandIn.Always = _ => new StandInAnswer(302).With("Location", "https://login.example");
        Assert.Contains("redirects", await DetailAsync(elsewhere), StringComparison.Ordinal);

        var host = elsewhere.StandIn.Host;
        await elsewhere.StandIn.DisposeAsync();
        await using var gone = await WeaveRig.StartAsync(new JsonObject { ["host"] = host });
        Assert.StartsWith("No connection", await DetailAsync(gone), StringComparison.Ordinal);
    }

    private async Task<string> DetailAsync(WeaveRig there)
    {
        await using var platform = there.Rig.Open();
        var result = await platform.CheckAsync(cancel);
        Assert.False(result.Ok);
        return result.Detail;
    }
}
