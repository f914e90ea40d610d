using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Otlp;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Testing.Scenarios;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Otlp;

/// <summary>gRPC against a server down to the frame: how HTTP/2 connections end, and calls that fail at once.</summary>
public sealed class OtlpHttp2Tests : IAsyncDisposable
{
    private const byte Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7;

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<Func<NetworkStream, int, Task>> answers = new();
    private readonly Task serving;
    private int connections;

    public OtlpHttp2Tests()
    {
        listener.Start();
        serving = ServeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await serving;
        stop.Dispose();
    }

    [Fact]
    public async Task A_server_that_goes_away_before_it_has_looked_at_a_request_is_asked_again_over_another_connection()
    {
        answers.Enqueue((stream, _) => FrameAsync(stream, GoAway, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]));
        answers.Enqueue((stream, id) => HeadersAsync(stream, id, ("grpc-status", "0")));
        Assert.IsType<Delivery.Accepted>(await SendAsync());
        Assert.Equal(2, connections);
    }

    [Fact]
    public async Task A_server_that_goes_away_in_the_middle_of_a_request_is_tried_again()
    {
        answers.Enqueue(async (stream, id) =>
        {
            var last = new byte[8];
            BinaryPrimitives.WriteInt32BigEndian(last, id);
            await FrameAsync(stream, GoAway, 0, 0, last);
        });
        var words = Assert.IsType<Delivery.TryAgain>(await SendAsync()).Words;
        Assert.DoesNotContain("check port and protocol", words.Message, StringComparison.Ordinal);
        answers.Enqueue((stream, id) => HeadersAsync(stream, id, ("grpc-status", "0")));
        Assert.IsType<Delivery.Accepted>(await SendAsync());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(11)]
    public async Task A_request_that_is_broken_off_is_tried_again_in_words_that_do_not_blame_the_settings(byte code)
    {
        answers.Enqueue((stream, id) => FrameAsync(stream, Reset, 0, id, [0, 0, 0, code]));
        Assert.Equal($"The platform broke the request off before it answered (HTTP/2, code {code}).", Assert.IsType<Delivery.TryAgain>(await SendAsync()).Words.Message);
    }

    [Theory]
    [InlineData("14", typeof(Delivery.TryAgain), "gRPC status 14: draining: 50 %")]
    [InlineData("16", typeof(Delivery.Blocked), "gRPC status 16: draining: 50 %")]
    [InlineData("3", typeof(Delivery.Refused), "gRPC status 3: draining: 50 %")]
    public async Task A_call_that_fails_at_once_has_its_status_among_the_headers(string status, Type expected, string message)
    {
        answers.Enqueue((stream, id) => HeadersAsync(stream, id, ("content-type", "application/grpc"), ("grpc-status", status), ("grpc-message", "draining: 50 %25")));
        var delivery = await SendAsync();
        Assert.IsType(expected, delivery);
        Assert.Equal(message, delivery switch { Delivery.TryAgain again => again.Words.Message, Delivery.Blocked blocked => blocked.Words.Message, _ => ((Delivery.Refused)delivery).Words.Message });
    }

    private async Task<Delivery> SendAsync()
    {
        await using var rig = new ForwardRig(new OtlpKind(), new JsonObject { ["endpoint"] = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}", ["protocol"] = "grpc", ["compression"] = "none", ["timeout"] = 60 });
        await using var destination = rig.Open();
        return await destination.SendAsync([Sent.Item(OtlpBatch.Route, "") with { Head = OtlpBatch.Head(new OutboundAttributes(), "x", null) }], TestContext.Current.CancellationToken);
    }

    private async Task ServeAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true) serving.Add(OneAsync(await listener.AcceptTcpClientAsync(stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(serving);
        }
    }

    // Reads to the end of a request, answers as told, and once more reads until the client has gone.
    private async Task OneAsync(TcpClient client)
    {
        using var _ = client;
        try
        {
            await using var stream = client.GetStream();
            Interlocked.Increment(ref connections);
            await stream.ReadExactlyAsync(new byte[24], stop.Token);
            await FrameAsync(stream, Settings, 0, 0, []);
            var head = new byte[9];
            while (await stream.ReadAtLeastAsync(head, 9, throwOnEndOfStream: false, stop.Token) == 9)
            {
                var body = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
                await stream.ReadExactlyAsync(body, stop.Token);
                var (type, flags, id) = (head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)));
                if (type == Settings && flags == 0) await FrameAsync(stream, Settings, 1, 0, []);
                else if (type == Ping && flags == 0) await FrameAsync(stream, Ping, 1, 0, body);
                else if (type is 0 or Headers && (flags & 1) != 0)
                {
                    if (!answers.TryDequeue(out var answer)) return;
                    await answer(stream, id);
                    client.Client.Shutdown(SocketShutdown.Send);
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client has gone, or the test is over.
        }
    }

    // ":status: 200" stands in the static table of HPACK; the others are written out, without the table.
    private Task HeadersAsync(NetworkStream stream, int id, params (string Name, string Value)[] headers)
    {
        var block = new List<byte> { 0x88 };
        foreach (var (name, value) in headers) block.AddRange([0x00, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)]);
        return FrameAsync(stream, Headers, 0x4 | 0x1, id, [.. block]);
    }

    private async Task FrameAsync(NetworkStream stream, byte type, byte flags, int id, byte[] body)
    {
        var frame = new byte[9 + body.Length];
        (frame[1], frame[2], frame[3], frame[4]) = ((byte)(body.Length >> 8), (byte)body.Length, type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), id);
        body.CopyTo(frame, 9);
        await stream.WriteAsync(frame, stop.Token);
    }
}
