using System.Text.Json.Nodes;
using Callwatch.Backup;
using Callwatch.Backup.Restoring;
using Callwatch.Control;
using Callwatch.Server.Tests.Access;
using Callwatch.Server.Tests.Reading;
using Callwatch.Server.Tests.Receive;
using Callwatch.Spans;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Destinations;

/// <summary>What became of traces is told wherever somebody looks, and a restored folder goes on where its lanes stood.</summary>
public sealed class DeliveriesSeenTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_became_of_a_trace_at_each_destination_is_told_in_lookup_system_metrics_and_by_the_doctor()
    {
        await using var sentry = await SentryStandIn.StartedAsync();
        await using var server = await Forwarding.ServerAsync();
        await server.AddAsync(To("issues", sentry.Dsn));
        var closed = await server.AddAsync(To("closed", sentry.Dsn.Replace(SentryStandIn.Key, new string('f', 32), StringComparison.Ordinal)));
        await server.AddAsync(To("elsewhere", sentry.Dsn, app: "another"));
        await Forwarding.SendAsync(server.Http, Failed(1));

        var lookup = $"/api/v1/lookup/{Traffic.TraceId(1)}";
        var steps = await Forwarding.UntilAsync(
            () => server.CallAsync(HttpMethod.Get, lookup),
            answer => State(answer, "issues")?["state"]?.ToString() == "done" && (string?)State(answer, "closed")?["reason"] == "blocked", "one has it, one refuses");
        Assert.Equal(["received", "stored", "settled", "delivered", "delivered"], steps["matches"]![0]!["steps"]!.AsArray().Select(step => (string?)step!["step"]));
        Assert.NotNull(State(steps, "issues")!["time"]);
        Assert.Equal("waiting", (string?)State(steps, "closed")!["state"]);
        Assert.NotNull(steps["matches"]![0]!["steps"]![2]!["time"]);
        Assert.True((bool)(await server.GetAsync($"/api/v1/traces/{Traffic.TraceId(1)}"))["trace"]!["settled"]!);
        Assert.Equal("SmtpError", (string?)Assert.Single(sentry.Events)["exception"]!["values"]![0]!["type"]);

        var system = await server.GetAsync("/api/v1/system");
        var lanes = system["lanes"]!.AsArray();
        Assert.Equal([("issues", "idle", 0), ("closed", "blocked", 1), ("elsewhere", "idle", 0)], lanes.Select(lane => ((string)lane!["destination"]!, (string)lane["state"]!, (int)lane["backlog"]!)));
        Assert.DoesNotContain(new string('f', 32), lanes.ToJsonString(), StringComparison.Ordinal);
        Assert.NotNull(lanes[1]!["reason"]);
        Assert.Equal("running", (string?)system["readers"]!.AsArray().Single(reader => (string?)reader!["name"] == "settle")!["state"]);

        var metrics = await (await server.AskAsync("/metrics")).TextAsync();
        Assert.Contains($"callwatch_lane_in_trouble{{destination=\"closed\",kind=\"sentry\",id=\"{closed["id"]}\"}} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("callwatch_settled_head 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("callwatch_lane_items_total{destination=\"issues\",kind=\"sentry\",id=\"1\",result=\"sent\"} 1\n", metrics, StringComparison.Ordinal);

        var doctor = (await server.CallAsync(HttpMethod.Get, "/api/v1/doctor"))!;
        Assert.Contains(doctor["findings"]!.AsArray(), finding => (string?)finding!["check"] == "destinations" && (string?)finding["level"] == "problem" && ((string?)finding["what"])!.StartsWith("closed refuses", StringComparison.Ordinal));

        var other = Key.Make(server, KeyScopes.Admin, tenant: server.Services.GetRequiredService<Tenants>().Create("elsewhere")!.Id);
        Assert.Empty((await server.GetAsync("/api/v1/system", other))["lanes"]!.AsArray());
        Assert.DoesNotContain("callwatch_lane", await (await server.AskAsync("/metrics", other)).TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restored_folder_goes_on_where_its_lanes_stood_and_delivers_nothing_twice()
    {
        await using var sentry = await SentryStandIn.StartedAsync();
        using var temp = new TempFolder();
        await using (var server = await RunningServer.StartAsync(temp.At("data"), Forwarding.Settings))
        {
            await server.AddAsync(To("issues", sentry.Dsn));
            for (var number = 1UL; number <= 3; number++) await Forwarding.SendAsync(server.Http, Failed(number));
            await Eventually.HoldsAsync(() => sentry.Events.Count == 3, "all are delivered");

            // The answer has come; the place follows it.
            await Forwarding.UntilAsync(() => server.CallAsync(HttpMethod.Get, $"/api/v1/lookup/{Traffic.TraceId(3)}"), answer => (string?)State(answer, "issues")?["state"] == "done", "the lane stands behind it");
        }

        var backup = Assert.IsType<BackupResult.Done>(await OfflineBackup.MakeAsync(temp.At("data"), temp.At("backup"), null, _ => { }, TimeProvider.System, Cancel));
        Assert.Contains("settle", backup.Manifest.Places.Keys);
        Assert.Contains(backup.Manifest.Files, file => file.Path == "forward.db");
        Assert.IsType<RestoreResult.Done>(new Restore(TimeProvider.System).Run(temp.At("backup"), temp.At("restored"), _ => { }, Cancel));

        // No backup holds the key that secrets are sealed with.
        File.Copy(temp.At("data", "master.key"), temp.At("restored", "master.key"));
        await using var again = await RunningServer.StartAsync(temp.At("restored"), Forwarding.Settings);
        await Forwarding.SendAsync(again.Http, Failed(4));
        await Eventually.HoldsAsync(() => sentry.Events.Count == 4, "what came after the restore is delivered");
        Assert.Equal(0, sentry.Discarded);
        await Forwarding.UntilAsync(
            () => again.CallAsync(HttpMethod.Get, "/api/v1/system"), system => system["readers"]!.AsArray().All(reader => (string?)reader!["state"] == "running"), "all readers go on");
    }

    [Theory]
    [InlineData("forward.db")]
    [InlineData("settled")]
    public async Task Without_its_places_or_the_sequence_a_destination_is_sent_once_more_what_came_since_it_was_made_with_the_same_ids(string harmed)
    {
        await using var sentry = await SentryStandIn.StartedAsync();
        using var temp = new TempFolder();
        await using (var server = await RunningServer.StartAsync(temp.At("data"), Forwarding.Settings))
        {
            await Forwarding.SendAsync(server.Http, Failed(9));
            await Forwarding.UntilAsync(() => server.CallAsync(HttpMethod.Get, $"/api/v1/lookup/{Traffic.TraceId(9)}"), answer => answer["matches"]!.AsArray().Count > 0 && (string?)answer["matches"]![0]!["steps"]!.AsArray()[^1]!["state"] == "done", "one has settled before");
            await server.AddAsync(To("issues", sentry.Dsn));
            for (var number = 1UL; number <= 3; number++) await Forwarding.SendAsync(server.Http, Failed(number));
            await Eventually.HoldsAsync(() => sentry.Events.Count == 3, "all are delivered");
        }

        foreach (var file in harmed == "settled" ? Directory.GetFiles(temp.At("data", "settled")) : [temp.At("data", harmed)])
            await File.WriteAllTextAsync(file, "no database any more, whatever its name says", Cancel);
        await using var again = await RunningServer.StartAsync(temp.At("data"), Forwarding.Settings);
        await Forwarding.SendAsync(again.Http, Failed(4));

        // A sequence made anew also has what had settled before the destination was there.
        var expected = harmed == "settled" ? 5 : 4;
        await Eventually.HoldsAsync(() => sentry.Events.Count >= expected && sentry.Discarded >= 3, "what came then is delivered, and what came before once more");
        Assert.Equal((expected, 3), (sentry.Events.Count, sentry.Discarded));
    }

    private static JsonNode? State(JsonNode lookup, string destination) =>
        lookup["matches"]!.AsArray().FirstOrDefault()?["steps"]!.AsArray().FirstOrDefault(step => (string?)step!["destination"] == destination);

    private static JsonObject To(string name, string dsn, string app = "*") =>
        new() { ["name"] = name, ["kind"] = "sentry", ["config"] = new JsonObject { ["dsn"] = dsn }, ["apps"] = new JsonArray(app) };

    private static byte[] Failed(ulong number)
    {
        var now = Timestamp.From(TimeProvider.System.GetUtcNow());
        return A.Resource("shop").Holding(
            A.Span("send mail").Trace(number).Id(1).Kind(2).Between(now.Plus(TimeSpan.FromSeconds(-1)), now).Status(2, "SMTP 550 mailbox unavailable").With("error.type", "SmtpError")).Traces();
    }
}
