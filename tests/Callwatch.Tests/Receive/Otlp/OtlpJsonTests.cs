using System.Text;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Receive.Otlp;

public sealed class OtlpJsonTests
{
    private const string Ids = "\"traceId\":\"0af7651916cd43dd8448eb211c80319c\",\"spanId\":\"B7AD6B7169203331\",\"startTimeUnixNano\":\"1\"";

    [Theory]
    [InlineData("{\"resource_spans\":[{\"scope_spans\":[{\"spans\":[{\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"span_id\":\"b7ad6b7169203331\",\"start_time_unix_nano\":1}]}]}]}")]
    [InlineData("{\"resourceSpans\":[{\"resource\":null,\"scopeSpans\":[{\"scope\":null,\"spans\":[{" + Ids + ",\"kind\":null,\"attributes\":null,\"of the future\":{\"a\":[1,{}]}}]}],\"schemaUrl\":\"\"}],\"more\":1}")]
    [InlineData("\uFEFF {\"resourceSpans\":[null,{\"scopeSpans\":[{\"spans\":[{\"\\u0074raceId\":\"0AF7651916cd43dd8448eb211c80319c\",\"spanId\":\"b7ad6b7169203331\",\"startTimeUnixNano\":1.0}]}]}]} ")]
    public void Reads_what_senders_write_differently(string json)
    {
        var text = OtlpDump.Spans(Written(json));
        Assert.StartsWith("span 0af7651916cd43dd8448eb211c80319c b7ad6b7169203331 parent 0000000000000000 kind 0 1-0", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"intValue\":\"-7\"}", "-7")]
    [InlineData("{\"intValue\":9007199254740993}", "9007199254740993")]
    [InlineData("{\"intValue\":3e2}", "300")]
    [InlineData("{\"intValue\":\"x\"}", "none")]
    [InlineData("{\"int_value\":1}", "1")]
    [InlineData("{\"doubleValue\":1}", "1d")]
    [InlineData("{\"doubleValue\":\"2.5\"}", "2.5d")]
    [InlineData("{\"boolValue\":true}", "True")]
    [InlineData("{\"boolValue\":\"true\"}", "True")]
    [InlineData("{\"stringValue\":\"a\\n\\u00e9\\ud83d\\udc34\"}", "\"a\né🐴\"")]
    [InlineData("{\"stringValue\":5}", "\"5\"")]
    [InlineData("{\"bytesValue\":\"AQL\\/\"}", "0x0102FF")]
    [InlineData("{\"bytesValue\":\"AQ\"}", "0x01")]
    [InlineData("{\"bytesValue\":\"?\"}", "0x")]
    [InlineData("{\"arrayValue\":{\"values\":[{\"intValue\":1},{},{\"stringValue\":\"b\"}]}}", "[1, none, \"b\", ]")]
    [InlineData("{\"kvlistValue\":{\"values\":[{\"key\":\"k\",\"value\":{\"boolValue\":false}}]}}", "{k: False, }")]
    [InlineData("{\"unknownValue\":1}", "none")]
    [InlineData("{}", "none")]
    public void Reads_values(string value, string expected) =>
        Assert.Contains(" k = " + expected + "\n", OtlpDump.Spans(Written(SpanWith("\"attributes\":[{\"key\":\"k\",\"value\":" + value + "}]"))), StringComparison.Ordinal);

    [Theory]
    [InlineData("\"kind\":3", "kind 3")]
    [InlineData("\"kind\":\"SPAN_KIND_CLIENT\"", "kind 3")]
    [InlineData("\"kind\":\"3\"", "kind 3")]
    [InlineData("\"kind\":\"a kind of the future\"", "kind 0")]
    [InlineData("\"status\":{\"code\":\"STATUS_CODE_ERROR\",\"message\":\"m\"}", "status 2 m")]
    public void Reads_enums_as_numbers_and_names(string field, string expected) =>
        Assert.Contains(expected, OtlpDump.Spans(Written(SpanWith(field))), StringComparison.Ordinal);

    [Fact]
    public void Half_a_surrogate_pair_is_mended_and_named()
    {
        var canonical = Canonical.Traces(Written(SpanWith("\"attributes\":[{\"key\":\"cut\",\"value\":{\"stringValue\":\"a\\ud83d\"}},{\"key\":\"cut2\",\"value\":{\"stringValue\":\"\\udc34b\\ud83dc\"}}]")));
        Assert.Equal(2, canonical.Changed[Reason.InvalidUtf8]);
        var text = OtlpDump.Spans(canonical.Payload);
        Assert.Contains("cut = \"a\uFFFD\"", text, StringComparison.Ordinal);
        Assert.Contains("cut2 = \"\uFFFDb\uFFFDc\"", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"traceId\":\"zz\",\"spanId\":\"b7ad6b7169203331\"", Reason.BadTraceId)]
    [InlineData("\"traceId\":\"abcdefghijklmnop\",\"spanId\":\"b7ad6b7169203331\"", Reason.BadTraceId)]
    [InlineData("\"traceId\":\"CvdlGRbNQ92ESOshHIAxnA==\",\"spanId\":\"b7ad6b7169203331\"", Reason.BadTraceId)]
    [InlineData("\"traceId\":\"0af7651916cd43dd8448eb211c80319c\",\"spanId\":\"b7ad6b716920333\"", Reason.BadSpanId)]
    public void Ids_that_are_not_hex_refuse_the_span(string ids, Reason reason) =>
        Assert.Equal(1, Canonical.Traces(Written("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" + ids + ",\"endTimeUnixNano\":5}]}]}]}")).Refused[reason]);

