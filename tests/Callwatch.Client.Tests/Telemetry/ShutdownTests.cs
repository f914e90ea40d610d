using System.Net;
using System.Net.Sockets;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Client.Tests.Telemetry;

/// <summary>The end of a process of its own, whatever the endpoint does.</summary>
[Collection(OneAtATime.Name)]
public sealed class ShutdownTests
{
    [Theory]
    [InlineData("refuses")]
    [InlineData("hangs")]
    [InlineData("never accepts")]
    [InlineData("hangs with gRPC")]
    public async Task Sigterm_ends_a_busy_host_with_its_own_code_at_most_five_seconds_later_than_without_us(string endpoint)
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start(endpoint == "never accepts" ? 1 : 512);
        var address = endpoint == "refuses" ? Ports.DeadEnd.AbsoluteUri : $"http://127.0.0.1:{((IPEndPoint)socket.LocalEndpoint).Port}";
        var accepted = endpoint.StartsWith("hangs", StringComparison.Ordinal) ? AcceptAsync(socket) : Task.CompletedTask;
        (string, string)[] settings =
        [
            ("Callwatch__Endpoint", address), ("OTEL_BATCH_EXPORT_SCHEDULE_DELAY", "100"), ("OTEL_METRIC_EXPORT_INTERVAL", "200"), ("OTEL_SAMPLING_RATE", "1"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", endpoint.EndsWith("gRPC", StringComparison.Ordinal) ? "grpc" : "http"),
            // Who waited for an answer would wait for minutes.
            ("OTEL_BATCH_EXPORT_TIMEOUT", "300000"), ("OTEL_METRIC_EXPORT_TIMEOUT", "300000"), ("Callwatch__Records__Timeout", "00:05:00"),
        ];
        await Watched.GivenTimeAsync(async () =>
        {
            await using var without = await AppProcess.StartAsync("--busy --without", settings);
            await using var with = await AppProcess.StartAsync("--busy", settings);
            var alone = await without.TerminateAsync();
            var ours = await with.TerminateAsync();
            Assert.Equal((7, 7), (alone.Code, ours.Code));
            // And what a machine needs that is slow to start it.
            Assert.InRange(ours.Took, TimeSpan.Zero, alone.Took + TimeSpan.FromSeconds(5) + (with.StartTook * 5));
        });
        socket.Stop();
        await accepted;
    }

    [Fact]
    public Task What_waits_is_sent_at_the_end_both_signals_and_records() => Watched.GivenTimeAsync(async () =>
    {
        await using var collector = await Collector.OpenAsync();
        await using var app = await AppProcess.StartAsync("--once", ("Callwatch__Endpoint", collector.Address), ("OTEL_SAMPLING_RATE", "1"), ("OTEL_BATCH_EXPORT_SCHEDULE_DELAY", "600000"), ("OTEL_METRIC_EXPORT_INTERVAL", "600000"));
        Assert.Empty(collector.Requests);
        Assert.Equal(7, (await app.TerminateAsync()).Code);
        Assert.Equal("one round", Assert.Single(collector.Spans).Name);
        Assert.Single(collector.Metrics);
    });

    [Fact]
    public async Task Our_own_requests_make_no_spans_and_carry_no_trace()
    {
        await using var collector = await Collector.OpenAsync();
        await using var called = await Collector.OpenAsync();
        await using var app = await AppProcess.StartAsync(
            "--once", ("CALLED", called.Address), ("Callwatch__Endpoint", collector.Address), ("OTEL_SAMPLING_RATE", "1"), ("OTEL_BATCH_EXPORT_SCHEDULE_DELAY", "20"), ("OTEL_METRIC_EXPORT_INTERVAL", "100"));
        // Plenty of requests of our own, each of which could have made a span.
        await Eventually.HoldsAsync(() => collector.Metrics.Count >= 10 && collector.Spans.Count >= 2, "metrics have been sent some times");
        Assert.Equal(7, (await app.TerminateAsync()).Code);
        Assert.Equal(["GET", "one round"], collector.Spans.Select(span => span.Name).Order());
        Assert.All(collector.Requests, request => Assert.Null(request.Header("traceparent") ?? request.Header("b3")));
        Assert.NotNull(Assert.Single(called.Requests).Header("traceparent"));
    }

    [Fact]
    public async Task A_worker_starts_with_settings_that_are_all_wrong_and_says_each_in_a_line()
    {
        await using var app = await AppProcess.StartAsync("", ("OTEL_EXPORTER_TYPE", "oltp"), ("OTEL_SAMPLING_RATE", "7"), ("Callwatch__Endpoint", "nonsense"), ("Callwatch__Records__QueueRecords", "many"));
        Assert.Equal(7, (await app.TerminateAsync()).Code);
        Assert.Contains(app.Lines, line => line.Contains("OTEL_EXPORTER_TYPE is 'oltp' but must be otlp, console or none; traces and metrics are off", StringComparison.Ordinal));
        Assert.Contains(app.Lines, line => line.Contains("OTEL_SAMPLING_RATE is '7' but must be a number from 0 to 1, for instance 0.1; traces are off", StringComparison.Ordinal));
    }

    [Fact]
    public Task Without_an_endpoint_to_reach_the_console_takes_both_signals() => Watched.GivenTimeAsync(async () =>
    {
        await using var app = await AppProcess.StartAsync("--once", ("OTEL_EXPORTER_TYPE", "console"), ("OTEL_SAMPLING_RATE", "1"));
        Assert.Equal(7, (await app.TerminateAsync()).Code);
        Assert.Contains(app.Lines, line => line.StartsWith("{\"span\":\"one round\"", StringComparison.Ordinal));
        Assert.Contains(app.Lines, line => line.StartsWith("{\"metric\":\"callwatch.client.spans\"", StringComparison.Ordinal));
    });

    [Fact]
    public void A_worker_is_not_forced_to_have_the_web_framework()
    {
        var runtime = File.ReadAllText(Path.Combine(AppProcess.Folder, "Callwatch.Client.TestApp.runtimeconfig.json"));
        Assert.DoesNotContain("Microsoft.AspNetCore.App", runtime);
    }

    private static async Task AcceptAsync(TcpListener listener)
    {
        var held = new List<TcpClient>();
        try
        {
            while (true) held.Add(await listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            held.ForEach(one => one.Dispose());
        }
    }
}
