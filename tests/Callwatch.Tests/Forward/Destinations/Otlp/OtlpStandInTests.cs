using System.IO.Compression;
using System.Text;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Otlp;

/// <summary>The stand-in itself: it would be of no use if it took what a receiver refuses.</summary>
public sealed class OtlpStandInTests
{
    public static TheoryData<string> Wrong => [.. WrongRequests.All.Keys];

    private static Dictionary<string, string> NoHeaders => [];

    [Fact]
    public async Task Takes_a_good_request_in_both_encodings()
    {
        await using var receiver = await OtlpStandIn.StartNewAsync();
        var draft = new WireDraft().With("gen_ai.operation.name", "chat").With("tags", new[] { "a", "b" }).With("ok", true).With("share", 0.5).With("count", 3L);
        Assert.Equal(200, await PostAsync(receiver, draft.ToProtobuf(), "application/x-protobuf"));
        Assert.Equal(200, await PostAsync(receiver, Encoding.UTF8.GetBytes(draft.ToJson().ToJsonString()), "application/json"));
        Assert.Equal(WireText.Of([receiver.Spans[0]]), WireText.Of([receiver.Spans[1]]));
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Refuses_what_breaks_the_protocol_in_protobuf(string wrong)
    {
        await using var receiver = await OtlpStandIn.StartNewAsync();
        var draft = new WireDraft();
        WrongRequests.All[wrong](draft);
        Assert.Equal(400, await PostAsync(receiver, draft.ToProtobuf(), "application/x-protobuf"));
        Assert.Empty(receiver.Spans);
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Refuses_what_breaks_the_protocol_in_json(string wrong)
    {
        await using var receiver = await OtlpStandIn.StartNewAsync();
        var draft = new WireDraft();
        WrongRequests.All[wrong](draft);
        Assert.Equal(400, await PostAsync(receiver, Encoding.UTF8.GetBytes(draft.ToJson().ToJsonString()), "application/json"));
        Assert.Empty(receiver.Spans);
    }

    [Theory]
    [InlineData("\"traceId\":\"7b1e9c52d4a84f6f9a3c0d5e6f708192\"", "\"traceId\":\"ex6cUtSoT2+aPA1eb3CBkg==\"")]
    [InlineData("\"traceId\"", "\"trace_id\"")]
    [InlineData("\"startTimeUnixNano\":\"1784193600000000000\"", "\"startTimeUnixNano\":\"2026-07-16T12:00:00Z\"")]
    [InlineData("\"intValue\":\"18\"", "\"intValue\":\"18.5\"")]
    [InlineData("\"intValue\":\"18\"", "\"intValue\":18.5")]
    [InlineData("\"kind\":3", "\"kind\":\"SPAN_KIND_CLIENT\"")]
    [InlineData("\"code\":1", "\"code\":\"STATUS_CODE_OK\"")]
    [InlineData("\"name\":\"chat gpt-4o\"", "\"name\":null")]
    [InlineData("{\"resourceSpans\"", "{\"resource_spans\"")]
    [InlineData("]}]}]}", "]}]}")]
    public async Task Refuses_json_that_is_not_the_protocols(string good, string wrong)
    {
        await using var receiver = await OtlpStandIn.StartNewAsync();
        var json = new WireDraft().With("gen_ai.usage.input_tokens", 18L).ToJson().ToJsonString();
        Assert.Contains(good, json, StringComparison.Ordinal);
        Assert.Equal(400, await PostAsync(receiver, Encoding.UTF8.GetBytes(json.Replace(good, wrong, StringComparison.Ordinal)), "application/json"));
    }

    [Fact]
    public async Task Refuses_another_path_method_type_coding_size_or_key()
    {
        await using var receiver = new OtlpStandIn { Keys = new Dictionary<string, string> { ["authorization"] = "Bearer good" }, MostBytes = 2_000 };
        await receiver.StartAsync();
        var body = new WireDraft().ToProtobuf();
        var key = new Dictionary<string, string> { ["Authorization"] = "Bearer good" };
        Assert.Equal(200, await StatusAsync(receiver.Address + "/v1/traces", body, "application/x-protobuf", key));
        Assert.Equal(404, await StatusAsync(receiver.Address + "/v1/spans", body, "application/x-protobuf", key));
        Assert.Equal(405, await StatusAsync(receiver.Address + "/v1/traces", body, "application/x-protobuf", key, method: HttpMethod.Put));
        Assert.Equal(415, await StatusAsync(receiver.Address + "/v1/traces", body, "text/plain", key));
        Assert.Equal(415, await StatusAsync(receiver.Address + "/v1/traces", body, "application/x-protobuf", key, coding: "br"));
        Assert.Equal(400, await StatusAsync(receiver.Address + "/v1/traces", body, "application/x-protobuf", key, coding: "gzip"));
        Assert.Equal(400, await StatusAsync(receiver.Address + "/v1/traces", body[..^3], "application/x-protobuf", key));
        Assert.Equal(413, await StatusAsync(receiver.Address + "/v1/traces", new WireDraft().With("long", new string('x', 3_000)).ToProtobuf(), "application/x-protobuf", key));
        Assert.Equal(401, await StatusAsync(receiver.Address + "/v1/traces", body, "application/x-protobuf", new Dictionary<string, string> { ["Authorization"] = "Bearer bad" }));
        Assert.Equal(401, await StatusAsync(receiver.Address + "/v1/traces", body, "application/x-protobuf", NoHeaders));
        Assert.Single(receiver.Spans);
    }

    [Theory]
    [InlineData("16", "Bearer bad", false, OtlpStandIn.GrpcPath, 0)]
    [InlineData("12", "Bearer good", false, "/other.Service/Export", 0)]
    [InlineData("3", "Bearer good", false, OtlpStandIn.GrpcPath, 1)]
    [InlineData("3", "Bearer good", true, OtlpStandIn.GrpcPath, 0)]
    [InlineData("0", "Bearer good", false, OtlpStandIn.GrpcPath, 0)]
    public async Task Grpc_statuses_stand_in_the_trailers(string status, string key, bool saysGzip, string path, int cut)
    {
        await using var receiver = new OtlpStandIn { Keys = new Dictionary<string, string> { ["authorization"] = "Bearer good" } };
        await receiver.StartAsync();
        var message = new WireDraft().ToProtobuf();
        byte[] frame = [(byte)(saysGzip ? 1 : 0), 0, 0, (byte)(message.Length >> 8), (byte)message.Length, .. message[..^cut]];
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, receiver.GrpcAddress + path) { Version = new Version(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(frame) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.TryAddWithoutValidation("authorization", key);
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, (response.TrailingHeaders.TryGetValues("grpc-status", out var trailing) ? trailing : response.Headers.GetValues("grpc-status")).First());
    }

    [Fact]
    public async Task Takes_what_the_recorded_clients_sent()
    {
        await using var receiver = await OtlpStandIn.StartNewAsync();
        foreach (var request in Fixtures.Otlp.SelectMany(fixture => fixture.Requests).Where(request => request.Signal == "traces" && request.Protocol == "http/protobuf"))
        {
            var answer = await StatusAsync(receiver.Address + "/v1/traces", Gzip(request.Message()), "application/x-protobuf", NoHeaders, "gzip");
            Assert.True(answer == 200, request.Path);
        }

        Assert.NotEmpty(receiver.Spans);
    }

    private static byte[] Gzip(byte[] body)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(body);
        return packed.ToArray();
    }

    private static Task<int> PostAsync(OtlpStandIn receiver, byte[] body, string type) => StatusAsync(receiver.Address + "/v1/traces", body, type, NoHeaders);

    private static async Task<int> StatusAsync(string address, byte[] body, string type, IReadOnlyDictionary<string, string> headers, string? coding = null, HttpMethod? method = null)
    {
        using var response = await Posting.PostAsync(address, body, type, headers, coding, method);
        return (int)response.StatusCode;
    }
}