    [Fact]
    public void A_parent_that_is_not_hex_is_cleared_and_an_empty_one_is_none()
    {
        Assert.Equal(1, Canonical.Traces(Written(SpanWith("\"parentSpanId\":\"nobody\""))).Changed[Reason.BadParentId]);
        Assert.Empty(Canonical.Traces(Written(SpanWith("\"parentSpanId\":\"\""))).Changed);
    }

    [Theory]
    [InlineData(64, 0)]
    [InlineData(65, 1)]
    [InlineData(20_000, 1)]
    public void Values_too_deep_are_cut_not_followed(int levels, int cut)
    {
        var value = new StringBuilder();
        for (var i = 1; i < levels; i++) value.Append("{\"arrayValue\":{\"values\":[");
        value.Append("{\"intValue\":1}");
        for (var i = 1; i < levels; i++) value.Append("]}}");
        var canonical = Canonical.Traces(Written(SpanWith("\"attributes\":[{\"key\":\"k\",\"value\":" + value + "}]")));
        Assert.Equal(cut, canonical.Changed.GetValueOrDefault(Reason.NestingTooDeep));
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("null", "not a JSON object")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{", "not valid JSON")]
    [InlineData("{}{}", "not valid JSON")]
    [InlineData("{\"resourceSpans\":{}}", "\"resourceSpans\" at byte 18 must be an array")]
    [InlineData("{\"resourceSpans\":[1]}", "\"resourceSpans\" at byte 19 must be an object")]
    [InlineData("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\":[\"secret\"]}]}]}]}", "\"name\" at byte 52 must be a single value")]
    [InlineData("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\":\"secret]}", "line 1, byte 61")]
    public void Says_where_a_body_is_wrong_without_quoting_it(string json, string expected)
    {
        var problem = Canonical.Json(Encoding.UTF8.GetBytes(json), OtlpJsonShape.Traces, out _);
        Assert.Contains(expected, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Reads_logs_and_metrics()
    {
        const string Logs = """{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"5","severityNumber":"SEVERITY_NUMBER_WARN2","traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","eventName":"gen_ai.choice","body":{"stringValue":"b"}}]}]}]}""";
        Assert.Null(Canonical.Json(Encoding.UTF8.GetBytes(Logs), OtlpJsonShape.Logs, out var logs));
        Assert.Equal("log 0af7651916cd43dd8448eb211c80319c b7ad6b7169203331 5 severity 14 event gen_ai.choice body \"b\"\n", OtlpDump.Logs(logs));

        const string Metrics = """
            {"resourceMetrics":[{"scopeMetrics":[{"metrics":[
              {"gauge":{"dataPoints":[{"asInt":"1"}]}},
              {"histogram":{"dataPoints":[{"bucketCounts":["1",2],"explicitBounds":[0.5]},{}],"aggregationTemporality":2}},
              {"exponentialHistogram":{"dataPoints":[{"positive":{"offset":-3,"bucketCounts":["1"]}}]}},
              {"summary":{"dataPoints":[{"quantileValues":[{"quantile":0.5,"value":2}]}]}},
              {"name":"nothing"}]}]}]}
            """;
        Assert.Null(Canonical.Json(Encoding.UTF8.GetBytes(Metrics), OtlpJsonShape.Metrics, out var metrics));
        Assert.Equal(5, OtlpMetrics.CountPoints(metrics));
    }

    [Fact]
    public void Stops_when_the_message_cannot_grow()
    {
        using var full = new PayloadBuffer(budget: null, 100);
        OtlpJson.Write(Encoding.UTF8.GetBytes(SpanWith("\"name\":\"" + new string('x', 200) + "\"")), OtlpJsonShape.Traces, full, maxNesting: 64);
        Assert.Equal(BufferTrouble.OverLimit, full.Trouble);
    }

    private static string SpanWith(string fields) => "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" + Ids + "," + fields + "}]}]}]}";

    private static byte[] Written(string json)
    {
        Assert.Null(Canonical.Json(Encoding.UTF8.GetBytes(json), OtlpJsonShape.Traces, out var message));
        return message;
    }
}
