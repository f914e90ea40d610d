using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Aliyun;

/// <summary>Alibaba Cloud. Wire format: OTLP over HTTP with the attributes of its LLM trace field definitions; the key is part of the path (see README.md for the source).</summary>
internal sealed class AliyunDestination : IDestination
{
    private readonly string appName;
    private readonly string version;
    private readonly OtlpSender sender;

    public AliyunDestination(string licenseKey, string endpoint, string appName, DestinationContext context)
    {
        (this.appName, version) = (appName, context.Version);
        var target = new OtlpTarget(OtlpProtocol.HttpProtobuf, AddressOf(endpoint, licenseKey), new Dictionary<string, string>(StringComparer.Ordinal), Gzip: true) { Agent = "callwatch/" + context.Version };
        sender = new OtlpSender(context.Http, target, new PlatformAnswer(new Secrets(licenseKey), context.Time));
    }

    public DestinationLimits Limits { get; } = new(200, 3_500_000, 4);

    public IReadOnlyList<OutboundItem> Map(TraceToSend trace, Anchor anchor) => AliyunMapping.Items(trace, anchor, appName, version);

    public OutboundItem? Shrink(OutboundItem item) => OtlpShrink.Of(item);

    public Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel) => sender.SendAsync(items, cancel);

    public Task<CheckResult> CheckAsync(CancellationToken cancel) => OtlpCheckUp.RunAsync(sender, Console, null, cancel);

    /// <summary>Only the console's own: a link to an application needs its region and id there.</summary>
    public string? LinkTo(TraceId traceId, Anchor anchor) => Console;

    /// <summary>The log service has a path of its own; the key is part of the address everywhere.</summary>
    internal static Uri AddressOf(string endpoint, string licenseKey)
    {
        var host = new Uri(endpoint).Host;
        var isLogService = host == "log.aliyuncs.com" || host.EndsWith(".log.aliyuncs.com", StringComparison.Ordinal);
        return new Uri($"{endpoint}/adapt_{Uri.EscapeDataString(licenseKey)}/api/{(isLogService ? "v1" : "otlp")}/traces");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static string Console => "https://arms.console.aliyun.com/#/llm";
}
