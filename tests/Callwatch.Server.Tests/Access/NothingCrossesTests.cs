using System.Globalization;
using System.Net;
using System.Text;
using Callwatch.Control;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Access;

/// <summary>
/// Every route there is, asked for what is another's by its real address, with each kind of key that may use it: what comes back holds nothing
/// of his, and nothing of his is changed. Over the server's own list of routes, so that a route that is new is tested from the start.
/// </summary>
public sealed class NothingCrossesTests(VictimServer shared) : IClassFixture<VictimServer>
{
    private const string Range = "from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&baseline_from=2019-01-01T00:00:00Z&baseline_to=2020-01-01T00:00:00Z&by=model&by=app&limit=100&model=openai/gpt-4o";

    // Fits what most routes ask for; who wants something else refuses it, which is as good.
    private const string AnyChange = """
        {"name":"taken","enabled":false,"destinations":[],"all":true,"from":"2026-01-01T00:00:00Z","to":"2027-01-01T00:00:00Z","confirm_duplicates":true,"query":"app=taken","page":"calls","what":"tenant"}
        """;

    private readonly RunningServer server = shared.Server;
    private readonly Victim victim = shared.Victim;

    [Fact]
    public async Task The_owner_sees_it_by_the_very_addresses_that_others_try()
    {
        var seen = 0;
        foreach (var (method, path) in Routes().Where(route => route.Method == HttpMethod.Get))
        {
            var (status, text) = await SendAsync(Key.Make(server, KeyScopes.Admin, null, victim.Tenant.Id), method, path);
            if (status == HttpStatusCode.OK && text.Contains(Victim.Word, StringComparison.OrdinalIgnoreCase)) seen++;
        }

        // Were the addresses wrong, others would find nothing for that reason.
        Assert.InRange(seen, 20, int.MaxValue);
    }

    [Theory]
    [InlineData("nobody, on this machine")]
    [InlineData("an admin of another tenant")]
    [InlineData("a reader of another app of the tenant")]
    [InlineData("a sender of another app of the tenant")]
    [InlineData("who may send for any app of any tenant")]
    public async Task No_route_shows_anything_of_it_to(string who)
    {
        var key = KeyOf(who);
        foreach (var (method, path) in Routes().Where(route => route.Method == HttpMethod.Get))
        {
            var (status, text) = await SendAsync(key, method, path);
            Assert.False(text.Contains(Victim.Word, StringComparison.OrdinalIgnoreCase), $"{method} {path} ({(int)status}) shows {who}: {Around(text)}");
            Assert.True((int)status < 500, $"{method} {path}: {(int)status} {text}");
        }
    }

    [Theory]
    [InlineData("nobody, on this machine")]
    [InlineData("an admin of another tenant")]
    [InlineData("a reader of another app of the tenant")]
    [InlineData("a sender of another app of the tenant")]
    public async Task No_route_lets_it_be_changed_by(string who)
    {
        var key = KeyOf(who);
        var before = await victim.StateAsync();
        foreach (var (method, path) in Routes().Where(route => RouteAccess.Changes(route.Method.Method)))
        {
            foreach (var body in method == HttpMethod.Delete ? new string?[] { null } : new[] { AnyChange, """{"name":"taken"}""" })
            {
                var (status, text) = await SendAsync(key, method, path, body);
                Assert.False(text.Contains(Victim.Word, StringComparison.OrdinalIgnoreCase), $"{method} {path} ({(int)status}) shows {who}: {Around(text)}");
                Assert.True((int)status < 500, $"{method} {path}: {(int)status} {text}");
            }
        }

        Assert.Equal(before, await victim.StateAsync());
    }

    private string? KeyOf(string who) => who switch
    {
        "an admin of another tenant" => Key.Make(server, KeyScopes.Admin),
        "a reader of another app of the tenant" => Key.Make(server, KeyScopes.Read, "another app", victim.Tenant.Id),
        "a sender of another app of the tenant" => Key.Make(server, KeyScopes.Ingest, "another app", victim.Tenant.Id),
        "who may send for any app of any tenant" => Key.Make(server, KeyScopes.IngestAny),
        _ => null,
    };

    private IEnumerable<(HttpMethod Method, string Path)> Routes() =>
        from endpoint in server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods is { Count: > 0 } methods ? methods : ["GET", "POST"]
        let path = victim.PathOf(endpoint)
        where !Path.HasExtension(path)
        select (new HttpMethod(method), path + "?" + Range);

    // Of a stream that does not end, what comes within its first piece.
    private async Task<(HttpStatusCode Status, string Text)> SendAsync(string? key, HttpMethod method, string path, string? body = null)
    {
        using var request = Key.With(key, method, path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        if (answer.Content.Headers.ContentType?.MediaType != "text/event-stream")
            return (answer.StatusCode, Encoding.Latin1.GetString(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)));
        await using var stream = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var piece = new byte[4096];
        return (answer.StatusCode, Encoding.Latin1.GetString(piece, 0, await stream.ReadAsync(piece, TestContext.Current.CancellationToken)));
    }

    private static string Around(string text)
    {
        var at = text.IndexOf(Victim.Word, StringComparison.OrdinalIgnoreCase);
        return string.Create(CultureInfo.InvariantCulture, $"…{text[Math.Max(0, at - 80)..Math.Min(text.Length, at + 80)]}…");
    }
}
