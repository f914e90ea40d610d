using System.Net;
using System.Text.Json;
using Callwatch.Control;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Access;

/// <summary>Over the list of all routes, as the server itself has it: a route that is new is tested from the start.</summary>
public sealed class AllRoutesTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly RunningServer server = shared.Server;
    private readonly IReadOnlyList<Route> routes = Route.All(shared.Server);

    [Fact]
    public void Every_route_says_who_may_use_it() =>
        Assert.Empty(server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<RouteAccess>() is null).Select(route => route.RoutePattern.RawText));

    [Fact]
    public async Task Only_health_sign_in_and_what_pages_are_drawn_with_are_open_to_everybody()
    {
        // Links of Langfuse's clients only lead to pages, which ask.
        string[] open = ["/healthz", "/readyz", "/api/public/health", "/project/1", $"/project/1/traces/{new string('a', 32)}", "/sign-in", "/sign-out"];
        foreach (var route in routes.Where(route => route.Access.AnyOf == KeyScopes.None && !open.Contains(route.Path) && !route.IsAsset))
        {
            // All that is left are the addresses of other formats, where there is nothing but a hint.
            await AssertRefusedAsync(route, Key.With(null, route.Method, route.Path), "open to everybody", HttpStatusCode.NotFound);
        }
    }

    [Fact]
    public async Task Without_a_key_and_without_trust_every_route_is_refused()
    {
        foreach (var (name, value) in NotTrusted(server))
        {
            foreach (var route in routes.Where(route => route.Access.AnyOf != KeyScopes.None))
                await AssertRefusedAsync(route, Key.With(null, route.Method, route.Path, (name, value)), $"{name}: {value}", HttpStatusCode.Unauthorized);
        }
    }

    [Fact]
    public async Task A_bad_key_is_refused_everywhere_even_on_loopback()
    {
        foreach (var route in routes.Where(route => route.Access.AnyOf != KeyScopes.None))
        {
            await AssertRefusedAsync(route, Key.With("cw_0123456789012345678901234567890123", route.Method, route.Path), "unknown key", HttpStatusCode.Unauthorized);
            await AssertRefusedAsync(route, Key.With("sk-of-somebody-else", route.Method, route.Path), "no key of ours", HttpStatusCode.Unauthorized);
        }
    }

    [Theory]
    [InlineData(KeyScopes.Ingest)]
    [InlineData(KeyScopes.Read)]
    [InlineData(KeyScopes.IngestAny)]
    [InlineData(KeyScopes.Admin)]
    public async Task A_key_opens_no_route_beyond_its_scopes(KeyScopes scopes)
    {
        var secret = Key.Make(server, scopes, scopes == KeyScopes.Ingest ? "default" : null);
        foreach (var route in routes.Where(route => route.Access.AnyOf != KeyScopes.None))
        {
            if ((scopes.WithImplied() & route.Access.Needed(route.Method.Method)) != KeyScopes.None) continue;
            await AssertRefusedAsync(route, Key.With(secret, route.Method, route.Path), scopes.ToString(), HttpStatusCode.Forbidden);
        }
    }

    [Fact]
    public async Task A_foreign_host_is_answered_421_everywhere()
    {
        foreach (var route in routes)
            await AssertRefusedAsync(route, Key.With(Key.AdminOf(server), route.Method, route.Path, ("Host", "rebound.example")), "foreign Host", HttpStatusCode.MisdirectedRequest);
    }

    [Fact]
    public async Task Loopback_changes_nothing_without_a_key()
    {
        foreach (var route in routes.Where(route => RouteAccess.Changes(route.Method.Method) && (route.Access.AnyOf & KeyScopes.Ingest) == KeyScopes.None))
        {
            if (route.Access.AnyOf != KeyScopes.None)
                await AssertRefusedAsync(route, Key.With(null, route.Method, route.Path), "loopback", HttpStatusCode.Unauthorized);
        }
    }

    [Fact]
    public async Task Another_tenant_is_not_found_anywhere()
    {
        server.Services.GetRequiredService<Tenants>().Create("neighbour");
        var admin = Key.Make(server, KeyScopes.Admin);
        foreach (var route in routes.Where(route => route.Access.AnyOf != KeyScopes.None))
        {
            foreach (var tenant in new[] { "neighbour", "nowhere" })
                await AssertRefusedAsync(route, Key.With(admin, route.Method, route.Path, ("x-callwatch-tenant", tenant)), tenant, HttpStatusCode.NotFound);
        }
    }

    [Fact]
    public async Task Every_answer_says_nosniff_and_every_page_has_a_strict_policy()
    {
        foreach (var route in routes)
        {
            foreach (var host in new[] { server.Url.Authority, "rebound.example" })
            {
                using var request = Key.With(null, route.Method, route.Path, ("Host", host), ("Accept", "text/html"));
                using var answer = await SendAsync(request);
                Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
                if (answer.Content.Headers.ContentType?.MediaType != "text/html") continue;
                var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
                var scripts = policy.Split(';', StringSplitOptions.TrimEntries).Single(part => part.StartsWith("script-src ", StringComparison.Ordinal));
                Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
                Assert.All(scripts.Split(' ')[1..], source => Assert.Matches("^'(self|nonce-[A-Za-z0-9+/=]+|sha256-[A-Za-z0-9+/=]+)'$", source));
            }
        }
    }

    /// <summary>One header each of what stands against trust (api, section 2).</summary>
    internal static IEnumerable<(string Name, string Value)> NotTrusted(RunningServer server) =>
    [
        ("Forwarded", "for=192.0.2.1"), ("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "http"), ("X-Forwarded-Anything", "1"),
        ("X-Real-IP", "127.0.0.1"), ("Via", "1.1 proxy"), ("Origin", "http://evil.example"), ("Origin", "null"),
        ("Origin", "http://127.0.0.1:1"), ("Origin", "https://" + server.Url.Authority),
        ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"),
    ];

    private async Task AssertRefusedAsync(Route route, HttpRequestMessage request, string why, HttpStatusCode expected)
    {
        using (request)
        using (var answer = await SendAsync(request))
        {
            Assert.True(answer.StatusCode == expected, $"{route} with {why}: {(int)answer.StatusCode}");
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.Equal((int)expected, problem.RootElement.GetProperty("status").GetInt32());
            Assert.Matches("^[a-z_]+$", problem.RootElement.GetProperty("code").GetString());
        }
    }

    // Only the head: a stream of events never ends.
    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) =>
        server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
}
