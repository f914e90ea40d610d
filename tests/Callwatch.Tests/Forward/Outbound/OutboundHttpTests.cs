using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Outbound;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Forward.Outbound;

/// <summary>The clients that platforms are reached with, against a real socket that answers by script.</summary>
public sealed class OutboundHttpTests : IAsyncDisposable
{
    private readonly ManualTime time = new();
    private readonly Script platform = new();

    public ValueTask DisposeAsync() => platform.DisposeAsync();

    [Fact]
    public async Task A_name_that_means_another_host_at_the_connect_leads_nowhere()
    {
        var asked = 0;
        var guard = new OutboundGuard(AllowedRanges.None, time, (_, _) => Task.FromResult<IPAddress[]>([asked++ == 0 ? IPAddress.Parse("8.8.8.8") : IPAddress.Loopback]));
        var address = new Uri($"https://rebound.example:{platform.Port}/");
        Assert.Null(await guard.ObjectionAsync(address, TestContext.Current.CancellationToken));
        using var client = Client(guard);
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(address, TestContext.Current.CancellationToken));
        var refused = Assert.IsType<OutboundRefusedException>(failure.InnerException);
        Assert.Equal(refused.Message, PlatformAnswer.Trouble(failure).Message);
        Assert.Equal(0, platform.Connections);
    }

    [Fact]
    public async Task Loopback_is_refused_at_the_connect_unless_it_is_allowed()
    {
        platform.Answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        using (var refused = Client(new OutboundGuard(AllowedRanges.None, time)))
            await Assert.ThrowsAsync<HttpRequestException>(() => refused.GetAsync(platform.Address, TestContext.Current.CancellationToken));
        Assert.Equal(0, platform.Connections);
        using var client = Client(Allowed());
        Assert.Equal("hi", await client.GetStringAsync(platform.Address, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_next_address_is_tried_when_one_does_not_answer()
    {
        platform.Answer("HTTP/1.1 204 No Content\r\n\r\n");
        using var client = Client(new OutboundGuard(AllowedRanges.Read("127.0.0.0/8", out _)!, time, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("127.9.9.9"), IPAddress.Loopback])));
        using var response = await client.GetAsync(new Uri($"http://two.example:{platform.Port}/"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    [Fact]
    public async Task Redirects_are_answers_and_cookies_are_forgotten()
    {
        platform.Answer($"HTTP/1.1 307 Temporary Redirect\r\nLocation: {platform.Address}elsewhere\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n");
        using var client = Client(Allowed());
        using (var redirect = await client.GetAsync(platform.Address, TestContext.Current.CancellationToken)) Assert.Equal(HttpStatusCode.TemporaryRedirect, redirect.StatusCode);
        Assert.Single(platform.Requests);
        using (await client.GetAsync(platform.Address, TestContext.Current.CancellationToken)) Assert.Equal(2, platform.Requests.Count);
        Assert.DoesNotContain("cookie", platform.Requests[^1], StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Nothing_of_this_process_goes_along()
    {
        platform.Answer("HTTP/1.1 204 No Content\r\n\r\n");
        using var source = new ActivitySource("outbound test");
        // Of this test's own trace alone: others run beside it.
        var trace = ActivityTraceId.CreateRandom();
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> asked) => asked.Parent.TraceId == trace ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
        };
        ActivitySource.AddActivityListener(listener);
        using var activity = source.StartActivity("request of a person", ActivityKind.Internal, new ActivityContext(trace, ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded));
        Assert.NotNull(activity);
        using var client = Client(Allowed());
        using (await client.GetAsync(platform.Address, TestContext.Current.CancellationToken))
        {
            var request = Assert.Single(platform.Requests);
            foreach (var header in (string[])["traceparent", "Accept-Encoding", "Cookie", "Request-Id", "Proxy"]) Assert.DoesNotContain(header, request, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task A_body_without_end_is_given_up()
    {
        platform.AnswerForever("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "10000\r\n" + new string('x', 0x10000) + "\r\n");
        using var client = Client(Allowed());
        using (var headersOnly = await client.GetAsync(platform.Address, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken))
            Assert.True(PlatformAnswer.IsTrouble(await Assert.ThrowsAnyAsync<Exception>(() => headersOnly.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)), TestContext.Current.CancellationToken));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.GetAsync(platform.Address, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_connection_closed_as_soon_as_it_was_made_means_that_nobody_answered()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancel) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(listener.LocalEndpoint, cancel);
                using (var accepted = await listener.AcceptSocketAsync(cancel)) accepted.LingerState = new LingerOption(enable: true, 0);
                // What comes is a reset, after which the far end's address is no longer known.
                await Assert.ThrowsAsync<SocketException>(() => socket.ReceiveAsync(new byte[1], cancel).AsTask());
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var client = new HttpClient(handler);
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => client.GetAsync(new Uri("http://127.0.0.1/"), TestContext.Current.CancellationToken));
        Assert.True(PlatformAnswer.IsTrouble(failure, TestContext.Current.CancellationToken), failure.ToString());
        Assert.StartsWith("No connection", PlatformAnswer.Trouble(failure).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_is_not_unpacked_so_that_a_small_one_cannot_become_a_large_one()
    {
        platform.Answer("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd");
        using var client = Client(Allowed());
        Assert.Equal("abcd", await client.GetStringAsync(platform.Address, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")]
    public async Task An_answer_that_does_not_end_is_given_up_in_time_also_in_its_body(string begun)
    {
        platform.AnswerAndFallSilent(begun);
        using var client = Client(Allowed());
        var asking = Task.Run(async () =>
        {
            using var response = await client.GetAsync(platform.Address, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            return await PlatformAnswer.TextAsync(response, TestContext.Current.CancellationToken);
        });
        await Eventually.HoldsAsync(() => platform.Requests.Count == 1, "the request came");
        await Eventually.HoldsAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return asking.IsCompleted;
            },
            "it was given up");
        Assert.True(time.GetUtcNow() - new ManualTime().GetUtcNow() >= TimeSpan.FromSeconds(30));
        var given = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        Assert.Equal("No answer in time.", PlatformAnswer.Trouble(given).Message);
    }

    [Fact]
    public async Task A_proxy_is_used_where_the_operator_names_one_and_no_other()
    {
        platform.Answer("HTTP/1.1 204 No Content\r\n\r\n");
        var options = new ForwardOptions { Proxy = platform.Address.ToString() };
        using var client = new OutboundHttp(new OutboundGuard(AllowedRanges.Read("10.0.0.0/8", out _)!, time), options, time).ClientFor(1, null);
        using (await client.GetAsync(new Uri("http://10.1.2.3/x"), TestContext.Current.CancellationToken)) Assert.StartsWith("GET http://10.1.2.3/x ", Assert.Single(platform.Requests), StringComparison.Ordinal);

        // What lies behind it is looked at all the same.
        await Assert.ThrowsAsync<OutboundRefusedException>(() => client.GetAsync(new Uri("http://127.0.0.1/x"), TestContext.Current.CancellationToken));
    }

    private HttpClient Client(OutboundGuard guard) => new OutboundHttp(guard, new ForwardOptions(), time).ClientFor(1, null);

    private OutboundGuard Allowed() => new(AllowedRanges.Read("127.0.0.1", out _)!, time);

    /// <summary>Answers each request with the next of its answers, the last for ever.</summary>
    private sealed class Script : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource stop = new();
        private readonly List<string> requests = [];
        private readonly Task serving;
        private Queue<string> answers = new();
        private string? forever;
        private bool thenSilence;
        private int connections;

        public Script()
        {
            listener.Start();
            serving = ServeAsync();
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        public Uri Address => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}/"));

        public int Connections => Volatile.Read(ref connections);

        public IReadOnlyList<string> Requests
        {
            get
            {
                lock (requests) return [.. requests];
            }
        }

        public void Answer(params string[] texts) => answers = new Queue<string>(texts);

        public void AnswerForever(string text, string forever) => (answers, this.forever) = (new Queue<string>([text]), forever);

        public void AnswerAndFallSilent(string text) => (answers, thenSilence) = (new Queue<string>([text]), true);

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            listener.Stop();
            await serving;
            stop.Dispose();
            listener.Dispose();
        }

        private async Task ServeAsync()
        {
            List<Task> serving = [];
            try
            {
                while (true)
                {
                    var client = await listener.AcceptTcpClientAsync(stop.Token);
                    Interlocked.Increment(ref connections);
                    serving.Add(AnswerAsync(client));
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                await Task.WhenAll(serving);
            }
        }

        private async Task AnswerAsync(TcpClient client)
        {
            using (client)
            {
                try
                {
                    var stream = client.GetStream();
                    var buffer = new byte[16_384];
                    while (await stream.ReadAsync(buffer, stop.Token) is > 0 and var length)
                    {
                        string answer;
                        lock (requests)
                        {
                            requests.Add(Encoding.ASCII.GetString(buffer, 0, length));
                            answer = answers.Count > 1 ? answers.Dequeue() : answers.Peek();
                        }

                        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), stop.Token);
                        if (thenSilence) await Task.Delay(Timeout.Infinite, stop.Token);
                        while (forever is not null) await stream.WriteAsync(Encoding.ASCII.GetBytes(forever), stop.Token);
                    }
                }
                catch (Exception e) when (e is OperationCanceledException or IOException)
                {
                    // The client has gone, or the test has ended.
                }
            }
        }
    }
}
