using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.LangSmith;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.LangSmith;

/// <summary>What a config may hold, and what its check finds.</summary>
public sealed class LangSmithCheckTests
{
    private static readonly OutboundRules Strict = new(AllowPrivateAddresses: false, []);

    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Fact]
    public void A_config_is_stored_whole_and_clean()
    {
        var config = new JsonObject { ["api_key"] = " lsv2_pt_1 ", ["endpoint"] = "https://smith.example/api/v1/", ["workspace_id"] = "5D1F0C9E-7A3B-4826-9D0E-2B7C11AA90FF" };
        var good = Assert.IsType<ConfigResult.Good>(new LangSmithKind().Normalize(config, Strict));
        Assert.Empty(good.Warnings);
        Assert.Equal(
            """{"api_key":"lsv2_pt_1","project":"default","endpoint":"https://smith.example/api/v1","workspace_id":"5d1f0c9e-7a3b-4826-9d0e-2b7c11aa90ff"}""", good.Config.ToJsonString());
    }

    [Fact]
    public void A_key_of_another_shape_is_taken_with_a_warning() =>
        Assert.Single(Assert.IsType<ConfigResult.Good>(new LangSmithKind().Normalize(new JsonObject { ["api_key"] = "ls__old" }, Strict)).Warnings);

    [Theory]
    [InlineData("api_key", null)]
    [InlineData("api_key", " ")]
    [InlineData("endpoint", "smith.example")]
    [InlineData("endpoint", "http://smith.example/api/v1")]
    [InlineData("endpoint", "https://user:secret@smith.example")]
    [InlineData("endpoint", "https://smith.example/?key=1")]
    [InlineData("workspace_id", "mine")]
    [InlineData("region", "eu")]
    public void A_wrong_config_names_the_field(string field, string? value)
    {
        var config = new JsonObject { ["api_key"] = "lsv2_pt_1", [field] = value };
        Assert.Equal(field, Assert.IsType<ConfigResult.Wrong>(new LangSmithKind().Normalize(config, Strict)).Field);
    }

    [Theory]
    [InlineData("https://api.smith.langchain.com", "https://smith.langchain.com")]
    [InlineData("https://eu.api.smith.langchain.com", "https://eu.smith.langchain.com")]
    [InlineData("https://aws.api.smith.langchain.com", "https://aws.smith.langchain.com")]
    [InlineData("https://smith.example/api/v1", "https://smith.example")]
    [InlineData("https://smith.example/api", "https://smith.example")]
    [InlineData("https://smith.example:8443/langsmith/api/v1", "https://smith.example:8443/langsmith")]
    public void People_look_where_the_address_of_programs_says(string endpoint, string web)
    {
        using var http = new HttpClient();
        Assert.Equal(web, new LangSmithApi(endpoint, "lsv2_pt_1", null, "default", new DestinationContext(http, TimeProvider.System, "1.0.0")).WebAddress);
    }

    [Fact]
    public async Task A_check_finds_the_project_or_says_that_it_will_be_made()
    {
        await using var there = await LangSmithRig.StartAsync();
        await using var platform = there.Rig.Open();
        var before = await platform.CheckAsync(cancel);
        Assert.True(before.Ok);
        Assert.Contains("will be made", before.Detail, StringComparison.Ordinal);
        await there.DeliverAsync("llm-message");
        var after = await platform.CheckAsync(cancel);
        Assert.True(after.Ok);
        Assert.Equal("Traces go to the project 'shop traces' (LangSmith 0.13.9).", after.Detail);
        Assert.EndsWith("/projects/p/" + LangSmithStandIn.ProjectId, after.ProjectUrl, StringComparison.Ordinal);
        Assert.NotNull(after.Latency);
    }

    [Fact]
    public async Task A_check_says_what_is_wrong_with_key_workspace_and_address()
    {
        await using var wrongKey = await LangSmithRig.StartAsync(new JsonObject { ["api_key"] = "lsv2_pt_wrong" });
        Assert.Contains("does not know this key", await DetailAsync(wrongKey), StringComparison.Ordinal);

        await using var several = await LangSmithRig.StartAsync();
        several.StandIn.WantsWorkspace = true;
        Assert.Contains("give 'workspace_id'", await DetailAsync(several), StringComparison.Ordinal);

        await using var one = await LangSmithRig.StartAsync(new JsonObject { ["workspace_id"] = LangSmithStandIn.WorkspaceId });
        one.StandIn.WantsWorkspace = true;
        await using var platform = one.Rig.Open();
        Assert.True((await platform.CheckAsync(cancel)).Ok);

        await using var elsewhere = await LangSmithRig.StartAsync();
        elsewhere.StandIn.Always = _ => new StandInAnswer(200, "<html></html>", "text/html");
        Assert.Contains("is no LangSmith", await DetailAsync(elsewhere), StringComparison.Ordinal);
        elsewhere.StandIn.Always = _ => new StandInAnswer(404, "", "text/plain");
        Assert.Contains("No LangSmith at this address", await DetailAsync(elsewhere), StringComparison.Ordinal);
        elsewhere.StandIn.Always = _ => new StandInAnswer(302).With("Location", "https://login.example");
        Assert.Contains("redirects", await DetailAsync(elsewhere), StringComparison.Ordinal);

        var address = elsewhere.StandIn.Endpoint;
        await elsewhere.StandIn.DisposeAsync();
        await using var gone = await LangSmithRig.StartAsync(new JsonObject { ["endpoint"] = address });
        Assert.StartsWith("No connection", await DetailAsync(gone), StringComparison.Ordinal);
    }

    private async Task<string> DetailAsync(LangSmithRig there)
    {
        await using var platform = there.Rig.Open();
        var result = await platform.CheckAsync(cancel);
        Assert.False(result.Ok);
        Assert.Null(result.ProjectUrl);
        return result.Detail;
    }
}
