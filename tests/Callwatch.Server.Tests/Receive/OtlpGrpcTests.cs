using System.IO.Compression;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Receive.Otlp;
using Callwatch.Server.Endpoints;
using Callwatch.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static Callwatch.Testing.OtlpBytes;

namespace Callwatch.Server.Tests.Receive;

public sealed class OtlpGrpcTests
{
    private static readonly byte[] OneSpan = Request(Span(1));

    [Fact]
    public async Task Answers_what_was_refused_as_a_partial_success()
    {
        await using var server = await RunningServer.StartAsync();
        var answer = await server.CallAsync(Otlp.TraceExport, Otlp.Framed(Request(Span(1), Join(Id(1, 16, 1)))));
        Assert.Equal("0", answer.Status);
        Assert.Equal((1, "1 refused: bad_span_id"), Otlp.PartialSuccess(answer.Body[GrpcFrame.PrefixBytes..]));

        var metrics = Message(1, Message(2, Message(2, Text(1, "m"), Message(5, Message(1), Message(1)))));
        answer = await server.CallAsync(Otlp.MetricExport, Otlp.Framed(metrics));
        Assert.Equal((2, "no destination keeps metrics"), Otlp.PartialSuccess(answer.Body[GrpcFrame.PrefixBytes..]));

        answer = await server.CallAsync(Otlp.LogExport, Otlp.Framed(A.Logs(A.Log("gen_ai.choice"))));
        Assert.Equal(("0", 5), (answer.Status, answer.Body.Length));
        Assert.Equal([Signal.Traces, Signal.Logs], server.Journaled().Select(record => record.Signal));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Takes_compressed_messages(string coding)
    {
        await using var server = await RunningServer.StartAsync();
        var message = Otlp.Compressed(OneSpan, stream => coding == "gzip" ? new GZipStream(stream, CompressionLevel.Fastest) : new ZLibStream(stream, CompressionLevel.Fastest));
        var answer = await server.CallAsync(Otlp.TraceExport, Otlp.Framed(message, compressed: true), ("grpc-encoding", coding));
        Assert.Equal("0", answer.Status);
        Assert.Equal(OneSpan, server.Journaled().Single().Payload.ToArray());
    }

    [Fact]
    public async Task A_plain_message_is_taken_where_the_call_names_an_encoding()
    {
        await using var server = await RunningServer.StartAsync();
        Assert.Equal("0", (await server.CallAsync(Otlp.TraceExport, Otlp.Framed(OneSpan), ("grpc-encoding", "gzip"))).Status);
    }

    [Theory]
    [InlineData("", "13")]
    [InlineData("0000", "13")]
    [InlineData("0000000005", "13")]
    [InlineData("000000000000", "13")]
    [InlineData("0200000000", "13")]
    [InlineData("0100000000", "13")]
    [InlineData("00000000010A", "3")]
    public async Task Bodies_that_are_no_call_are_answered_with_a_code(string hex, string status)
    {
        await using var server = await RunningServer.StartAsync();
        var answer = await server.CallAsync(Otlp.TraceExport, Convert.FromHexString(hex));
        Assert.Equal((200, status), (answer.HttpStatus, answer.Status));
        Assert.Empty(answer.Body);
        Assert.NotEmpty(answer.Message!);
    }

    [Fact]
    public async Task Unknown_methods_and_encodings_are_unimplemented()
    {
        await using var server = await RunningServer.StartAsync();
        Assert.Equal("12", (await server.CallAsync("/opentelemetry.proto.collector.trace.v1.TraceService/Import", Otlp.Framed(OneSpan))).Status);
        Assert.Equal("12", (await server.CallAsync("/grpc.health.v1.Health/Check", Otlp.Framed([]))).Status);
        var answer = await server.CallAsync(Otlp.TraceExport, Otlp.Framed(OneSpan, compressed: true), ("grpc-encoding", "zstd"));
        Assert.Equal("12", answer.Status);
        Assert.Equal("identity, gzip, deflate", answer.Header("grpc-accept-encoding"));
    }

    [Fact]
    public async Task A_call_without_a_right_key_is_refused_in_grpcs_own_way()
    {
        await using var server = await RunningServer.StartAsync(settings: [("Callwatch:Access:TrustLoopback", "false")]);
        Assert.Equal("16", (await server.CallAsync(Otlp.TraceExport, Otlp.Framed(OneSpan))).Status);
        var reader = server.Services.GetRequiredService<Keys>().Create(Tenants.DefaultId, null, KeyScopes.Read, label: null);
        Assert.Equal("7", (await server.CallAsync(Otlp.TraceExport, Otlp.Framed(OneSpan), ("authorization", "Bearer " + reader.Secret))).Status);
        var sender = server.Services.GetRequiredService<Keys>().Create(Tenants.DefaultId, null, KeyScopes.Ingest, label: null);
        Assert.Equal("0", (await server.CallAsync(Otlp.TraceExport, Otlp.Framed(OneSpan), ("authorization", "Bearer " + sender.Secret))).Status);
    }

    [Fact]
    public async Task A_full_queue_asks_to_come_again()
    {
        var journal = new InMemoryJournal { Answer = _ => Task.FromResult<AppendResult?>(new AppendResult.Busy(TimeSpan.FromSeconds(3))) };
        await using var server = await RunningServer.StartAsync(services: services => services.AddSingleton<IJournal>(journal));
        var answer = await server.CallAsync(Otlp.TraceExport, Otlp.Framed(OneSpan));
        Assert.Equal("14", answer.Status);
        Assert.Equal("3000", answer.Header("grpc-retry-pushback-ms"));
        var details = answer.Header("grpc-status-details-bin")!;
        var status = Convert.FromBase64String(details.PadRight((details.Length + 3) / 4 * 4, '='));
        Assert.Equal(14, Otlp.Status(status).Code);
        Assert.Contains("type.googleapis.com/google.rpc.RetryInfo", System.Text.Encoding.ASCII.GetString(status), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_whose_time_passes_is_told_so()
    {
        var time = new ManualTime();
        var journal = new InMemoryJournal();
        await using var server = await RunningServer.StartAsync(services: services => services.AddSingleton<IJournal>(journal).AddSingleton<TimeProvider>(time));
        journal.Answer = _ =>
        {
            time.Advance(TimeSpan.FromSeconds(2));
            return Task.FromResult<AppendResult?>(null);
        };
        Assert.Equal("4", (await server.CallAsync(Otlp.TraceExport, Otlp.Framed(OneSpan), ("grpc-timeout", "1S"))).Status);
        Assert.Equal("0", (await server.CallAsync(Otlp.TraceExport, Otlp.Framed(OneSpan), ("grpc-timeout", "3S"))).Status);
    }

    [Theory]
    [InlineData("1H", 3_600_000)]
    [InlineData("10S", 10_000)]
    [InlineData("250m", 250)]
    [InlineData("5000u", 5)]
    [InlineData("1000000n", 1)]
    [InlineData("", null)]
    [InlineData("S", null)]
    [InlineData("-1S", null)]
    [InlineData("1X", null)]
    [InlineData("123456789S", null)]
    public void Reads_the_time_a_call_allows(string text, int? milliseconds) =>
        Assert.Equal(milliseconds is null ? null : TimeSpan.FromMilliseconds(milliseconds.Value), OtlpGrpcEndpoints.TimeoutOf(text));

    [Fact]
    public async Task Other_content_at_the_address_of_a_call_is_refused()
    {
        await using var server = await RunningServer.StartAsync();
        using var response = await server.SendAsync(Otlp.TraceExport, OneSpan, "application/x-protobuf");
        Assert.Equal(System.Net.HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        using var http1 = await server.SendAsync(Otlp.TraceExport, Otlp.Framed(OneSpan), "application/grpc");
        Assert.Equal(505, (int)http1.StatusCode);
        Assert.Empty(server.Journaled());
    }
}
