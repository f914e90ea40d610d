using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Langfuse;

/// <summary>Langfuse over OTLP: <c>POST /api/public/otel/v1/traces</c>, ingestion version 4 (see README.md for the source).</summary>
internal sealed class LangfuseDestination : IDestination
{
    private readonly LangfuseOptions options;
    private readonly LangfuseApi api;
    private readonly OtlpSender sender;

    public LangfuseDestination(LangfuseOptions options, DestinationContext context)
    {
        this.options = options;
        api = new LangfuseApi(options, context);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["Authorization"] = "Basic " + options.Basic,
            ["x-langfuse-public-key"] = options.PublicKey,

            // Written directly; without it a stranger's spans may show up ten minutes late.
            ["x-langfuse-ingestion-version"] = "4",
            ["User-Agent"] = "callwatch/" + options.Version,
        };
        sender = new OtlpSender(context.Http, new OtlpTarget(OtlpProtocol.HttpProtobuf, new Uri(options.Host + "/api/public/otel/v1/traces"), headers, Gzip: true), api.Answers);
    }

    // Below the 5 MB of the cloud.
    public DestinationLimits Limits { get; } = new(512, 2_500_000, 4) { OneByOne = [Scores.Route] };

    public IReadOnlyList<OutboundItem> Map(TraceToSend trace, Anchor anchor) => LangfuseMapping.Items(trace, anchor, options);

    public OutboundItem? Shrink(OutboundItem item) => item.Route == OtlpBatch.Route ? OtlpShrink.Of(item) : null;

    public async Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel)
    {
        if (items[0].Route == Scores.Route) return await api.ScoreAsync(items[0], cancel);
        switch (await sender.SendAsync(items, cancel))
        {
            // Whatever the body of a 200 says is of the platform's inner life: it knows no partial success.
            case Delivery.Accepted or Delivery.Dropped:
                await api.LearnProjectAsync(cancel);
                return new Delivery.Accepted();
            case Delivery.Blocked { Words: { Status: 404 or 405 } words }:
                return new Delivery.Blocked(words with { Message = "No OTLP at this address; servers before 3.22 need the ingestion 'legacy'. " + words.Message });
            case var other:
                return LangfuseApi.Seldom(other);
        }
    }

    public Task<CheckResult> CheckAsync(CancellationToken cancel) => api.CheckAsync(needsOtlp: true, cancel);

    public string? LinkTo(TraceId traceId, Anchor anchor) => api.LinkTo(traceId.ToString());

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
