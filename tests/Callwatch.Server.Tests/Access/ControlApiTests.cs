using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Access;

/// <summary>Apps, keys, tenants and prices over HTTP.</summary>
public sealed class ControlApiTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly RunningServer server = shared.Server;
    private readonly string admin = Key.AdminOf(shared.Server);

    [Fact]
    public async Task A_key_is_made_its_secret_shown_once_and_it_works()
    {
        var made = await SendAsync(HttpMethod.Post, "/api/v1/keys", admin, """{"app":"kiosk","scopes":["ingest","read"],"label":"checkout"}""", HttpStatusCode.Created);
        var secret = (string)made!["secret"]!;
        Assert.Matches("^cw_[A-Za-z0-9]{32}$", secret);
        Assert.Equal("kiosk", (string?)made["app"]);
        Assert.Equal("kiosk", (string?)(await SendAsync(HttpMethod.Get, "/api/v1/apps", secret))!["items"]![0]!["name"]);
        var list = await SendAsync(HttpMethod.Get, "/api/v1/keys", admin);
        Assert.DoesNotContain(secret, list!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("""["ingest","read"]""", list["items"]!.AsArray().Single(key => (string?)key!["label"] == "checkout")!["scopes"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{}""", "scopes")]
    [InlineData("""{"scopes":["write"]}""", "scopes")]
    [InlineData("""{"scopes":"read"}""", "scopes")]
    [InlineData("""{"scopes":["admin"],"app":"shop"}""", "app")]
    [InlineData("""{"scopes":["ingest"],"app":"a\u0000b"}""", "app")]
    public async Task A_wrong_key_request_names_the_field(string body, string field)
    {
        var problem = await SendAsync(HttpMethod.Post, "/api/v1/keys", admin, body, HttpStatusCode.UnprocessableEntity);
        Assert.Equal(field, (string?)problem!["field"]);
    }

    [Fact]
    public async Task Only_an_operator_makes_keys_that_reach_beyond_the_tenant()
    {
        var tenantAdmin = Key.Make(server, KeyScopes.Admin);
        await SendAsync(HttpMethod.Post, "/api/v1/keys", tenantAdmin, """{"scopes":["operator"]}""", HttpStatusCode.Forbidden);
        await SendAsync(HttpMethod.Post, "/api/v1/keys", tenantAdmin, """{"scopes":["ingest-any"]}""", HttpStatusCode.Forbidden);
        await SendAsync(HttpMethod.Post, "/api/v1/keys", admin, """{"scopes":["ingest-any"]}""", HttpStatusCode.Created);
        await SendAsync(HttpMethod.Get, "/api/v1/tenants", tenantAdmin, null, HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_key_of_another_tenant_is_not_there()
    {
        var neighbour = server.Services.GetRequiredService<Tenants>().Create("next-door")!;
        var theirs = server.Services.GetRequiredService<Keys>().Create(neighbour.Id, null, KeyScopes.Read, null).Key;
        await SendAsync(HttpMethod.Delete, "/api/v1/keys/" + theirs.Id, Key.Make(server, KeyScopes.Admin), null, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task An_operator_works_in_any_tenant_by_its_name()
    {
        await SendAsync(HttpMethod.Post, "/api/v1/tenants", admin, """{"name":"acme"}""", HttpStatusCode.Created);
        await SendAsync(HttpMethod.Post, "/api/v1/tenants", admin, """{"name":"acme"}""", HttpStatusCode.Conflict);
        await SendAsync(HttpMethod.Post, "/api/v1/tenants", admin, """{"name":"Acme Inc"}""", HttpStatusCode.UnprocessableEntity);
        var made = await SendAsync(HttpMethod.Post, "/api/v1/apps", admin, """{"name":"theirs"}""", HttpStatusCode.Created, "acme");
        Assert.Equal("theirs", (string?)made!["name"]);
        Assert.DoesNotContain("theirs", (await SendAsync(HttpMethod.Get, "/api/v1/apps", admin))!.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("theirs", (await SendAsync(HttpMethod.Get, "/api/v1/apps", admin, null, HttpStatusCode.OK, "acme"))!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Loopback_sees_the_default_tenant_and_no_other()
    {
        await SendAsync(HttpMethod.Post, "/api/v1/tenants", admin, """{"name":"closed"}""", HttpStatusCode.Created);
        await SendAsync(HttpMethod.Get, "/api/v1/apps", null);
        await SendAsync(HttpMethod.Get, "/api/v1/apps", null, null, HttpStatusCode.OK, "default");
        await SendAsync(HttpMethod.Get, "/api/v1/apps", null, null, HttpStatusCode.NotFound, "closed");
    }

    [Fact]
    public async Task The_same_app_twice_is_a_conflict()
    {
        await SendAsync(HttpMethod.Post, "/api/v1/apps", admin, """{"name":"shop"}""", HttpStatusCode.Created);
        await SendAsync(HttpMethod.Post, "/api/v1/apps", admin, """{"name":"shop"}""", HttpStatusCode.Conflict);
        await SendAsync(HttpMethod.Post, "/api/v1/apps", admin, """{"name":""}""", HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task Own_prices_are_put_in_force_and_shown_with_the_books_before_them()
    {
        var before = await SendAsync(HttpMethod.Get, "/api/v1/prices", admin);
        Assert.Equal("[]", before!["own"]!.ToJsonString());
        var after = await SendAsync(HttpMethod.Put, "/api/v1/prices", admin, """{"own":[{"id":"house","models":[{"id":"llama","prices":{"input_mtok":0.1,"output_mtok":0.2}}]}]}""");
        Assert.NotEqual((string?)before["version"], (string?)after!["version"]);
        Assert.Equal(0.1m, (decimal)after["own"]![0]!["models"]![0]!["prices"]!["input_mtok"]!);
        Assert.Equal([(string?)after["version"], (string?)before["version"]], after["books"]!.AsArray().Select(book => (string?)book!["version"]));
        var wrong = await SendAsync(HttpMethod.Put, "/api/v1/prices", admin, """{"own":[{"id":"house","models":[{"id":"llama","prices":{"inputs":1}}]}]}""", HttpStatusCode.UnprocessableEntity);
        Assert.Equal("own[0].models[0].prices.inputs", (string?)wrong!["field"]);
        await SendAsync(HttpMethod.Put, "/api/v1/prices", Key.Make(server, KeyScopes.Admin), """{"own":[]}""", HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Retention_is_inherited_by_the_tenant_from_the_instance_and_by_the_app_from_the_tenant()
    {
        await SendAsync(HttpMethod.Post, "/api/v1/apps", admin, """{"name":"chatty"}""", HttpStatusCode.Created);
        var before = await SendAsync(HttpMethod.Get, "/api/v1/settings/retention", admin);
        Assert.Equal("""{"journal_days":14,"rows_days":90,"minute_days":14,"quarter_hour_days":400}""", before!["in_force"]!.ToJsonString());
        var after = await SendAsync(
            HttpMethod.Put, "/api/v1/settings/retention", admin,
            """{"instance":{"journal_days":7},"tenant":{"rows_days":30},"apps":[{"app":"chatty","rows_days":3}]}""");
        Assert.Equal("""{"journal_days":7,"rows_days":30,"minute_days":14,"quarter_hour_days":400}""", after!["in_force"]!.ToJsonString());
        Assert.Equal("chatty", (string?)after["apps"]![0]!["app"]);
        Assert.Equal(3, (int?)after["apps"]![0]!["rows_days"]);
        await SendAsync(HttpMethod.Put, "/api/v1/settings/retention", Key.Make(server, KeyScopes.Admin), """{"instance":{}}""", HttpStatusCode.Forbidden);
        var back = await SendAsync(HttpMethod.Put, "/api/v1/settings/retention", admin, """{"instance":{},"tenant":{},"apps":[{"app":"chatty"}]}""");
        Assert.Equal(before.ToJsonString(), back!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"tenant":{"rows_days":0}}""", "tenant.rows_days")]
    [InlineData("""{"tenant":{"minute_days":20,"quarter_hour_days":10}}""", "tenant.quarter_hour_days")]
    [InlineData("""{"instance":{"journal_days":99999}}""", "instance.journal_days")]
    [InlineData("""{"apps":[{"app":"nobody","rows_days":3}]}""", "apps[0].app")]
    [InlineData("""{"tenant":{"rows_days":"3"}}""", "tenant.rows_days")]
    public async Task A_rule_of_retention_that_cannot_be_is_refused_with_its_field(string body, string field)
    {
        var wrong = await SendAsync(HttpMethod.Put, "/api/v1/settings/retention", admin, body, HttpStatusCode.UnprocessableEntity);
        Assert.Equal(field, (string?)wrong!["field"]);
    }

    [Theory]
    [InlineData("not json", "application/json", HttpStatusCode.BadRequest, "malformed_json")]
    [InlineData("[]", "application/json", HttpStatusCode.BadRequest, "malformed_json")]
    [InlineData("{}", "text/plain", HttpStatusCode.UnsupportedMediaType, "unsupported_media_type")]
    public async Task A_body_that_is_no_json_object_is_refused(string body, string type, HttpStatusCode status, string code)
    {
        using var request = Key.With(admin, HttpMethod.Post, "/api/v1/apps");
        request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(type));
        using var answer = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(code, (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["code"]);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_413()
    {
        var problem = await SendAsync(HttpMethod.Post, "/api/v1/apps", admin, $$"""{"name":"{{new string('x', 5 * 1024 * 1024)}}"}""", HttpStatusCode.RequestEntityTooLarge);
        Assert.Equal("too_large", (string?)problem!["code"]);
    }

    [Theory]
    [InlineData("GET", "/nowhere", HttpStatusCode.NotFound, "not_found")]
    [InlineData("DELETE", "/api/v1/apps", HttpStatusCode.MethodNotAllowed, "method_not_allowed")]
    public async Task What_is_not_there_is_a_problem_document_too(string method, string path, HttpStatusCode status, string code)
    {
        var problem = await SendAsync(new HttpMethod(method), path, admin, null, status);
        Assert.Equal(code, (string?)problem!["code"]);
    }

    private async Task<JsonNode?> SendAsync(
        HttpMethod method, string path, string? secret, string? body = null, HttpStatusCode expected = HttpStatusCode.OK, string? tenant = null)
    {
        using var request = Key.With(secret, method, path);
        if (tenant is not null) request.Headers.Add("x-callwatch-tenant", tenant);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");

        // Asks before it sends: else the refusal of a large body is lost with the connection.
        request.Headers.ExpectContinue = body?.Length > 1024 * 1024;
        using var answer = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == expected, $"{method} {path}: {(int)answer.StatusCode} {text}");
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }
}
