using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Langfuse;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Langfuse;

/// <summary>What may be configured, what the check finds, where the link leads.</summary>
public sealed class LangfuseKindTests
{
    private static readonly OutboundRules Rules = new(AllowPrivateAddresses: false, []);

    [Theory]
    [InlineData("""{"secret_key":"sk-lf-1"}""", "public_key")]
    [InlineData("""{"public_key":"pk-lf-1"}""", "secret_key")]
    [InlineData("""{"public_key":" ","secret_key":"sk-lf-1"}""", "public_key")]
    [InlineData("""{"public_key":"pk:lf","secret_key":"sk-lf-1"}""", "public_key")]
    [InlineData("""{"public_key":"pk-lf-1","secret_key":"sk:lf"}""", "secret_key")]
    [InlineData("""{"public_key":"pk-lf-ü","secret_key":"sk-lf-1"}""", "public_key")]
    [InlineData("""{"public_key":"pk-lf-1","secret_key":"sk-lf-1","host":"cloud.langfuse.com"}""", "host")]
    [InlineData("""{"public_key":"pk-lf-1","secret_key":"sk-lf-1","host":"ftp://x.example"}""", "host")]
    [InlineData("""{"public_key":"pk-lf-1","secret_key":"sk-lf-1","host":"https://x.example/?a=b"}""", "host")]
    [InlineData("""{"public_key":"pk-lf-1","secret_key":"sk-lf-1","environment":"Production"}""", "environment")]
    [InlineData("""{"public_key":"pk-lf-1","secret_key":"sk-lf-1","environment":"langfuse-x"}""", "environment")]
    [InlineData("""{"public_key":"pk-lf-1","secret_key":"sk-lf-1","ingestion":"batch"}""", "ingestion")]
    [InlineData("""{"public_key":"pk-lf-1","secret_key":"sk-lf-1","project_key":"x"}""", "project_key")]
    public void A_wrong_field_is_named(string config, string field) =>
        Assert.Equal(field, Assert.IsType<ConfigResult.Wrong>(new LangfuseKind().Normalize((JsonObject)JsonNode.Parse(config)!, Rules)).Field);

    [Fact]
    public void Defaults_are_filled_in_and_a_base_path_is_kept()
    {
        var good = Assert.IsType<ConfigResult.Good>(new LangfuseKind().Normalize((JsonObject)JsonNode.Parse("""{"public_key":"pk-lf-1","secret_key":"sk-lf-1"}""")!, Rules));
        Assert.Equal(("https://cloud.langfuse.com", "otlp"), ((string)good.Config["host"]!, (string)good.Config["ingestion"]!));
        Assert.Empty(good.Warnings);
        var own = Assert.IsType<ConfigResult.Good>(new LangfuseKind().Normalize((JsonObject)JsonNode.Parse("""{"public_key":"key","secret_key":"sk-lf-1","host":"http://own.example/langfuse/"}""")!, Rules));
        Assert.Equal("http://own.example/langfuse", (string)own.Config["host"]!);
        Assert.Equal(2, own.Warnings.Count);
    }

    [Fact]
    public async Task The_check_finds_the_project()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        var found = await CheckAsync(langfuse, langfuse.Config());
        Assert.True(found.Ok, found.Detail);
        Assert.Contains("'Shop'", found.Detail, StringComparison.Ordinal);
        Assert.Equal(langfuse.Address + "project/project-1", found.ProjectUrl);
    }

    [Theory]
    [InlineData("sk-lf-other", "another region")]
    [InlineData("organisation", "keys of an organisation")]
    [InlineData("empty", "no project")]
    [InlineData("redirect", "redirects")]
    [InlineData("html", "No Langfuse")]
    [InlineData("trouble", "answered 500")]
    public async Task The_check_says_what_is_wrong(string wrong, string words)
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        var config = langfuse.Config();
        switch (wrong)
        {
            case "organisation": config["public_key"] = LangfuseStandIn.OrganizationKey; break;
            case "empty": langfuse.HasProject = false; break;
            case "redirect": langfuse.Fail(new StandInAnswer(302).With("Location", "/elsewhere")); break;
            case "html": langfuse.Fail(new StandInAnswer(200, "<html>Welcome</html>", "text/html")); break;
            case "trouble": langfuse.Fail(new StandInAnswer(500, "oops")); break;
            default: config["secret_key"] = wrong; break;
        }

        var result = await CheckAsync(langfuse, config);
        Assert.False(result.Ok);
        Assert.Contains(words, result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_check_warns_of_a_server_too_old_for_otlp()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        langfuse.Version = "2.95.11";
        var result = await CheckAsync(langfuse, langfuse.Config());
        Assert.True(result.Ok);
        Assert.Contains("legacy", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_leads_to_the_trace_in_its_project_once_something_was_delivered()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config());
        await rig.AddAsync(Scenarios.Get("llm-message"));
        await rig.DeliverAsync();
        var trace = Scenarios.Get("llm-message").Revisions()[0].Revision.TraceId;
        Assert.Equal($"{langfuse.Address}trace/{trace}", await rig.LinkToAsync(trace));
        await using var platform = rig.Open();
        await platform.CheckAsync(TestContext.Current.CancellationToken);
        Assert.Equal($"{langfuse.Address}project/project-1/traces/{trace}", await rig.LinkToAsync(trace, platform));
        Assert.Equal(1, langfuse.Requests.Take(2).Count(request => request.Path == "/api/public/projects"));
    }

    private static async Task<CheckResult> CheckAsync(LangfuseStandIn langfuse, JsonObject config)
    {
        await using var rig = new ForwardRig(new LangfuseKind(), config);
        await using var platform = rig.Open();
        return await platform.CheckAsync(TestContext.Current.CancellationToken);
    }
}
