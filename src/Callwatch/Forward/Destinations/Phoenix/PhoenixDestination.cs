using Callwatch.Forward.Destinations.OpenInference;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Phoenix;

/// <summary>Phoenix. Wire format: OTLP over HTTP with OpenInference attributes, <c>POST /v1/traces</c>; judgements by <c>POST /v1/span_annotations</c> (see README.md for the source).</summary>
internal sealed class PhoenixDestination : IDestination
{
    private readonly string endpoint;
    private readonly byte[] head;
    private readonly PhoenixApi api;
    private readonly OtlpSender sender;

    public PhoenixDestination(string endpoint, string? apiKey, string project, DestinationContext context)
    {
        this.endpoint = endpoint;
        head = OpenInferenceMapping.Head(project, context.Version);
        var answers = new PlatformAnswer(new Secrets(apiKey), context.Time);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (apiKey is not null) headers["Authorization"] = "Bearer " + apiKey;

        // Old spaces of the cloud read only this one.
        if (apiKey is not null && new Uri(endpoint).Host == "app.phoenix.arize.com") headers["api_key"] = apiKey;
        sender = new OtlpSender(context.Http, new OtlpTarget(OtlpProtocol.HttpProtobuf, new Uri(endpoint + "/v1/traces"), headers, Gzip: true) { Agent = "callwatch/" + context.Version }, answers);
        api = new PhoenixApi(context.Http, endpoint, apiKey, project, headers, answers);
    }

    public DestinationLimits Limits { get; } = new(512, 3_500_000, 4);

    public IReadOnlyList<OutboundItem> Map(TraceToSend trace, Anchor anchor) =>
    [
        .. OpenInferenceMapping.Items(trace, anchor, head, withScores: false),
        .. trace.Spans.Concat(trace.Scored.Select(scored => scored.Span)).SelectMany(PhoenixAnnotations.Of),
    ];

    public OutboundItem? Shrink(OutboundItem item) => item.Route == OtlpBatch.Route ? OtlpShrink.Of(item) : null;

    public Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel) =>
        items[0].Route == PhoenixAnnotations.Route ? api.AnnotateAsync(items, cancel) : sender.SendAsync(items, cancel);

    public Task<CheckResult> CheckAsync(CancellationToken cancel) => api.CheckAsync(cancel);

    /// <summary>Known to servers from 14.2.0 on.</summary>
    public string? LinkTo(TraceId traceId, Anchor anchor) => $"{endpoint}/redirects/traces/{traceId}";

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
