using System.Net;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Server.Tests.Access;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Destinations;

/// <summary>Who sees and changes destinations over HTTP: other tenants, keys that may only read, keys of one app, and the switch of an app.</summary>
public sealed class DestinationRightsTests(DestinationWorld world) : IClassFixture<DestinationWorld>
{
    private readonly RunningServer server = world.Server;

    [Fact]
    public async Task Nobody_sees_or_touches_the_destinations_of_another_tenant()
    {
        var made = await server.AddAsync(DestinationWorld.Langfuse("ours"));
        var tenant = server.Services.GetRequiredService<Tenants>().Create("tenant-of-others")!;
        var theirs = Key.Make(server, KeyScopes.Admin, tenant: tenant.Id);
        var path = "/api/v1/destinations/" + made["id"];
        Assert.Empty((await server.CallAsync(HttpMethod.Get, "/api/v1/destinations", key: theirs))!["items"]!.AsArray());
        foreach (var below in new[] { "", "/status", "/replays", "/dead-letters" }) await NotFoundAsync(HttpMethod.Get, path + below);
        foreach (var below in new[] { "/check", "/pause", "/resume" }) await NotFoundAsync(HttpMethod.Post, path + below);
        await NotFoundAsync(HttpMethod.Put, path, """{"name":"taken over"}""");
        await NotFoundAsync(HttpMethod.Post, path + "/replay", """{"from":"2026-09-17T00:00:00Z"}""");
        await NotFoundAsync(HttpMethod.Post, path + "/dead-letters/discard", """{"all":true}""");
        await NotFoundAsync(HttpMethod.Post, path + "/dead-letters/retry", """{"all":true}""");
        await NotFoundAsync(HttpMethod.Delete, path + "/replays/1");
        await NotFoundAsync(HttpMethod.Delete, path);
        Assert.Equal("ours", (string?)(await Get(path))["name"]);

        async Task NotFoundAsync(HttpMethod method, string at, string? body = null) =>
            Assert.Equal("destination_not_found", (string?)(await server.CallAsync(method, at, body, HttpStatusCode.NotFound, theirs))!["code"]);
    }

    [Fact]
    public async Task A_key_that_may_only_read_changes_nothing_and_asks_no_platform()
    {
        var made = await server.AddAsync(DestinationWorld.Langfuse("read only"));
        var read = Key.Make(server, KeyScopes.Read);
        var path = "/api/v1/destinations/" + made["id"];
        Assert.Equal("pk-lf-1", (string?)(await server.CallAsync(HttpMethod.Get, path, key: read))!["config"]!["public_key"]);
        foreach (var (method, at) in new[] { (HttpMethod.Put, path), (HttpMethod.Delete, path), (HttpMethod.Post, path + "/check"), (HttpMethod.Post, "/api/v1/destinations/check"), (HttpMethod.Post, path + "/pause"), (HttpMethod.Post, path + "/replay") })
            await server.CallAsync(method, at, "{}", HttpStatusCode.Forbidden, read);
    }

