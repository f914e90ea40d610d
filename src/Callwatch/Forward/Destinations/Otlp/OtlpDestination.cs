using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Journal;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Otlp;

/// <summary>Any OTLP receiver. Wire format: OTLP 1.x, <c>POST /v1/traces</c> or <c>TraceService/Export</c> (see README.md for the source).</summary>
internal sealed class OtlpDestination(OtlpSender sender, OtlpSignals signals, OtlpShape shape, string? linkTemplate) : ISignalDestination
{
    // Receivers commonly stop at 4 MiB.
    public DestinationLimits Limits { get; } = new(512, 3_500_000, 4);

    public IReadOnlyList<OutboundItem> Map(TraceToSend trace, Anchor anchor) => OtlpMapping.Items(trace, anchor, shape);

    public IReadOnlyList<OutboundItem> MapSignal(Signal signal, ReadOnlyMemory<byte> payload) => OtlpSignals.Items(signal, payload);

    public OutboundItem? Shrink(OutboundItem item) => OtlpSignals.Is(item.Route) ? null : OtlpShrink.Of(item);

    public Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel) =>
        items is [var first, ..] && OtlpSignals.Is(first.Route) ? signals.SendAsync(items, cancel) : sender.SendAsync(items, cancel);

    public Task<CheckResult> CheckAsync(CancellationToken cancel) => OtlpCheckUp.RunAsync(sender, null, null, cancel);

    public string? LinkTo(TraceId traceId, Anchor anchor) => linkTemplate?.Replace("{trace_id}", traceId.ToString(), StringComparison.Ordinal);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
