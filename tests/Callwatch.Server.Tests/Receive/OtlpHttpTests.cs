using System.IO.Compression;
using System.Net;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static Callwatch.Testing.OtlpBytes;

namespace Callwatch.Server.Tests.Receive;

public sealed class OtlpHttpTests
{
    private static readonly byte[] BadSpan = Join(Id(1, 15, 1), Id(2, 8, 1));

    public static TheoryData<string, Func<Stream, Stream>> Codings => new()
    {
        { "gzip", stream => new GZipStream(stream, CompressionLevel.Fastest) },
        { "deflate", stream => new ZLibStream(stream, CompressionLevel.Fastest) },
        { "deflate", stream => new DeflateStream(stream, CompressionLevel.Fastest) },
        { "br", stream => new BrotliStream(stream, CompressionLevel.Fastest) },
    };

    [Theory]
    [MemberData(nameof(Codings), DisableDiscoveryEnumeration = true)]
    public async Task Takes_every_encoding(string name, Func<Stream, Stream> compress)
    {
        await using var server = await RunningServer.StartAsync();
        var request = Request([.. Enumerable.Range(1, 500).Select(i => Span(i))]);
        using var response = await server.SendTracesAsync(Otlp.Compressed(request, compress), coding: name);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(request, server.Journaled().Single().Payload.ToArray());
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task An_empty_body_is_a_request_without_spans_whatever_its_encoding(string coding)
    {
        await using var server = await RunningServer.StartAsync();
        using var response = await server.SendTracesAsync([], coding: coding);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Codings), DisableDiscoveryEnumeration = true)]
    public async Task A_compressed_body_cut_short_is_malformed_whatever_it_holds(string name, Func<Stream, Stream> compress)
    {
        await using var server = await RunningServer.StartAsync();
        var whole = Otlp.Compressed(Request([.. Enumerable.Range(1, 500).Select(i => Span(i))]), compress);
        foreach (var cut in new[] { 1, 5, whole.Length / 2 })
        {
            using var response = await server.SendTracesAsync(whole[..^cut], coding: name);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }

        Assert.Empty(server.Journaled());
    }

    [Fact]
    public async Task Answers_in_the_format_of_the_request_what_was_refused()
    {
        await using var server = await RunningServer.StartAsync();
        using var protobuf = await server.SendTracesAsync(Request(Span(1), BadSpan, BadSpan));
        Assert.Equal("application/x-protobuf", protobuf.Content.Headers.ContentType?.ToString());
        Assert.Equal((2, "2 refused: bad_trace_id"), Otlp.PartialSuccess(await protobuf.BytesAsync()));

        var json = """{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"00","spanId":"0000000000000001","startTimeUnixNano":1,"endTimeUnixNano":"2"}]}]}]}"""u8.ToArray();
        using var response = await server.SendTracesAsync(json, "application/json; charset=utf-8");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("""{"partialSuccess":{"rejectedSpans":"1","errorMessage":"1 refused: bad_trace_id"}}""", await response.TextAsync());
        Assert.Equal(3, server.Services.GetRequiredService<Counters>().Total(Reason.BadTraceId));
    }

    [Fact]
    public async Task Logs_and_metrics_that_nobody_keeps_are_answered_and_counted()
    {
        await using var server = await RunningServer.StartAsync();
        var log = """{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}}]}]}]}"""u8.ToArray();
        using var logs = await server.SendAsync("/v1/logs", log, "application/json");
        Assert.Equal("""{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"no destination keeps logs"}}""", await logs.TextAsync());

        var metric = """{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","sum":{"dataPoints":[{"asInt":"1"},{"asDouble":2}]}}]}]}]}"""u8.ToArray();
        using var metrics = await server.SendAsync("/api/public/otel/v1/metrics", metric, "application/json");
        Assert.Equal("""{"partialSuccess":{"rejectedDataPoints":"2","errorMessage":"no destination keeps metrics"}}""", await metrics.TextAsync());

        using var none = await server.SendAsync("/v1/metrics", [], "application/x-protobuf");
        Assert.Empty(await none.BytesAsync());
        var counters = server.Services.GetRequiredService<Counters>();
        Assert.Equal((1, 2), (counters.Total(Reason.NoDestinationKeepsLogs), counters.Total(Reason.NoDestinationKeepsMetrics)));
        Assert.Empty(server.Journaled());
    }

    [Fact]
    public async Task Records_of_a_spans_story_are_kept()
    {
        await using var server = await RunningServer.StartAsync();
        using var response = await server.SendAsync("/v1/logs", A.Logs(A.Log("gen_ai.user.message"), A.Log("other")), "application/x-protobuf");
        Assert.Equal((1, "no destination keeps logs"), Otlp.PartialSuccess(await response.BytesAsync()));
        var record = server.Journaled().Single();
        Assert.Equal((Signal.Logs, 1), (record.Signal, record.ItemCount));
    }

    [Theory]
    [InlineData("application/x-protobuf", "0A")]
    [InlineData("application/x-protobuf", "FFFFFFFF")]
    [InlineData("application/json", "5B5D")]
    [InlineData("application/json", "7B")]
    [InlineData("application/json", "7B7D7D")]
    [InlineData("application/json", "")]
    public async Task What_is_no_request_gets_400_with_a_status_in_its_format(string type, string hex)
    {
        await using var server = await RunningServer.StartAsync();
        using var response = await server.SendTracesAsync(Convert.FromHexString(hex), type);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType?.ToString());
        var code = type == "application/json" ? (int)JsonNode.Parse(await response.TextAsync())!["code"]! : Otlp.Status(await response.BytesAsync()).Code;
        Assert.Equal(3, code);
        Assert.Equal(1, server.Services.GetRequiredService<Counters>().Total(Reason.MalformedBody));
    }

    [Theory]
    [InlineData("text/plain", null)]
    [InlineData("application/xml", null)]
    [InlineData(null, null)]
    [InlineData("application/x-protobuf", "zstd")]
    [InlineData("application/json", "compress")]
    public async Task Unknown_types_and_encodings_get_415(string? type, string? coding)
    {
        await using var server = await RunningServer.StartAsync();
        using var response = await server.SendAsync("/v1/traces", Request(Span(1)), type, coding);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        var counters = server.Services.GetRequiredService<Counters>();
        Assert.Equal(1, counters.Total(Reason.UnsupportedMediaType) + counters.Total(Reason.UnsupportedEncoding));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    [InlineData("PUT")]
    public async Task Other_methods_get_405(string method)
    {
        await using var server = await RunningServer.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), "/v1/traces");
        using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("/runs/multipart")]
    [InlineData("/runs/batch")]
    [InlineData("/api/1/envelope/")]
    [InlineData("/api/4505/store/")]
    public async Task Where_SDKs_send_what_is_not_OTLP_they_learn_how_to(string path)
    {
        await using var server = await RunningServer.StartAsync();
        using var response = await server.SendAsync(path, "{}"u8.ToArray(), "application/json");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        var problem = JsonNode.Parse(await response.TextAsync())!;
        Assert.Equal("not_otlp", (string)problem["code"]!);
        Assert.Contains("v1/traces", (string)problem["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_app_comes_from_the_key_else_from_what_is_sent()
    {
        await using var server = await RunningServer.StartAsync();
        var apps = server.Services.GetRequiredService<Apps>();
        (byte[] Resource, string App)[] cases =
        [
            (Join(Attribute("callwatch.app", "own", 1), Attribute("service.name", "shop", 1)), "own"),
            (Join(Attribute("service.name", "shop", 1), Attribute("openinference.project.name", "p", 1)), "shop"),
            (Join(Attribute("service.namespace", "eu", 1), Attribute("service.name", "shop", 1)), "eu/shop"),
            (Join(Attribute("service.name", "unknown_service:node", 1), Attribute("dify.app_id", "d1", 1)), "d1"),
            (Attribute("openinference.project.name", "proj", 1), "proj"),
            (Attribute("service.name", "  ", 1), "default"),
            ([], "default"),
        ];
        var request = Join([.. cases.Select((item, i) => ResourceWith(item.Resource, Span(i + 1)))]);
        using var response = await server.SendTracesAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var named = server.Journaled().ToDictionary(record => apps.NameOf(record.AppId), record => record.ItemCount);
        Assert.Equal(cases.GroupBy(item => item.App).ToDictionary(group => group.Key, group => group.Count()), named);

        var app = apps.Create(Tenants.DefaultId, "fixed");
        var key = server.Services.GetRequiredService<Keys>().Create(Tenants.DefaultId, app.Id, KeyScopes.Ingest, label: null);
        using var keyed = await server.SendTracesAsync(request, key: key.Secret);
        Assert.Equal(HttpStatusCode.OK, keyed.StatusCode);
        var last = server.Journaled()[^1];
        Assert.Equal((app.Id, key.Key.Id, cases.Length), (last.AppId, last.KeyId, last.ItemCount));
        Assert.Equal(request, last.Payload.ToArray());
    }

    [Fact]
    public async Task What_dify_says_on_its_spans_names_the_app_when_the_resource_does_not()
    {
        await using var server = await RunningServer.StartAsync();
        using var response = await server.SendTracesAsync(Resource(service: null, Span(1), Span(2, Attribute("dify.app_id", "app-7"))));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("app-7", server.Services.GetRequiredService<Apps>().NameOf(server.Journaled().Single().AppId));
    }
}
