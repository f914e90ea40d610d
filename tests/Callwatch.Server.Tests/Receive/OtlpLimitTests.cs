using System.Net;
using System.Net.Sockets;
using System.Text;
using Callwatch.Journal;
using Callwatch.Receive;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static Callwatch.Testing.OtlpBytes;

namespace Callwatch.Server.Tests.Receive;

public sealed class OtlpLimitTests
{
    private static readonly (string, string?)[] Small =
    [
        ("Callwatch:Receive:MaxBodyBytes", "100000"), ("Callwatch:Receive:MaxInflatedBytes", "200000"), ("Callwatch:Receive:MaxInFlightBytes", "1000000"),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_body_larger_as_sent_than_the_limit_gets_413_announced_or_not()
    {
        await using var server = await RunningServer.StartAsync(settings: Small);
        using var announced = await server.SendTracesAsync(new byte[100_001]);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, announced.StatusCode);
        Assert.Equal(8, Otlp.Status(await announced.BytesAsync()).Code);

        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/traces") { Content = new ByteArrayContent(new byte[100_001]) };
        request.Content.Headers.ContentType = new("application/x-protobuf");
        request.Headers.TransferEncodingChunked = true;
        using var chunked = await server.Http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, chunked.StatusCode);

        var call = await server.CallAsync(Otlp.TraceExport, Otlp.Framed(new byte[100_001]));
        Assert.Equal("8", call.Status);
        Assert.Equal(3, server.Services.GetRequiredService<Counters>().Total(Reason.BodyTooLarge));
    }

    [Fact]
    public async Task A_body_exactly_at_the_limits_is_taken()
    {
        await using var server = await RunningServer.StartAsync(settings: Small);
        var plain = RequestOf(100_000);
        using var identity = await server.SendTracesAsync(plain);
        Assert.Equal(HttpStatusCode.OK, identity.StatusCode);
        using var gzip = await server.SendTracesAsync(Otlp.Gzip(RequestOf(200_000)), coding: "gzip");
        Assert.Equal(HttpStatusCode.OK, gzip.StatusCode);
        using var over = await server.SendTracesAsync(Otlp.Gzip(RequestOf(200_001)), coding: "gzip");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, over.StatusCode);
        Assert.Equal(1, server.Services.GetRequiredService<Counters>().Total(Reason.InflatedTooLarge));
    }

    [Fact]
    public async Task Inflating_stops_at_the_limit()
    {
        await using var server = await RunningServer.StartAsync(settings: [("Callwatch:Receive:MaxInflatedBytes", "67108864")]);
        // A thousand times its size.
        var bomb = Otlp.Compressed(new byte[200 << 20], stream => new System.IO.Compression.GZipStream(stream, System.IO.Compression.CompressionLevel.SmallestSize));
        using var response = await server.SendTracesAsync(bomb, coding: "gzip");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal(0, server.Services.GetRequiredService<Intake>().InFlightBytes);
    }

    [Fact]
    public async Task Requests_that_together_hold_too_much_are_asked_to_come_again()
    {
        var journal = new InMemoryJournal();
        var (asked, goOn) = (new SemaphoreSlim(0), new TaskCompletionSource());
        journal.Answer = async _ =>
        {
            asked.Release();
            await goOn.Task;
            return null;
        };
        await using var server = await RunningServer.StartAsync(settings: Small, services: services => services.AddSingleton<IJournal>(journal));
        // Ten that wait for the sync hold all there is.
        var waiting = Enumerable.Range(0, 10).Select(_ => server.SendTracesAsync(RequestOf(99_000))).ToList();
        foreach (var _ in waiting) await asked.WaitAsync(Cancel);
        using var refused = await server.SendTracesAsync(RequestOf(99_000));
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(2), refused.Headers.RetryAfter!.Delta);
        goOn.SetResult();
        foreach (var response in await Task.WhenAll(waiting)) Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var later = await server.SendTracesAsync(RequestOf(99_000));
        Assert.Equal(HttpStatusCode.OK, later.StatusCode);
        Assert.Equal(0, server.Services.GetRequiredService<Intake>().InFlightBytes);
        Assert.Equal(1, server.Services.GetRequiredService<Counters>().Total(Reason.TooManyInFlight));
    }

    [Fact]
    public async Task Nobody_hears_accepted_before_the_journal_has_synced()
    {
        var journal = new InMemoryJournal();
        var (asked, synced) = (new TaskCompletionSource(), new TaskCompletionSource<AppendResult?>());
        journal.Answer = _ =>
        {
            asked.SetResult();
            return synced.Task;
        };
        await using var server = await RunningServer.StartAsync(services: services => services.AddSingleton<IJournal>(journal));
        var sending = server.SendTracesAsync(Request(Span(1)));
        await asked.Task.WaitAsync(Cancel);
        Assert.False(sending.IsCompleted);
        synced.SetResult(null);
        using var response = await sending;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Requests_that_hold_much_go_one_after_another_and_small_ones_pass_them()
    {
        var journal = new InMemoryJournal();
        var (asked, goOn) = (new SemaphoreSlim(0), new TaskCompletionSource());
        journal.Answer = async entries =>
        {
            asked.Release();
            if (entries[0].Payload.Length > 1 << 20) await goOn.Task;
            return null;
        };
        await using var server = await RunningServer.StartAsync(services: services => services.AddSingleton<IJournal>(journal));
        var intake = server.Services.GetRequiredService<Intake>();
        var large = new[] { server.SendTracesAsync(RequestOf(10_000_000)), server.SendTracesAsync(Otlp.Gzip(RequestOf(12_000_000)), coding: "gzip") };
        await asked.WaitAsync(Cancel);
        await Until(() => intake.InFlightBytes > 18_000_000);
        using var small = await server.SendTracesAsync(Request(Span(1)));
        Assert.Equal(HttpStatusCode.OK, small.StatusCode);
        await asked.WaitAsync(Cancel);
        Assert.Equal(0, asked.CurrentCount);
        goOn.SetResult();
        foreach (var response in await Task.WhenAll(large)) Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_large_request_becomes_several_records_at_once()
    {
        var appends = new List<int>();
        var journal = new InMemoryJournal
        {
            Answer = entries =>
            {
                appends.Add(entries.Count);
                return Task.FromResult<AppendResult?>(null);
            },
        };
        await using var server = await RunningServer.StartAsync(
            settings: [("Callwatch:Receive:MaxRecordBytes", "65536")], services: services => services.AddSingleton<IJournal>(journal));
        using var response = await server.SendTracesAsync(Request([.. Enumerable.Range(1, 2000).Select(i => Span(i, Attribute("text", new string('x', 100))))]));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.InRange(Assert.Single(appends), 5, 8);
        Assert.Equal(2000, journal.Records.Sum(record => record.ItemCount));
    }

    [Fact]
    public async Task A_full_queue_and_a_full_disk_are_told_with_the_time_to_wait()
    {
        var journal = new InMemoryJournal { Answer = _ => Task.FromResult<AppendResult?>(new AppendResult.Busy(TimeSpan.FromSeconds(1.2))) };
        await using var server = await RunningServer.StartAsync(services: services => services.AddSingleton<IJournal>(journal));
        using var busy = await server.SendTracesAsync(Request(Span(1)));
        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(2)), (busy.StatusCode, busy.Headers.RetryAfter!.Delta));

        journal.Answer = _ => Task.FromResult<AppendResult?>(new AppendResult.Unavailable("The disk is full.", TimeSpan.FromSeconds(30)));
        using var full = await server.SendTracesAsync("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0AF7651916CD43DD8448EB211C80319C","spanId":"B7AD6B7169203331","endTimeUnixNano":5}]}]}]}"""u8.ToArray(), "application/json");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(30)), (full.StatusCode, full.Headers.RetryAfter!.Delta));
        Assert.Equal("""{"code":14,"message":"The disk is full."}""", await full.TextAsync());
        var counters = server.Services.GetRequiredService<Counters>();
        Assert.Equal((1, 1), (counters.Total(Reason.JournalBusy), counters.Total(Reason.JournalUnavailable)));
    }

    [Fact]
    public async Task A_sender_that_dribbles_gets_408_and_holds_nothing_any_more()
    {
        var time = new ManualTime();
        await using var server = await RunningServer.StartAsync(services: services => services.AddSingleton<TimeProvider>(time));
        using var socket = new TcpClient();
        await socket.ConnectAsync(server.Url.Host, server.Url.Port, Cancel);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:{server.Url.Port}\r\nContent-Type: application/x-protobuf\r\nContent-Length: 20000\r\n\r\n"), Cancel);
        await stream.WriteAsync(new byte[3000], Cancel);
        var intake = server.Services.GetRequiredService<Intake>();
        await Until(() => intake.InFlightBytes > 0);
        // Too few for a minute, but that is granted.
        time.Advance(TimeSpan.FromSeconds(59));
        await Task.Yield();
        Assert.True(intake.InFlightBytes > 0);
        using var reader = new StreamReader(stream);
        var answer = reader.ReadLineAsync(Cancel).AsTask();
        await Until(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return answer.IsCompleted;
        });
        Assert.Equal("HTTP/1.1 408 Request Timeout", await answer);
        await Until(() => intake.InFlightBytes == 0);
        Assert.Equal(1, server.Services.GetRequiredService<Counters>().Total(Reason.SlowSender));
        Assert.Empty(server.Journaled());
    }

    [Fact]
    public async Task A_sender_that_leaves_halfway_leaves_nothing_behind()
    {
        await using var server = await RunningServer.StartAsync();
        var intake = server.Services.GetRequiredService<Intake>();
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(server.Url.Host, server.Url.Port, Cancel);
            await using var stream = socket.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:{server.Url.Port}\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n"), Cancel);
            await stream.WriteAsync(new byte[100_000], Cancel);
            await Until(() => intake.InFlightBytes > 0);
        }

        await Until(() => intake.InFlightBytes == 0);
        Assert.Empty(server.Journaled());
    }

    [Theory]
    [InlineData("MaxBodyBytes", "12", "between 1024 and")]
    [InlineData("MaxSpans", "0", "between 1 and")]
    [InlineData("SlowSenderAfter", "00:00:00", "between 00:00:01 and")]
    [InlineData("MaxInflatedBytes", "2000", "at least MaxBodyBytes")]
    public async Task A_wrong_limit_stops_the_start_and_names_itself(string setting, string value, string cure)
    {
        var wrong = await Assert.ThrowsAnyAsync<Exception>(() => RunningServer.StartAsync(settings: [("Callwatch:Receive:" + setting, value)]));
        Assert.Contains("Callwatch:Receive:" + setting, wrong.Message, StringComparison.Ordinal);
        Assert.Contains(cure, wrong.Message, StringComparison.Ordinal);
    }

    /// <summary>A request of exactly this many bytes.</summary>
    private static byte[] RequestOf(int bytes)
    {
        var request = Request(Span(1));
        // The tag and length of the filling take five to seven bytes.
        return new[] { 7, 6, 5 }.Select(head => Join(request, Message(4000, new byte[bytes - request.Length - head]))).First(made => made.Length == bytes);
    }

    private static async Task Until(Func<bool> holds)
    {
        while (!holds())
        {
            Cancel.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
