using System.Net;
using System.Text.Json.Nodes;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Destinations;

/// <summary>The real program, killed while its destination is down: what was accepted arrives, whatever was lost of memory.</summary>
public sealed class ForwardKillTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Traces_accepted_while_the_destination_is_down_arrive_after_kill_and_start_once_it_is_up()
    {
        using var folder = new TempFolder();
        using var otherFolder = new TempFolder();
        string[] address = ["--urls", $"http://127.0.0.1:{Ports.Free()}"];
        var other = await CallwatchProcess.ServeAsync(otherFolder.Path, address);
        var server = await CallwatchProcess.ServeAsync(folder.Path, [], Forwarding.Environment);
        try
        {
            var admin = (await File.ReadAllTextAsync(folder.At("admin.key"), Cancel)).Trim();
            JsonNode made;
            using (var http = server.NewHttp())
            {
                made = (await Forwarding.CallAsync(http, HttpMethod.Post, "/api/v1/destinations", admin, Forwarding.ToOtlp(other.Url).ToJsonString(), HttpStatusCode.Created))!;
                await Forwarding.SendAsync(http, Forwarding.Trace(1));
                await StatusAsync(http, now => (long)now["sent"]! == 2, "the first trace is delivered");
                await other.KillAsync();
                for (var i = 2ul; i <= 30; i++) await Forwarding.SendAsync(http, Forwarding.Trace(i));
                await StatusAsync(http, now => (string?)now["state"] == "retrying", "the lane is retrying");
            }

            await server.KillAsync();
            await server.DisposeAsync();
            await other.DisposeAsync();
            server = await CallwatchProcess.ServeAsync(folder.Path, [], Forwarding.Environment);
            using var again = server.NewHttp();
            await StatusAsync(again, now => (string?)now["state"] == "retrying" && (long)now["backlog"]! > 0, "the lane tries again after the start");
            other = await CallwatchProcess.ServeAsync(otherFolder.Path, address);
            using var there = other.NewHttp();
            var status = await StatusAsync(again, now => (long)now["backlog"]! == 0 && (string?)now["state"] == "idle", "all is delivered");
            Assert.Equal((0L, 0L), ((long)status["refused"]!, (long)status["expired"]!));
            await Forwarding.ArrivedAsync(again, there, 60);

            Task<JsonNode> StatusAsync(HttpClient http, Func<JsonNode, bool> holds, string what) =>
                Forwarding.UntilAsync(() => Forwarding.CallAsync(http, HttpMethod.Get, $"/api/v1/destinations/{made["id"]}/status", admin), holds, what);
        }
        finally
        {
            await server.DisposeAsync();
            await other.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_change_is_on_disk_before_it_is_answered()
    {
        using var folder = new TempFolder();
        string made;
        await using (var server = await CallwatchProcess.ServeAsync(folder.Path, [], Forwarding.Environment))
        {
            using var http = server.NewHttp();
            var admin = (await File.ReadAllTextAsync(folder.At("admin.key"), Cancel)).Trim();
            var id = (await Forwarding.CallAsync(http, HttpMethod.Post, "/api/v1/destinations", admin, Forwarding.ToOtlp(server.Url, key: "kept-through-the-kill").ToJsonString(), HttpStatusCode.Created))!["id"];
            await Forwarding.CallAsync(http, HttpMethod.Post, $"/api/v1/destinations/{id}/pause", admin);
            made = (await Forwarding.CallAsync(http, HttpMethod.Get, $"/api/v1/destinations/{id}", admin))!.ToJsonString();
            await server.KillAsync();
        }

        await using var after = await CallwatchProcess.ServeAsync(folder.Path, [], Forwarding.Environment);
        using var asking = after.NewHttp();
        var list = await Forwarding.CallAsync(asking, HttpMethod.Get, "/api/v1/destinations", null);
        var only = Assert.Single(list!["items"]!.AsArray())!;
        Assert.Equal("paused", (string?)only["status"]!["state"]);
        Assert.Equal(made, only.ToJsonString());
    }
}
