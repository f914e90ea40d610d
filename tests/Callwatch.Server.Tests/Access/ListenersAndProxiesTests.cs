using System.Net;
using System.Text.Json.Nodes;
using Callwatch.Server.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Access;

/// <summary>Who is trusted and answered depends on where the server listens and on what stands in front of it.</summary>
public sealed class ListenersAndProxiesTests
{
    [Fact]
    public async Task A_listener_on_every_address_trusts_nobody_not_even_loopback()
    {
        await using var server = await RunningServer.StartAsync(settings: [("Callwatch:Http:Urls", "http://0.0.0.0:0")]);
        using var answer = await GetAsync(server);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(server, Key.AdminOf(server))).StatusCode);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0", "10.1.2.3:4318", HttpStatusCode.OK)]
    [InlineData("http://0.0.0.0:0", "[2001:db8::1]", HttpStatusCode.OK)]
    [InlineData("http://0.0.0.0:0", "shop.example.com", HttpStatusCode.MisdirectedRequest)]
    [InlineData("http://127.0.0.1:0", "10.1.2.3:4318", HttpStatusCode.MisdirectedRequest)]
    [InlineData("http://127.0.0.1:0", "localhost:9", HttpStatusCode.OK)]
    [InlineData("http://127.0.0.1:0", "[::1]", HttpStatusCode.OK)]
    [InlineData("http://127.0.0.1:0", "localhost.evil.example", HttpStatusCode.MisdirectedRequest)]
    public async Task By_default_loopback_names_and_the_own_addresses_are_answered(string urls, string host, HttpStatusCode expected)
    {
        await using var server = await RunningServer.StartAsync(settings: [("Callwatch:Http:Urls", urls)]);
        using var answer = await GetAsync(server, Key.AdminOf(server), ("Host", host));
        Assert.Equal(expected, answer.StatusCode);
        if (expected != HttpStatusCode.OK) Assert.Equal("host_not_allowed", (string?)(await JsonAsync(answer))!["code"]);
    }

    [Theory]
    [InlineData("calls.example.com", HttpStatusCode.OK)]
    [InlineData("CALLS.example.com:8443", HttpStatusCode.OK)]
    [InlineData("a.traces.example.com", HttpStatusCode.OK)]
    [InlineData("traces.example.com.evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost", HttpStatusCode.MisdirectedRequest)]
    public async Task Allowed_hosts_that_are_named_are_the_only_ones(string host, HttpStatusCode expected)
    {
        await using var server = await RunningServer.StartAsync(settings: [("Callwatch:Http:AllowedHosts", "calls.example.com, *.traces.example.com")]);
        using var answer = await GetAsync(server, Key.AdminOf(server), ("Host", host));
        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task Trust_can_be_switched_off()
    {
        await using var server = await RunningServer.StartAsync(settings: [("Callwatch:Access:TrustLoopback", "false")]);
        using var answer = await GetAsync(server);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains("TrustLoopback", (string?)(await JsonAsync(answer))!["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forwarding_headers_of_a_known_proxy_are_believed_and_still_make_nobody_trusted()
    {
        await using var server = await RunningServer.StartAsync(settings: [("Callwatch:Http:KnownProxies", "127.0.0.1"), ("Callwatch:Http:AllowedHosts", "calls.example.com, 127.0.0.1")]);
        (string, string)[] forwarded = [("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "calls.example.com")];
        using var stranger = await GetAsync(server, null, forwarded);
        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
        using var known = await GetAsync(server, Key.AdminOf(server), forwarded);
        Assert.Equal(HttpStatusCode.OK, known.StatusCode);
        using var elsewhere = await GetAsync(server, Key.AdminOf(server), ("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Host", "rebound.example"));
        Assert.Equal(HttpStatusCode.MisdirectedRequest, elsewhere.StatusCode);
    }

    [Fact]
    public async Task Behind_a_known_proxy_the_cookie_is_secure()
    {
        await using var server = await RunningServer.StartAsync(settings: [("Callwatch:Http:KnownProxies", "127.0.0.0/8")]);
        var link = server.Services.GetRequiredService<Server.Access.SignInLinks>().NewPath();
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
        http.BaseAddress = server.Url;
        using var answer = await http.SendAsync(Key.With(null, HttpMethod.Get, link, ("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https")), TestContext.Current.CancellationToken);
        Assert.Contains("; secure", Assert.Single(answer.Headers.GetValues("Set-Cookie")), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Under_a_path_base_sign_in_stays_beneath_it()
    {
        await using var server = await RunningServer.StartAsync(settings: [("Callwatch:Http:PathBase", "/callwatch"), ("Callwatch:Access:TrustLoopback", "false")]);
        using var page = await server.Http.SendAsync(Key.With(null, HttpMethod.Get, "/callwatch/api/v1/apps", ("Accept", "text/html")), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, page.StatusCode);
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("action=\"/callwatch/sign-in\"", html, StringComparison.Ordinal);
        Assert.Contains("value=\"/callwatch/api/v1/apps\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_known_proxy_that_is_no_address_stops_the_start()
    {
        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => RunningServer.StartAsync(settings: [("Callwatch:Http:KnownProxies", "my-proxy")]));
        Assert.Contains("Callwatch:Http:KnownProxies", refused.Message, StringComparison.Ordinal);
    }

    private static Task<HttpResponseMessage> GetAsync(RunningServer server, string? secret = null, params (string Name, string Value)[] headers)
    {
        // A listener on every address shows itself as 127.0.0.1.
        var port = new Uri(server.Services.GetRequiredService<Listeners>().HttpUrls[0]).Port;
        return server.Http.SendAsync(Key.With(secret, HttpMethod.Get, $"http://127.0.0.1:{port}/api/v1/apps", headers), TestContext.Current.CancellationToken);
    }

    private static async Task<JsonNode?> JsonAsync(HttpResponseMessage answer) => JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
}
