using System.Diagnostics;
using System.Text.Json.Nodes;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Client.Tests.Sentry;

/// <summary>What we send, read by the parser of Sentry's own JavaScript client.</summary>
[Collection("activities of the process")]
public sealed class ReadBackTests
{
    private static readonly ActivitySource Source = new("Shop.ReadBack");

    [Fact]
    public async Task Sentrys_own_parser_reads_our_envelopes()
    {
        if (await Node.PrepareAsync("sentry", TestContext.Current.CancellationToken) is { } missing)
        {
            if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(missing);
            Assert.Skip(missing);
        }

        await using var world = await World.StartAsync(options => (options.TracesSampleRate, options.IgnoreTransaction, options.BeforeSend) = (1, root => root.Source != Source, told => told.Original is FormatException ? null : told));
        world.Hub.Capture(new FormatException("dropped, so that there is a report"));
        using (Source.StartActivity("naïve 字 job"))
        using (Source.StartActivity("step"))
        {
            world.Hub.Breadcrumb("line one\nline two");
            world.Hub.Capture(World.Thrown(new InvalidOperationException("naïve 字 \"quoted\"\n{\"type\":\"event\"}", new TimeoutException("cause"))));
        }

        await world.Hub.FlushAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, world.Sentry.Requests.Count);
        var read = JsonNode.Parse(await Node.ScriptAsync("sentry", "read.mjs", new JsonArray([.. world.Sentry.Requests.Select(request => JsonValue.Create(Convert.ToBase64String(request.Body!)))]).ToJsonString(), TestContext.Current.CancellationToken))!.AsArray();
        Assert.Equal([["event", "client_report"], ["transaction"]], read.Select(envelope => envelope!["items"]!.AsArray().Select(item => (string)item!["type"]!).ToArray()));
        var told = read[0]!["items"]![0]!["payload"]!;
        Assert.Equal((string?)told["event_id"], (string?)read[0]!["header"]!["event_id"]);
        Assert.Equal("naïve 字 \"quoted\"\n{\"type\":\"event\"}", (string?)told["exception"]!["values"]![1]!["value"]);
        Assert.Equal("before_send", (string?)read[0]!["items"]![1]!["payload"]!["discarded_events"]![0]!["reason"]);
        var run = read[1]!;
        Assert.Equal(("naïve 字 job", "true", 1), ((string?)run["items"]![0]!["payload"]!["transaction"], (string?)run["header"]!["trace"]!["sampled"], run["items"]![0]!["payload"]!["spans"]!.AsArray().Count));
        Assert.Equal((string?)told["contexts"]!["trace"]!["trace_id"], (string?)run["header"]!["trace"]!["trace_id"]);
    }
}
