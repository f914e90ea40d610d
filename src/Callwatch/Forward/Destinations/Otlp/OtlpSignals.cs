using System.Globalization;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Journal;
using Callwatch.Receive.Otlp;

namespace Callwatch.Forward.Destinations.Otlp;

/// <summary>Logs and metrics, passed on as they came: each ResourceLogs or ResourceMetrics is an item, and side by side they are a request again.</summary>
internal sealed class OtlpSignals(HttpClient http, OtlpTarget traces, PlatformAnswer answers)
{
    private const string Logs = "logs";
    private const string Metrics = "metrics";

    private readonly OtlpSender logs = new(http, traces with { Address = AddressOf(traces, Logs) }, answers);
    private readonly OtlpSender metrics = new(http, traces with { Address = AddressOf(traces, Metrics) }, answers);

    public static bool Is(string route) => route is Logs or Metrics;

    public static IReadOnlyList<OutboundItem> Items(Signal signal, ReadOnlyMemory<byte> payload)
    {
        List<OutboundItem> items = [];
        var fields = new ProtobufReader(payload.Span);
        while (fields.Read())
        {
            if (fields is not { Field: 1, Type: WireType.Bytes }) continue;
            items.Add(new OutboundItem
            {
                Route = signal == Signal.Logs ? Logs : Metrics,
                TraceId = default,
                SpanIds = [],
                Id = items.Count.ToString(CultureInfo.InvariantCulture),
                Payload = payload[fields.FieldStart..fields.FieldEnd],
            });
        }

        return items;
    }

    public Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel)
    {
        var request = new byte[items.Sum(item => item.Payload.Length)];
        var at = 0;
        foreach (var item in items)
        {
            item.Payload.Span.CopyTo(request.AsSpan(at));
            at += item.Payload.Length;
        }

        return items[0].Route == Logs
            ? logs.SendAsync(request, items.Count, OtlpJsonShape.Logs, "/opentelemetry.proto.collector.logs.v1.LogsService/Export", cancel)
            : metrics.SendAsync(request, items.Count, OtlpJsonShape.Metrics, "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", cancel);
    }

    // Beside that of traces; an exact address that names no signal takes them all.
    private static Uri AddressOf(OtlpTarget target, string signal)
    {
        const string path = "/v1/traces";
        var address = target.Address.AbsoluteUri;
        return target.Protocol != OtlpProtocol.Grpc && address.EndsWith(path, StringComparison.Ordinal) ? new Uri(address[..^path.Length] + "/v1/" + signal) : target.Address;
    }
}
