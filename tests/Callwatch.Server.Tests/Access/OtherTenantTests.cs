using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Receive.Otlp;
using Callwatch.Server.Tests.Reading;
using Callwatch.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Access;

/// <summary>What belongs to one tenant, or one app, is not there for another: no list, figure or id gives it away.</summary>
public sealed class OtherTenantTests : IAsyncLifetime
{
    private readonly Fixture chat = Fixtures.Named("otel-instrumentation-openai/chat");
    private RunningServer server = null!;
    private Tenant acme = null!;
    private string traceId = "";
    private string spanId = "";

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        acme = server.Services.GetRequiredService<Tenants>().Create("acme")!;
        var sent = chat.Requests.First(request => request.Signal == "traces");
        (traceId, spanId) = FirstSpan(sent.Message());
        Assert.Equal(HttpStatusCode.OK, await SendAsync(sent.Message(), Key.Make(server, KeyScopes.Ingest, "shop", acme.Id)));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task The_owner_sees_it_whole_and_by_its_app()
    {
        foreach (var key in new[] { Key.Make(server, KeyScopes.Read, null, acme.Id), Key.Make(server, KeyScopes.Read, "shop", acme.Id) })
        {
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(key, $"/api/v1/spans/{traceId}/{spanId}"));
            Assert.Contains(traceId, await TextAsync(key, "/api/v1/calls?from=2020-01-01T00:00:00Z"), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("nobody's key", null)]
    [InlineData("a key of another tenant", "default")]
    [InlineData("a key of another app", "other app")]
    public async Task Others_find_nothing_of_it(string who, string? of)
    {
        var key = of switch
        {
            null => null,
            "default" => Key.Make(server, KeyScopes.Admin),
            _ => Key.Make(server, KeyScopes.Read, of, acme.Id),
        };
        Assert.True(await StatusAsync(key, "/api/v1/traces/" + traceId) == HttpStatusCode.NotFound, who);
        Assert.True(await StatusAsync(key, $"/api/v1/spans/{traceId}/{spanId}") == HttpStatusCode.NotFound, who);
        string[] lists = ["calls", "traces", "errors", "sessions", "users", "facets/model", "facets/app", "export?format=jsonl", "stats?by=app", "stats?by=model"];
        foreach (var list in lists)
        {
            var text = await TextAsync(key, $"/api/v1/{list}{(list.Contains('?', StringComparison.Ordinal) ? '&' : '?')}from=2020-01-01T00:00:00Z");
            Assert.DoesNotContain(traceId, text, StringComparison.Ordinal);
            Assert.DoesNotContain("gpt-4o", text, StringComparison.Ordinal);
            Assert.DoesNotContain("shop", text, StringComparison.Ordinal);
        }

        var lookup = JsonNode.Parse(await TextAsync(key, "/api/v1/lookup/" + traceId))!;
        Assert.Empty(lookup["matches"]!.AsArray());
        Assert.DoesNotContain("shop", await TextAsync(key, "/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_may_send_for_any_names_the_tenant_and_reads_nothing()
    {
        var any = Key.Make(server, KeyScopes.IngestAny);
        var message = Fixtures.Named("traceloop/chat").Requests.First(request => request is { Signal: "traces", Protocol: "http/protobuf" }).Message();
        var (sent, _) = FirstSpan(message);
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(message, any, "nowhere"));
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(message, Key.Make(server, KeyScopes.Admin), "acme"));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(message, any, "acme"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Key.Make(server, KeyScopes.Read, null, acme.Id), "/api/v1/traces/" + sent));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(Key.AdminOf(server), "/api/v1/traces/" + sent));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(any, "/api/v1/traces/" + sent));
    }

    private async Task<HttpStatusCode> SendAsync(byte[] message, string secret, string? tenant = null)
    {
        using var send = Key.With(secret, HttpMethod.Post, "/v1/traces");
        if (tenant is not null) send.Headers.Add("x-callwatch-tenant", tenant);
        send.Content = new ByteArrayContent(message) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf") } };
        using var answer = await server.Http.SendAsync(send, TestContext.Current.CancellationToken);
        await server.StoredAsync();
        return answer.StatusCode;
    }

    private static (string TraceId, string SpanId) FirstSpan(byte[] message)
    {
        foreach (var span in OtlpSpan.In(message)) return (span.TraceId.ToString(), span.SpanId.ToString());
        throw new InvalidOperationException("The fixture has no span.");
    }

    private async Task<HttpStatusCode> StatusAsync(string? key, string path)
    {
        using var answer = await server.Http.SendAsync(Key.With(key, HttpMethod.Get, path), TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private async Task<string> TextAsync(string? key, string path)
    {
        using var answer = await server.Http.SendAsync(Key.With(key, HttpMethod.Get, path), TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{path}: {(int)answer.StatusCode} {text}");
        return text;
    }
}
