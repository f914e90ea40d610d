using System.Text.Json;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations;

/// <summary>What the platforms' own clients send passes the stand-ins: these are no stricter than the platforms, and read the same things.</summary>
public sealed class SdkTests
{
    [Fact]
    public async Task Langfuses_clients_pass_its_stand_in()
    {
        await PrepareAsync("langfuse");
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        await RunAsync("langfuse", "clients.mjs", new { baseUrl = Plain(langfuse.Address), publicKey = LangfuseStandIn.PublicKey, secretKey = LangfuseStandIn.SecretKey });
        var call = langfuse.Spans.Single(span => span.Text("langfuse.observation.type") == "generation");
        Assert.Equal(("gpt-4o-mini", "answer-question"), (call.Text("langfuse.observation.model.name"), call.Text("langfuse.trace.name")));
        Assert.Equal(langfuse.Spans.Single(span => span.ParentSpanId.IsNone).SpanId, call.ParentSpanId);

        // It has a scope of its own, which ours must not have, and does not name a version of ingestion.
        Assert.All(langfuse.Problems, problem => Assert.True(
            problem.Contains("own client", StringComparison.Ordinal) || problem.Contains("ten minutes", StringComparison.Ordinal) || problem.Contains("langfuse.internal.", StringComparison.Ordinal)
            || problem.Contains("level say", StringComparison.Ordinal), problem));
        Assert.Equal("msg-1", (string?)langfuse.Entities["msg-1"]["id"]);
        Assert.Equal("msg-1", (string?)langfuse.Entities.Values.Single(entity => (string?)entity["model"] == "gpt-4o-mini")["traceId"]);
    }

    [Fact]
    public async Task Opiks_client_passes_its_stand_in()
    {
        await PrepareAsync("opik");
        await using var opik = await OpikStandIn.StartedAsync(TimeProvider.System);
        await RunAsync("opik", "client.mjs", new { apiUrl = Plain(opik.Address) + "/api", apiKey = OpikStandIn.Key, workspaceName = OpikStandIn.Workspace, projectName = "callwatch" });
        var trace = Assert.Single(opik.Traces.Values);
        Assert.Equal(("message", "conv-7"), ((string?)trace["name"], (string?)trace["thread_id"]));
        Assert.Equal((string?)trace["id"], (string?)Assert.Single(opik.Spans.Values)["trace_id"]);
        Assert.Equal("user", (string?)Assert.Single(opik.Scores)["name"]);
        Assert.Empty(opik.Problems);
    }

    [Fact]
    public async Task Sentrys_client_passes_its_stand_in()
    {
        await PrepareAsync("sentry");
        await using var sentry = await SentryStandIn.StartedAsync();
        sentry.OnlyOurs = false;
        await RunAsync("sentry", "send.mjs", new { dsn = sentry.Dsn });
        var told = Assert.Single(sentry.Events);
        Assert.Equal(["TypeError", "Error"], told["exception"]!["values"]!.AsArray().Select(one => (string?)one!["type"]));
        var run = Assert.Single(sentry.Transactions);
        Assert.Equal(("answer", "gen_ai.chat"), ((string?)run["transaction"], (string?)Assert.Single(run["spans"]!.AsArray())!["op"]));
        Assert.Equal((string?)run["contexts"]!["trace"]!["trace_id"], (string?)told["contexts"]!["trace"]!["trace_id"]);
    }

    private static string Plain(Uri address) => address.ToString().TrimEnd('/');

    private static async Task RunAsync(string folder, string script, object input) =>
        await Node.ScriptAsync(folder, script, JsonSerializer.Serialize(input), TestContext.Current.CancellationToken);

    private static async Task PrepareAsync(string folder)
    {
        if (await Node.PrepareAsync(folder, TestContext.Current.CancellationToken) is not { } missing) return;
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(missing);
        Assert.Skip(missing);
    }
}
