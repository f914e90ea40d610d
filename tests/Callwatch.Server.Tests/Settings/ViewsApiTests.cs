using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Server.Tests.Access;
using Xunit;

namespace Callwatch.Server.Tests.Settings;

public sealed class ViewsApiTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly RunningServer server = shared.Server;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_view_is_made_changed_listed_and_deleted()
    {
        using var made = await SendAsync(HttpMethod.Post, "/api/v1/views", new { name = "Failing", page = "errors", query = "from=-3h&app=shop" });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var view = await JsonAsync(made);
        Assert.Equal("app=shop&from=-3h", view["query"]!.GetValue<string>());
        var path = made.Headers.Location!.ToString();
        Assert.EndsWith("/api/v1/views/" + view["id"], path, StringComparison.Ordinal);

        using var changed = await SendAsync(HttpMethod.Put, path, new { name = "Failing in the shop" });
        Assert.Equal("Failing in the shop", (await JsonAsync(changed))["name"]!.GetValue<string>());
        var listed = await JsonAsync(await SendAsync(HttpMethod.Get, "/api/v1/views?page=errors"));
        Assert.Contains(listed["items"]!.AsArray(), item => item!["name"]!.GetValue<string>() == "Failing in the shop");

        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Delete, path)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Delete, path)).StatusCode);
        Assert.Equal("view_not_found", (await JsonAsync(await SendAsync(HttpMethod.Get, path)))["code"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_refusal_names_the_field()
    {
        var problem = await JsonAsync(await SendAsync(HttpMethod.Post, "/api/v1/views", new { name = "x", page = "calls", query = "q=modle:gpt" }));
        Assert.Equal((422, "query"), (problem["status"]!.GetValue<int>(), problem["field"]!.GetValue<string>()));
        await SendAsync(HttpMethod.Post, "/api/v1/views", new { name = "twice", page = "calls", query = "" });
        Assert.Equal("name_taken", (await JsonAsync(await SendAsync(HttpMethod.Post, "/api/v1/views", new { name = "twice", page = "calls", query = "" })))["code"]!.GetValue<string>());
        Assert.Equal("page", (await JsonAsync(await SendAsync(HttpMethod.Get, "/api/v1/views?page=nowhere")))["field"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_key_of_one_app_sees_the_views_about_it_alone_and_changes_none()
    {
        await SendAsync(HttpMethod.Post, "/api/v1/views", new { name = "all of it", page = "traces", query = "" });
        await SendAsync(HttpMethod.Post, "/api/v1/views", new { name = "the desk", page = "traces", query = "app=desk" });
        var reader = Key.Make(server, KeyScopes.Read, "desk");
        var listed = await JsonAsync(await SendAsync(HttpMethod.Get, "/api/v1/views?page=traces", key: reader));
        Assert.Equal(["the desk"], listed["items"]!.AsArray().Select(item => item!["name"]!.GetValue<string>()));
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(HttpMethod.Post, "/api/v1/views", new { name = "mine", page = "traces" }, reader)).StatusCode);
    }

    [Fact]
    public async Task Sign_ins_and_the_audit_are_the_admins_to_see()
    {
        var sessions = (Sessions)server.Services.GetService(typeof(Sessions))!;
        sessions.Begin(null, TimeSpan.FromHours(1), "a browser of the test");
        var all = (await JsonAsync(await SendAsync(HttpMethod.Get, "/api/v1/sign-ins")))["items"]!.AsArray();
        var id = all.First(one => one!["agent"]?.GetValue<string>() == "a browser of the test")!["id"]!.GetValue<string>();
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Delete, "/api/v1/sign-ins/" + id, key: Key.Make(server, KeyScopes.Admin))).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Delete, "/api/v1/sign-ins/" + id)).StatusCode);
        var audit = (await JsonAsync(await SendAsync(HttpMethod.Get, "/api/v1/audit?limit=5")))["items"]!.AsArray();
        Assert.Equal(id, audit.First(row => row!["what"]!.GetValue<string>() == "end sign-in")!["detail"]!["sign_in"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(HttpMethod.Get, "/api/v1/audit", key: Key.Make(server, KeyScopes.Read))).StatusCode);
    }

    [Fact]
    public async Task Every_change_of_settings_leaves_a_row_of_audit_and_no_secret()
    {
        var made = await JsonAsync(await SendAsync(HttpMethod.Post, "/api/v1/keys", new { app = "audited", scopes = new[] { "ingest" }, label = "for the audit" }));
        await SendAsync(HttpMethod.Delete, "/api/v1/keys/" + made["id"]);
        await SendAsync(HttpMethod.Post, "/api/v1/apps", new { name = "audited-2" });
        await SendAsync(HttpMethod.Post, "/api/v1/tenants", new { name = "audited-3" });
        await SendAsync(HttpMethod.Put, "/api/v1/settings/retention", new { tenant = new { rows_days = 60 } });
        var rows = (await JsonAsync(await SendAsync(HttpMethod.Get, "/api/v1/audit?limit=50")))["items"]!.ToJsonString();
        foreach (var what in new[] { "make key", "revoke key", "make app", "make tenant", "change retention" }) Assert.Contains(what, rows, StringComparison.Ordinal);
        Assert.DoesNotContain(made["secret"]!.GetValue<string>()[10..], rows, StringComparison.Ordinal);
        Assert.Contains("admin, made at the first start", rows, StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body = null, string? key = null)
    {
        using var request = Key.With(key ?? Key.AdminOf(server), method, path);
        if (body is not null) request.Content = JsonContent.Create(body);
        return await server.Http.SendAsync(request, Cancel);
    }

    private static async Task<JsonNode> JsonAsync(HttpResponseMessage answer) => JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!;
}
