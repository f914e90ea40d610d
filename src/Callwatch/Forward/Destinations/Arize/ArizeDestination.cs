using Callwatch.Forward.Destinations.OpenInference;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Arize;

/// <summary>Arize AX. Wire format: OTLP over HTTP or gRPC with OpenInference attributes (see README.md for the source).</summary>
internal sealed class ArizeDestination : IDestination
{
    private readonly byte[] head;
    private readonly string projectUrl;
    private readonly OtlpSender sender;

    public ArizeDestination(string apiKey, string spaceId, string project, string endpoint, bool grpc, DestinationContext context)
    {
        head = OpenInferenceMapping.Head(project, context.Version);

        // The application's host differs from the receiver's in its first label only.
        var host = new Uri(endpoint).Host;
        var app = host.StartsWith("otlp.", StringComparison.Ordinal) && host.EndsWith("arize.com", StringComparison.Ordinal) ? "https://app." + host["otlp.".Length..] : "https://app.arize.com";
        projectUrl = $"{app}/?redirect_project_name={Uri.EscapeDataString(project)}";
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["arize-api-key"] = apiKey, ["arize-space-id"] = spaceId };
        if (grpc) (headers["api_key"], headers["space_id"]) = (apiKey, spaceId);
        var target = new OtlpTarget(grpc ? OtlpProtocol.Grpc : OtlpProtocol.HttpProtobuf, new Uri(grpc ? endpoint : endpoint + "/v1/traces"), headers, Gzip: true) { Agent = "callwatch/" + context.Version };
        sender = new OtlpSender(context.Http, target, new PlatformAnswer(new Secrets(apiKey, spaceId), context.Time));
    }

    public DestinationLimits Limits { get; } = new(512, 3_500_000, 4);

    public IReadOnlyList<OutboundItem> Map(TraceToSend trace, Anchor anchor) => OpenInferenceMapping.Items(trace, anchor, head, withScores: true);

    public OutboundItem? Shrink(OutboundItem item) => OtlpShrink.Of(item);

    public Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel) => sender.SendAsync(items, cancel);

    public Task<CheckResult> CheckAsync(CancellationToken cancel) => OtlpCheckUp.RunAsync(sender, projectUrl, "Whether it looks at the key of a request without spans is not documented.", cancel);

    /// <summary>A link to one trace needs ids of the platform's own; the project is as near as a link can come.</summary>
    public string? LinkTo(TraceId traceId, Anchor anchor) => projectUrl;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
