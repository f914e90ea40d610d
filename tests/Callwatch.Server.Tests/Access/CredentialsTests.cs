using System.Net;
using System.Text;
using System.Text.Json;
using Callwatch.Control;
using Xunit;

namespace Callwatch.Server.Tests.Access;

public sealed class CredentialsTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly RunningServer server = shared.Server;

    [Fact]
    public async Task A_key_is_taken_as_bearer_as_x_api_key_and_as_the_password_of_basic()
    {
        var admin = Key.AdminOf(server);
        Assert.Equal(HttpStatusCode.OK, await KeysWithAsync(("Authorization", "Bearer " + admin)));
        Assert.Equal(HttpStatusCode.OK, await KeysWithAsync(("Authorization", "bearer  " + admin)));
        Assert.Equal(HttpStatusCode.OK, await KeysWithAsync(("X-Api-Key", admin)));
        Assert.Equal(HttpStatusCode.OK, await KeysWithAsync(("Authorization", Basic("pk-lf-anything", admin))));
        Assert.Equal(HttpStatusCode.OK, await KeysWithAsync(("Authorization", "Bearer " + admin), ("x-api-key", "of something else")));
    }

    [Theory]
    [InlineData("Bearer", "sk-of-somebody-else")]
    [InlineData("Basic", "no base64!")]
    [InlineData("Basic", "bm9jb2xvbg==")]
    [InlineData("Negotiate", "abc")]
    [InlineData("Bearer", "cw_0123456789012345678901234567890123")]
    public async Task What_is_no_key_is_refused_even_where_no_key_is_needed(string scheme, string value)
    {
        using var answer = await server.Http.SendAsync(Key.With(null, HttpMethod.Get, "/api/v1/apps", ("Authorization", scheme + " " + value)), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Bearer", Assert.Single(answer.Headers.WwwAuthenticate).Scheme);
        Assert.Equal("bad_key", await CodeAsync(answer));
    }

    [Theory]
    [InlineData("Authorization", "Bearer ")]
    [InlineData("x-api-key", "")]
    public async Task An_empty_key_is_no_key(string header, string value)
    {
        using var answer = await server.Http.SendAsync(Key.With(null, HttpMethod.Get, "/api/v1/apps", (header, value)), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task A_revoked_key_is_a_bad_key_at_once()
    {
        var admin = Key.AdminOf(server);
        var secret = Key.Make(server, KeyScopes.Read);
        Assert.Equal(HttpStatusCode.OK, await AppsWithAsync(secret));
        using var keys = await server.Http.SendAsync(Key.With(admin, HttpMethod.Get, "/api/v1/keys"), TestContext.Current.CancellationToken);
        using var list = JsonDocument.Parse(await keys.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var id = list.RootElement.GetProperty("items").EnumerateArray().Single(key => secret.StartsWith(key.GetProperty("prefix").GetString()!, StringComparison.Ordinal)).GetProperty("id").GetInt32();
        using var revoked = await server.Http.SendAsync(Key.With(admin, HttpMethod.Delete, "/api/v1/keys/" + id), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await AppsWithAsync(secret));
    }

    [Fact]
    public async Task Basic_from_a_page_of_another_site_is_refused()
    {
        using var answer = await server.Http.SendAsync(
            Key.With(null, HttpMethod.Get, "/api/v1/apps", ("Authorization", Basic("any", Key.AdminOf(server))), ("Origin", "http://evil.example")), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal("foreign_origin", await CodeAsync(answer));
    }

    [Fact]
    public async Task A_key_for_one_app_sees_that_app()
    {
        Key.Make(server, KeyScopes.Read, "other");
        var secret = Key.Make(server, KeyScopes.Read, "shop");
        using var answer = await server.Http.SendAsync(Key.With(secret, HttpMethod.Get, "/api/v1/apps"), TestContext.Current.CancellationToken);
        using var list = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("shop", Assert.Single(list.RootElement.GetProperty("items").EnumerateArray()).GetProperty("name").GetString());
    }

    private static string Basic(string name, string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(name + ":" + password));

    private static async Task<string?> CodeAsync(HttpResponseMessage answer)
    {
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return problem.RootElement.GetProperty("code").GetString();
    }

    private async Task<HttpStatusCode> KeysWithAsync(params (string Name, string Value)[] headers)
    {
        using var answer = await server.Http.SendAsync(Key.With(null, HttpMethod.Get, "/api/v1/keys", headers), TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private async Task<HttpStatusCode> AppsWithAsync(string secret)
    {
        using var answer = await server.Http.SendAsync(Key.With(secret, HttpMethod.Get, "/api/v1/apps"), TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
