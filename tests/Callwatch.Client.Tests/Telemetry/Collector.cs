using System.Text;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Client.Tests.Telemetry;

/// <summary>An OTLP endpoint on loopback, strict about traces, that also takes metrics and keeps their bytes.</summary>
internal sealed class Collector : OtlpStandIn
{
    private const string GrpcMetrics = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

    public static async Task<Collector> OpenAsync()
    {
        var collector = new Collector();
        await collector.StartAsync();
        return collector;
    }

    /// <summary>Bodies of the requests with metrics, as text in which the names can be found.</summary>
    public IReadOnlyList<string> Metrics => [.. Requests.Where(request => request.Path is "/v1/metrics" or GrpcMetrics).Select(request => Encoding.Latin1.GetString(request.Sent))];

    public IReadOnlyList<WireSpan> Of(System.Diagnostics.ActivityTraceId trace) => [.. Spans.Where(span => span.TraceId.ToString() == trace.ToHexString())];

    /// <summary>The spans of a trace, once so many have come: an answer is there before its span has ended.</summary>
    public async Task<IReadOnlyList<WireSpan>> ArrivedAsync(System.Diagnostics.ActivityTraceId trace, int count = 1)
    {
        await Eventually.HoldsAsync(() => Of(trace).Count >= count, $"{count} spans have come");
        return Of(trace);
    }

    public async Task<WireSpan> OneAsync(System.Diagnostics.ActivityTraceId trace) => Assert.Single(await ArrivedAsync(trace));

    protected override WireAnswer Answer(WireRequest request) => request.Path switch
    {
        "/v1/metrics" => new WireAnswer(200, [], "application/x-protobuf"),
        GrpcMetrics => new WireAnswer(200, new byte[5], "application/grpc").Trailing("grpc-status", "0"),
        _ => base.Answer(request),
    };
}
