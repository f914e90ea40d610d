using System.Text.Json.Nodes;
using Callwatch.Journal;
using Callwatch.Receive.Otlp;
using Callwatch.Settle;
using Callwatch.Spans;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Destinations;

/// <summary>One server that sends everything to every platform at once, as it is configured over HTTP and as it runs.</summary>
public sealed class EveryPlatformTests
{
    [Fact]
    public async Task Every_platform_is_content_with_its_config_and_takes_every_scenario_whole()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        await using var opik = await OpikStandIn.StartedAsync(TimeProvider.System);
        await using var sentry = await SentryStandIn.StartedAsync();
        await using var langSmith = new LangSmithStandIn();
        await using var weave = new WeaveStandIn();
        foreach (var standIn in new StandIn[] { langSmith, weave }) await standIn.StartAsync();
        await using var phoenix = new PhoenixStandIn { ApiKey = "phoenix-key" };
        await using var arize = new ArizeStandIn();
        await using var aliyun = new AliyunStandIn();
        await using var collector = new OtlpStandIn { Keys = new Dictionary<string, string> { ["authorization"] = "Bearer collector-key" } };
        foreach (var host in new WireHost[] { phoenix, arize, aliyun, collector }) await host.StartAsync();
        langfuse.MayBeNamedLate = true;
        Platform[] platforms =
        [
            new("langfuse", langfuse.Config(), () => langfuse.Problems),
            new("opik", opik.Config(), () => opik.Problems),
            new("langsmith", new JsonObject { ["api_key"] = LangSmithStandIn.Key, ["endpoint"] = langSmith.Endpoint, ["project"] = "shop" }, () => []),
            new("weave", new JsonObject { ["api_key"] = WeaveStandIn.Key, ["host"] = weave.Host, ["project"] = "shop" }, () => []),
            new("sentry", new JsonObject { ["dsn"] = sentry.Dsn, ["errors_only"] = false, ["traces_sample_rate"] = 1 }, () => []),
            new("phoenix", new JsonObject { ["api_key"] = "phoenix-key", ["endpoint"] = phoenix.Address, ["project"] = "shop" }, () => phoenix.Lost),
            new("arize", new JsonObject { ["api_key"] = ArizeStandIn.ApiKey, ["space_id"] = ArizeStandIn.SpaceId, ["endpoint"] = arize.Address, ["project"] = "shop" }, () => []),
            new("aliyun", new JsonObject { ["license_key"] = AliyunStandIn.LicenseKey, ["endpoint"] = aliyun.Address }, () => []),
            Otlp(collector.Address, "http/protobuf", "genai"),
            Otlp(collector.Address, "http/json", "openinference"),
            Otlp(collector.GrpcAddress, "grpc", "both"),
        ];
        await using var server = await Forwarding.ServerAsync();
        var destinations = new List<(Platform Platform, JsonNode Made)>();
        foreach (var platform in platforms)
        {
            var destination = new JsonObject { ["name"] = $"{platform.Kind} {destinations.Count}", ["kind"] = platform.Kind, ["config"] = platform.Config.DeepClone() };
            var check = (await server.CallAsync(HttpMethod.Post, "/api/v1/destinations/check", destination.ToJsonString()))!;
            Assert.True((bool)check["ok"]!, $"{platform.Kind}: {check["detail"]}");
            destinations.Add((platform, await server.AddAsync(destination)));
        }

        var requests = Scenarios.All.SelectMany(scenario => scenario.Requests).ToList();
        foreach (var request in requests) await Forwarding.SendAsync(server.Http, request);
        var sent = requests.SelectMany(IdsIn).ToHashSet();
        var traces = sent.DistinctBy(span => span.TraceId).Count();
        var settling = server.Services.GetRequiredService<ISettleState>();
        var last = server.Services.GetRequiredService<IJournal>().Head.Number;
        await Eventually.HoldsAsync(() => settling.Status is { Open: 0 } now && now.Head >= traces && now.Read?.Number >= last, "everything settles");
        foreach (var (platform, made) in destinations)
        {
            var status = await server.StatusAsync(made, now => (long)now["backlog"]! == 0 && (string?)now["state"] == "idle" && (long)now["sent"]! > 0, $"{platform.Kind} has everything");
            var letters = await server.CallAsync(HttpMethod.Get, $"/api/v1/destinations/{made["id"]}/dead-letters");
            Assert.True((long)status["refused"]! == 0 && (long)status["expired"]! == 0, $"{platform.Kind}: {status.ToJsonString()} {letters!.ToJsonString()}");
            Assert.Empty(platform.Problems());
        }

        Assert.Subset(collector.Spans.Select(span => (span.TraceId, span.SpanId)).ToHashSet(), sent);
    }

    private static Platform Otlp(string address, string protocol, string conventions) => new(
        "otlp", new JsonObject { ["endpoint"] = address, ["protocol"] = protocol, ["conventions"] = conventions, ["headers"] = new JsonObject { ["Authorization"] = "Bearer collector-key" } }, () => []);

    private static List<(TraceId TraceId, SpanId SpanId)> IdsIn(byte[] request)
    {
        List<(TraceId, SpanId)> ids = [];
        foreach (var span in OtlpSpan.In(request)) ids.Add((span.TraceId, span.SpanId));
        return ids;
    }

    private sealed record Platform(string Kind, JsonObject Config, Func<IReadOnlyList<string>> Problems);
}
