using System.Text;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;

namespace Callwatch.Cli.Demo;

/// <summary>Spans as an OTLP request (opentelemetry-proto trace/v1), protobuf.</summary>
internal static class DemoPayload
{
    private const int MostBytes = 64 << 20;

    public static byte[] Of(IEnumerable<DemoSpan> spans)
    {
        using var buffer = new PayloadBuffer(budget: null, MostBytes);
        var wire = new ProtobufWriter(buffer);
        foreach (var service in spans.GroupBy(span => span.Service))
        {
            var resourceSpans = wire.Begin(1, 4096);
            var resource = wire.Begin(1);
            foreach (var (key, value) in Resource(service.Key)) Attribute(wire, 1, key, value);
            wire.End(resource);
            foreach (var scope in service.GroupBy(span => span.Scope))
            {
                var scopeSpans = wire.Begin(2, 4096);
                var name = wire.Begin(1);
                Text(wire, 1, scope.Key);
                wire.End(name);
                foreach (var span in scope) Span(wire, span);
                wire.End(scopeSpans);
            }

            wire.End(resourceSpans);
        }

        return buffer.Memory.ToArray();
    }

    private static IEnumerable<(string Key, object Value)> Resource(DemoService service) =>
    [
        ("service.name", service.Name), ("service.version", service.Release), ("deployment.environment.name", service.Environment),
        ("telemetry.sdk.language", service.Language), ("callwatch.demo", true),
    ];

    private static void Span(ProtobufWriter wire, DemoSpan span)
    {
        var open = wire.Begin(2, 1024);
        Span<byte> id = stackalloc byte[16];
        span.TraceId.Write(id);
        wire.Bytes(1, id);
        span.SpanId.Write(id);
        wire.Bytes(2, id[..8]);
        if (!span.ParentSpanId.IsNone)
        {
            span.ParentSpanId.Write(id);
            wire.Bytes(4, id[..8]);
        }

        Text(wire, 5, span.Name);
        wire.Varint(6, (ulong)span.Role);
        wire.Fixed64(7, (ulong)span.Start.UnixNanoseconds);
        wire.Fixed64(8, (ulong)span.End.UnixNanoseconds);
        foreach (var (key, value) in span.Attributes) Attribute(wire, 9, key, value);
        foreach (var happened in span.Events)
        {
            var one = wire.Begin(11);
            wire.Fixed64(1, (ulong)happened.Time.UnixNanoseconds);
            Text(wire, 2, happened.Name);
            foreach (var (key, value) in happened.Attributes) Attribute(wire, 3, key, value);
            wire.End(one);
        }

        if (span.Failure is { } failure)
        {
            var status = wire.Begin(15);
            Text(wire, 2, failure);
            wire.Varint(3, 2);
            wire.End(status);
        }

        wire.End(open);
    }

    private static void Attribute(ProtobufWriter wire, int field, string key, object value)
    {
        var pair = wire.Begin(field);
        Text(wire, 1, key);
        var any = wire.Begin(2);
        switch (value)
        {
            case string text:
                Text(wire, 1, text);
                break;
            case bool truth:
                wire.Varint(2, truth ? 1u : 0);
                break;
            case long whole:
                wire.Varint(3, (ulong)whole);
                break;
            case double number:
                wire.Double(4, number);
                break;
            case string[] texts:
                var array = wire.Begin(5);
                foreach (var text in texts)
                {
                    var item = wire.Begin(1);
                    Text(wire, 1, text);
                    wire.End(item);
                }

                wire.End(array);
                break;
            default:
                throw new ArgumentException($"No OTLP value for {value.GetType()}.", nameof(value));
        }

        wire.End(any);
        wire.End(pair);
    }

    private static void Text(ProtobufWriter wire, int field, string text) => wire.Bytes(field, Encoding.UTF8.GetBytes(text));
}
