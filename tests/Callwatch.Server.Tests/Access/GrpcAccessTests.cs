using System.Net;
using System.Net.Http.Headers;
using Callwatch.Control;
using Xunit;

namespace Callwatch.Server.Tests.Access;

/// <summary>The same door in gRPC's words: a 200 with the status in its header.</summary>
public sealed class GrpcAccessTests : IAsyncLifetime
{
    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync(settings: [("Callwatch:Access:TrustLoopback", "false")]);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Without_a_key_and_with_a_bad_one_it_is_unauthenticated()
    {
        Assert.Equal("16", await StatusAsync());
        Assert.Equal("16", await StatusAsync(("authorization", "Bearer cw_0123456789012345678901234567890123")));
    }

    [Fact]
    public async Task With_a_key_that_may_only_look_it_is_denied() =>
        Assert.Equal("7", await StatusAsync(("authorization", "Bearer " + Key.Make(server, KeyScopes.Read))));

    [Fact]
    public async Task A_key_in_the_metadata_is_taken()
    {
        var secret = Key.Make(server, KeyScopes.Ingest, "shop");
        Assert.Equal("0", await StatusAsync(("authorization", "Bearer " + secret)));
        Assert.Equal("0", await StatusAsync(("x-api-key", secret)));
    }

    [Fact]
    public async Task An_unknown_method_is_unimplemented_and_a_foreign_authority_denied()
    {
        Assert.Equal("12", await StatusAsync("/opentelemetry.proto.collector.trace.v1.TraceService/Nothing"));
        Assert.Equal("7", await StatusAsync(("Host", "rebound.example")));
    }

    private Task<string> StatusAsync(params (string Name, string Value)[] headers) =>
        StatusAsync("/opentelemetry.proto.collector.trace.v1.TraceService/Export", headers);

    private async Task<string> StatusAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = Key.With(null, HttpMethod.Post, new Uri(server.GrpcUrl, path).ToString(), headers);
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;

        // An empty message: five bytes of frame.
        request.Content = new ByteArrayContent(new byte[5]) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } };
        using var answer = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        return (answer.Headers.TryGetValues("grpc-status", out var status) ? status : answer.TrailingHeaders.GetValues("grpc-status")).Single();
    }
}
