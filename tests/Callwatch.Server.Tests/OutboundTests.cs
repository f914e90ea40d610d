using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests;

public sealed class OutboundTests
{
    [Fact]
    public async Task No_outbound_socket_exists_while_no_destination_does()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("Sockets of a process are read from /proc.");
        using var folder = new TempFolder();
        await using var server = await CallwatchProcess.ServeAsync(folder.Path);
        var listening = new HashSet<int> { server.Url.Port, server.GrpcUrl.Port };
        using var http = new HttpClient { BaseAddress = server.Url };
        var seen = 0;
        foreach (var fixture in Fixtures.Otlp)
        {
            var asked = Task.WhenAll(fixture.Requests.Where(request => request.Protocol != "grpc").Select(request => SendAsync(http, request)).Append(LookAsync(http)));
            do
            {
                var sockets = ProcessSocket.Of(server.Id);
                seen = Math.Max(seen, sockets.Count(socket => socket.State == "01"));
                Assert.DoesNotContain(sockets, socket => socket.IsOutbound(listening));
            }
            while (!asked.IsCompleted);
            await asked;
        }

        // That the test can see connections at all.
        Assert.True(seen > 0);
    }

    private static async Task SendAsync(HttpClient http, FixtureRequest request)
    {
        using var body = new ByteArrayContent(request.Body);
        if (request.ContentType is { } type) body.Headers.TryAddWithoutValidation("Content-Type", type);
        if (request.ContentEncoding is { } encoding) body.Headers.ContentEncoding.Add(encoding);
        using var response = await http.PostAsync(new Uri(request.Path, UriKind.Relative), body, TestContext.Current.CancellationToken);
    }

    private static async Task LookAsync(HttpClient http)
    {
        foreach (var path in new[] { "/", "/calls", "/system", "/api/v1/calls", "/api/v1/system", "/metrics", "/openapi/v1.json" })
        {
            using var response = await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        }
    }
}
