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

    public async Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel)
    {
        var request = new byte[items.Sum(item => item.Payload.Length)];
        var at = 0;
        foreach (var item in items)
        {
            item.Payload.Span.CopyTo(request.AsSpan(at));
            at += item.Payload.Length;
        }

        var records = items[0].Route == Logs ? Count(request, LogRecords) : Count(request, DataPoints);
        var delivery = items[0].Route == Logs
            ? await logs.SendAsync(body => body.Write(request), records, OtlpJsonShape.Logs, "/opentelemetry.proto.collector.logs.v1.LogsService/Export", cancel)
            : await metrics.SendAsync(body => body.Write(request), records, OtlpJsonShape.Metrics, "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", cancel);

        // Receivers count records and points, and an item holds many: only when all were refused has nothing of any item been taken.
        return delivery is Delivery.Dropped dropped ? dropped with { Count = dropped.Count >= records ? items.Count : Math.Max(1, Math.Min(dropped.Count, items.Count - 1)) } : delivery;
    }

    // resource_logs 1, scope_logs 2, log_records 2.
    private static readonly int[][] LogRecords = [[1], [2], [2]];

    // resource_metrics 1, scope_metrics 2, metrics 2, then gauge, sum, histogram, exponential_histogram or summary, and their data_points 1.
    private static readonly int[][] DataPoints = [[1], [2], [2], [5, 7, 9, 10, 11], [1]];

    private static int Count(ReadOnlySpan<byte> message, ReadOnlySpan<int[]> path)
    {
        var count = 0;
        var fields = new ProtobufReader(message);
        while (fields.Read())
        {
            if (fields.Type != WireType.Bytes || !path[0].Contains(fields.Field)) continue;
            count += path.Length == 1 ? 1 : Count(fields.Bytes, path[1..]);
        }

        return count;
    }

    // Beside that of traces; an exact address that names no signal takes them all.
    private static Uri AddressOf(OtlpTarget target, string signal)
    {
        const string path = "/v1/traces";
        var address = target.Address.AbsoluteUri;
        return target.Protocol != OtlpProtocol.Grpc && address.EndsWith(path, StringComparison.Ordinal) ? new Uri(address[..^path.Length] + "/v1/" + signal) : target.Address;
    }
}
