using System.Net;
using Callwatch.Journal;
using Callwatch.Receive.Otlp;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Receive;

/// <summary>Every recorded request of a real client, over the protocol and path it was recorded on.</summary>
public sealed class OtlpFixtureTests(OtlpFixtureTests.Shared shared) : IClassFixture<OtlpFixtureTests.Shared>
{
    public static TheoryData<string> Names => [.. Fixtures.Otlp.Select(fixture => fixture.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Takes_what_real_clients_send(string name)
    {
        var fixture = Fixtures.Named(name);
        var before = shared.Server.Journaled().Count;
        foreach (var request in fixture.Requests)
        {
            if (request.Protocol == "grpc") await SendByGrpc(request);
            else await SendByHttp(request);
        }

        var spans = shared.Server.Journaled().Skip(before).Where(record => record.Signal == Signal.Traces).Sum(record => record.ItemCount);
        Assert.Equal((int)fixture.Expected!["spans"]!, spans);
    }

    private async Task SendByHttp(FixtureRequest request)
    {
        using var response = await shared.Server.SendAsync(request.Path, request.Body, request.ContentType, request.ContentEncoding);
        var body = await response.BytesAsync();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(request.ContentType, response.Content.Headers.ContentType?.MediaType);
        var text = await response.TextAsync();
        if (request.Signal == "metrics") Assert.Contains("no destination keeps metrics", text, StringComparison.Ordinal);
        else if (request.Signal == "traces") Assert.Equal(request.Protocol == "http/json" ? "{}"u8.ToArray() : [], body);
    }

    private async Task SendByGrpc(FixtureRequest request)
    {
        var answer = await shared.Server.CallAsync(request.Path, request.Body, request.Body[0] == 1 ? [("grpc-encoding", "gzip")] : []);
        Assert.Equal((200, "0"), (answer.HttpStatus, answer.Status));
        Assert.Equal(new byte[GrpcFrame.PrefixBytes], answer.Body);
    }

    public sealed class Shared : IAsyncLifetime
    {
        public RunningServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await RunningServer.StartAsync();

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