    [Fact]
    public async Task A_key_of_one_app_sees_the_destinations_of_its_app_and_how_they_are_and_no_more()
    {
        var key = Key.Make(server, KeyScopes.Read, "kiosk");
        var forAll = await server.AddAsync(DestinationWorld.Langfuse("for all"));
        var own = await server.AddAsync(DestinationWorld.Langfuse("for the kiosk", ("apps", new JsonArray("kiosk", "cellar")), ("filter", "user:anna")));
        var other = await server.AddAsync(DestinationWorld.Langfuse("for the cellar", ("apps", new JsonArray("cellar"))));
        var except = await server.AddAsync(DestinationWorld.Langfuse("for all but the kiosk", ("apps", new JsonArray("*")), ("except_apps", new JsonArray("kiosk"))));
        var seen = (await server.CallAsync(HttpMethod.Get, "/api/v1/destinations?limit=1000", key: key))!["items"]!.AsArray();
        var ids = seen.Select(one => one!["id"]!.ToString()).ToList();
        Assert.Contains(forAll["id"]!.ToString(), ids);
        Assert.Contains(own["id"]!.ToString(), ids);
        Assert.DoesNotContain(other["id"]!.ToString(), ids);
        Assert.DoesNotContain(except["id"]!.ToString(), ids);
        var shown = await server.CallAsync(HttpMethod.Get, "/api/v1/destinations/" + own["id"], key: key);
        Assert.Equal("""["kiosk"]""", shown!["apps"]!.ToJsonString());
        Assert.Equal("{}", shown["config"]!.ToJsonString());
        Assert.Null(shown["filter"]);
        await server.CallAsync(HttpMethod.Get, $"/api/v1/destinations/{own["id"]}/status", key: key);
        await server.CallAsync(HttpMethod.Get, $"/api/v1/destinations/{own["id"]}/dead-letters", null, HttpStatusCode.Forbidden, key);
        await server.CallAsync(HttpMethod.Get, $"/api/v1/destinations/{own["id"]}/replays", null, HttpStatusCode.Forbidden, key);
        await server.CallAsync(HttpMethod.Get, $"/api/v1/destinations/{other["id"]}/status", null, HttpStatusCode.NotFound, key);
    }

    [Fact]
    public async Task An_apps_traces_go_where_its_switch_says()
    {
        server.Services.GetRequiredService<Apps>().Create(Tenants.DefaultId, "team/switched");
        var named = await server.AddAsync(DestinationWorld.Langfuse("switch: named", ("apps", new JsonArray("another"))));
        var forAll = await server.AddAsync(DestinationWorld.Langfuse("switch: for all"));
        const string Path = "/api/v1/apps/team%2Fswitched/tracing";
        var before = await Get(Path);
        Assert.True((bool)before["enabled"]!);
        Assert.Contains((int)forAll["id"]!, Ids(before));
        Assert.DoesNotContain((int)named["id"]!, Ids(before));

        var only = (await server.CallAsync(HttpMethod.Put, Path, $$"""{"destinations":[{{named["id"]}}]}"""))!;
        Assert.Equal([(int)named["id"]!], Ids(only));
        Assert.True((bool)only["enabled"]!);
        Assert.Equal("""["another","team/switched"]""", (await Get("/api/v1/destinations/" + named["id"]))["apps"]!.ToJsonString());
        Assert.Equal("""["team/switched"]""", (await Get("/api/v1/destinations/" + forAll["id"]))["except_apps"]!.ToJsonString());

        Assert.False((bool)(await server.CallAsync(HttpMethod.Put, Path, """{"enabled":false}"""))!["enabled"]!);
        var again = (await server.CallAsync(HttpMethod.Put, Path, """{"enabled":true}"""))!;
        Assert.True((bool)again["enabled"]!);
        Assert.Equal([(int)named["id"]!], Ids(again));
        Assert.StartsWith("destinations", (string?)(await server.CallAsync(HttpMethod.Put, Path, """{"destinations":[999999]}""", HttpStatusCode.UnprocessableEntity))!["field"], StringComparison.Ordinal);
        Assert.StartsWith("enabled", (string?)(await server.CallAsync(HttpMethod.Put, Path, """{"enabled":"off"}""", HttpStatusCode.UnprocessableEntity))!["field"], StringComparison.Ordinal);
        await server.CallAsync(HttpMethod.Get, "/api/v1/apps/nobody/tracing", null, HttpStatusCode.NotFound);
        await server.CallAsync(HttpMethod.Get, Path, null, HttpStatusCode.NotFound, Key.Make(server, KeyScopes.Read, "kiosk"));

        static IEnumerable<int> Ids(JsonNode tracing) => tracing["destinations"]!.AsArray().Select(id => (int)id!);
    }

    private async Task<JsonNode> Get(string path) => (await server.CallAsync(HttpMethod.Get, path))!;
}
