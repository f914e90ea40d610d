using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Opik;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Opik;

/// <summary>What may be configured, what the check finds, where the link leads.</summary>
public sealed class OpikKindTests
{
    private static readonly OutboundRules Rules = new(AllowPrivateAddresses: false, []);

    [Theory]
    [InlineData("""{}""", "api_key")]
    [InlineData("""{"url":"https://WWW.comet.com/opik/api/"}""", "api_key")]
    [InlineData("""{"url":"https://opik.example/","api_key":"k"}""", "url")]
    [InlineData("""{"url":"https://opik.example/apis","api_key":"k"}""", "url")]
    [InlineData("""{"url":"opik.example/api/","api_key":"k"}""", "url")]
    [InlineData("""{"url":"https://opik.example/api/?x=1","api_key":"k"}""", "url")]
    [InlineData("""{"api_key":"kü"}""", "api_key")]
    [InlineData("""{"api_key":"k","workspace":"ü"}""", "workspace")]
    [InlineData("""{"api_key":7}""", "api_key")]
    [InlineData("""{"api_key":"k","entity":"x"}""", "entity")]
    public void A_wrong_field_is_named(string config, string field) =>
        Assert.Equal(field, Assert.IsType<ConfigResult.Wrong>(new OpikKind().Normalize((JsonObject)JsonNode.Parse(config)!, Rules)).Field);

    [Theory]
    [InlineData("""{"api_key":"k"}""", "https://www.comet.com/opik/api/")]
    [InlineData("""{"url":"https://opik.example/opik/api","api_key":"k"}""", "https://opik.example/opik/api/")]
    [InlineData("""{"url":"http://localhost:5173/api/"}""", "http://localhost:5173/api/")]
    public void Defaults_are_filled_in_and_the_slash_at_the_end_is_added(string config, string url)
    {
        var good = Assert.IsType<ConfigResult.Good>(new OpikKind().Normalize((JsonObject)JsonNode.Parse(config)!, Rules));
        Assert.Equal((url, "default", "Default Project"), ((string)good.Config["url"]!, (string)good.Config["workspace"]!, (string)good.Config["project"]!));
    }

    [Fact]
    public async Task The_check_finds_the_workspace_behind_default()
    {
        await using var opik = await OpikStandIn.StartedAsync(TimeProvider.System);
        var found = await CheckAsync(opik.Config(("workspace", "default"), ("project", "my project")));
        Assert.True(found.Ok, found.Detail);
        Assert.Contains("'acme'", found.Detail, StringComparison.Ordinal);
        Assert.Equal(opik.Address + "acme/redirect/projects?name=my%20project", found.ProjectUrl);
    }

    [Fact]
    public async Task A_server_without_accounts_needs_no_key()
    {
        await using var opik = await OpikStandIn.StartedAsync(TimeProvider.System);
        opik.HasAccounts = false;
        var found = await CheckAsync(opik.Config(("api_key", null), ("workspace", "default")));
        Assert.True(found.Ok, found.Detail);
        Assert.All(opik.Requests, request => Assert.Null(request.Header("Authorization")));
    }

    [Theory]
    [InlineData("key", "does not know this key")]
    [InlineData("none", "asks for an API key")]
    [InlineData("workspace", "may not use the workspace 'other'")]
    [InlineData("html", "No Opik API")]
    [InlineData("404", "No Opik API")]
    [InlineData("redirect", "redirects")]
    [InlineData("trouble", "answered 500")]
    public async Task The_check_says_what_is_wrong(string wrong, string words)
    {
        await using var opik = await OpikStandIn.StartedAsync(TimeProvider.System);
        var config = opik.Config();
        switch (wrong)
        {
            case "key": config["api_key"] = "another"; break;
            case "none": config["api_key"] = null; break;
            case "workspace": config["workspace"] = "other"; break;
            case "html": opik.Fail(new StandInAnswer(200, "<html>Welcome</html>", "text/html")); break;
            case "404": opik.Fail(new StandInAnswer(404)); break;
            case "redirect": opik.Fail(new StandInAnswer(301).With("Location", "/elsewhere")); break;
            default: opik.Fail(new StandInAnswer(500, "oops")); break;
        }

        var result = await CheckAsync(config);
        Assert.False(result.Ok);
        Assert.Contains(words, result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_leads_to_the_trace_by_the_id_it_has_there()
    {
        var time = new ManualTime(Scenario.Received.Plus(TimeSpan.FromMinutes(10)).ToDateTimeOffset());
        await using var opik = await OpikStandIn.StartedAsync(time);
        await using var rig = new ForwardRig(new OpikKind(), opik.Config(), time);
        await rig.AddAsync(Scenarios.Get("llm-message"));
        await rig.DeliverAsync();
        var path = Uri.EscapeDataString(Convert.ToBase64String(Encoding.UTF8.GetBytes(opik.Address + "api/")));
        Assert.Equal(
            $"{opik.Address}api/v1/session/redirect/projects/?trace_id={Assert.Single(opik.Traces).Key}&path={path}",
            await rig.LinkToAsync(Scenarios.Get("llm-message").Revisions()[0].Revision.TraceId));
    }

    private static async Task<CheckResult> CheckAsync(JsonObject config)
    {
        await using var rig = new ForwardRig(new OpikKind(), config);
        await using var platform = rig.Open();
        return await platform.CheckAsync(TestContext.Current.CancellationToken);
    }
}
