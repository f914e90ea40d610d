using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Callwatch.Receive.Otlp;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Receive.Otlp;

/// <summary>The recorded requests of real clients.</summary>
public sealed partial class FixtureReadingTests
{
    public static TheoryData<string> Names => [.. Fixtures.Otlp.Select(fixture => fixture.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_real_clients_send_stays_byte_for_byte(string name)
    {
        foreach (var request in Fixtures.Named(name).Requests.Where(request => request.Signal == "traces"))
        {
            var message = Protobuf(request);
            var canonical = Canonical.Traces(message);
            Assert.True(canonical.IsOtlp);
            Assert.Empty(canonical.Refused);
            Assert.Empty(canonical.Changed);
            Assert.Equal(message, canonical.Payload);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Reads_as_many_spans_as_were_sent(string name)
    {
        var fixture = Fixtures.Named(name);
        var spans = fixture.Requests.Where(request => request.Signal == "traces").Sum(request => Canonical.Traces(Protobuf(request)).Parts.Sum(part => part.Items));
        Assert.Equal((int)fixture.Expected!["spans"]!, spans);
    }

    [Fact]
    public void Json_reads_as_the_same_facts_as_protobuf()
    {
        var json = OtlpDump.Spans(Protobuf(Fixtures.Named("otel-plain/manual-types-json").Requests[0]));
        var protobuf = OtlpDump.Spans(Fixtures.Named("otel-plain/manual-types-proto").Requests[0].Message());
        // Two runs: their ids, times and line numbers differ, and only the protobuf exporter writes 1.5 as it is.
        Assert.Equal(WhatVaries().Replace(protobuf, "#"), WhatVaries().Replace(json, "#"));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Json_loses_no_attribute(string name)
    {
        foreach (var request in Fixtures.Named(name).Requests.Where(request => request is { Signal: "traces", Protocol: "http/json" }))
        {
            var sent = JsonNode.Parse(request.Message())!["resourceSpans"]!.AsArray()
                .SelectMany(resource => resource!["scopeSpans"]!.AsArray()).SelectMany(scope => scope!["spans"]!.AsArray())
                .SelectMany(span => span!["attributes"]!.AsArray()).Select(pair => (string)pair!["key"]!);
            var read = new List<string>();
            foreach (var span in OtlpSpan.In(Protobuf(request)))
                foreach (var attribute in span.Attributes) read.Add(System.Text.Encoding.UTF8.GetString(attribute.Key));
            Assert.Equal(sent, read);
        }
    }

    [Fact]
    public void Joins_the_records_that_belong_to_a_span_and_refuses_the_rest()
    {
        var request = Fixtures.Named("otel-instrumentation-openai/tool-call-full-signals").Requests.Single(request => request.Signal == "logs");
        Assert.Null(Canonical.Json(request.Message(), OtlpJsonShape.Logs, out var message));
        var canonical = Canonical.Logs(message);
        Assert.NotEmpty(canonical.Parts);
        Assert.Contains("gen_ai.user.message", OtlpDump.Logs(canonical.Payload), StringComparison.Ordinal);
    }

    internal static byte[] Protobuf(FixtureRequest request)
    {
        if (request.Protocol != "http/json") return request.Message();
        Assert.Null(Canonical.Json(request.Message(), OtlpJsonShape.Traces, out var message));
        return message;
    }

    [GeneratedRegex("[0-9]{19}|[0-9a-f]{32}|[0-9a-f]{16}|:[0-9]+:[0-9]+", RegexOptions.NonBacktracking)]
    private static partial Regex WhatVaries();
}
