using System.Net;
using System.Text.Json.Nodes;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Destinations;

/// <summary>The real command, killed again and again while it rotates the keys of a running server: secrets open afterwards, lanes go on.</summary>
public sealed class RotationKillTests
{
    private const int Rounds = 24;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_anywhere_in_a_rotation_it_leaves_secrets_that_open_and_lanes_that_go_on()
    {
        using var folder = new TempFolder();
        await using var collector = await PickyCollector.StartAsync();
        collector.Wants = "Bearer kept-through-rotations";
        await using var server = await CallwatchProcess.ServeAsync(folder.Path, [], Forwarding.Environment);
        using var http = server.NewHttp();
        var admin = (await File.ReadAllTextAsync(folder.At("admin.key"), Cancel)).Trim();
        var id = (int)(await Forwarding.CallAsync(http, HttpMethod.Post, "/api/v1/destinations", admin, Forwarding.ToOtlp(collector.Url, key: "kept-through-rotations").ToJsonString(), HttpStatusCode.Created))!["id"]!;
        await SentAsync(1);

        // One runs to its end, to know how long that takes; the others are killed at every part of that time, the last of them hardly ever.
        var begun = TimeProvider.System.GetTimestamp();
        Assert.Equal(0, (await CallwatchProcess.RunAsync(["secrets", "rotate", "--data", folder.Path])).Code);
        var whole = TimeProvider.System.GetElapsedTime(begun);
        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (var round = 1; round <= Rounds; round++)
        {
            await using (var rotation = CallwatchProcess.Start(round % 2 == 0 ? ["secrets", "rotate", "--data", folder.Path] : ["secrets", "rotate", "--master", "--data", folder.Path]))
            {
                using var late = new CancellationTokenSource(whole * ((round - 1) % 12 + 1) / 8);
                await rotation.ExitAsync(whole * 4).WaitAsync(late.Token).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                await rotation.KillAsync();
            }

            var state = (await Forwarding.CallAsync(http, HttpMethod.Get, "/api/v1/secrets", admin))!;
            Assert.Equal((1, 0, null), ((int)state["sealed"]!, (int)state["locked"]!, (string?)state["problem"]));
            keys.Add((string)state["master_key_id"]!);
            if (round % 6 == 0) await SentAsync((ulong)round);
        }

        // Whatever stands after the last kill, a rotation left alone goes through.
        Assert.Equal(0, (await CallwatchProcess.RunAsync(["secrets", "rotate", "--master", "--data", folder.Path])).Code);
        Assert.True(keys.Add((string)(await Forwarding.CallAsync(http, HttpMethod.Get, "/api/v1/secrets", admin))!["master_key_id"]!), "a rotation of the master key changes it");
        var (code, said, error) = await CallwatchProcess.RunAsync(["secrets", "show", "--data", folder.Path]);
        Assert.True(code == 0, said + error);

        // A start of its own opens them too: nothing lives in the memory of the first alone.
        await server.KillAsync();
        var (healthy, findings, _) = await CallwatchProcess.RunAsync(["doctor", "--data", folder.Path, "--json"]);
        Assert.Equal("fine", (string?)JsonNode.Parse(findings)!["findings"]!.AsArray().First(finding => (string?)finding!["check"] == "secrets")!["level"]);
        Assert.Equal(0, healthy);
        await using var again = await CallwatchProcess.ServeAsync(folder.Path, [], Forwarding.Environment);
        using var after = again.NewHttp();
        await SentAsync(100, after);
        Assert.False(File.Exists(folder.At("master.key.next")));

        async Task SentAsync(ulong trace, HttpClient? through = null)
        {
            await Forwarding.SendAsync(through ?? http, Forwarding.Trace(trace));
            await Forwarding.UntilAsync(
                () => Forwarding.CallAsync(through ?? http, HttpMethod.Get, $"/api/v1/destinations/{id}/status", admin),
                now => (string?)now["state"] == "idle" && (long)now["backlog"]! == 0 && collector.Taken.Any(span => span.StartsWith(A.TraceId(trace).ToString(), StringComparison.Ordinal)),
                "the trace has arrived");
        }
    }
}
