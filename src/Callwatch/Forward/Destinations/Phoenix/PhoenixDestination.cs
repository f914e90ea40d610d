using System.Diagnostics;
using System.Net.Http.Headers;
using Callwatch.Forward.Destinations.OpenInference;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Phoenix;

/// <summary>Phoenix. Wire format: OTLP over HTTP with OpenInference attributes, <c>POST /v1/traces</c> (see README.md for the source).</summary>
internal sealed class PhoenixDestination : IDestination
{
    private readonly HttpClient http;
    private readonly string endpoint;
    private readonly string? apiKey;
    private readonly string project;
    private readonly byte[] head;
    private readonly PlatformAnswer answers;
    private readonly OtlpSender sender;

    public PhoenixDestination(string endpoint, string? apiKey, string project, DestinationContext context)
    {
        (http, this.endpoint, this.apiKey, this.project) = (context.Http, endpoint, apiKey, project);
        head = OpenInferenceMapping.Head(project, context.Version);
        answers = new PlatformAnswer(new Secrets(apiKey), context.Time);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (apiKey is not null) headers["Authorization"] = "Bearer " + apiKey;

        // Old spaces of the cloud read only this one.
        if (apiKey is not null && new Uri(endpoint).Host == "app.phoenix.arize.com") headers["api_key"] = apiKey;
        sender = new OtlpSender(context.Http, new OtlpTarget(OtlpProtocol.HttpProtobuf, new Uri(endpoint + "/v1/traces"), headers, Gzip: true), answers);
    }

    public DestinationLimits Limits { get; } = new(512, 3_500_000, 4);

    public IReadOnlyList<OutboundItem> Map(TraceToSend trace, Anchor anchor) => OpenInferenceMapping.Items(trace, anchor, head);

    public OutboundItem? Shrink(OutboundItem item) => OtlpShrink.Of(item);

    public Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel) => sender.SendAsync(items, cancel);

    /// <summary>Asks for projects with the key: an export is answered with 200 before anything of it is looked at.</summary>
    public async Task<CheckResult> CheckAsync(CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, endpoint + "/v1/projects?limit=1");
            if (apiKey is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
            using var response = await http.SendAsync(request, cancel);
            var took = Stopwatch.GetElapsedTime(started);
            var words = await answers.WordsAsync(response, cancel);
            return (int)response.StatusCode switch
            {
                200 => new CheckResult(true, $"Phoenix answers; traces go to the project '{project}'.", ProjectUrl, took),
                401 => new CheckResult(false, apiKey is null ? "Phoenix asks for a key." : "Phoenix does not know this key. " + words.Message, null, took),
                403 => new CheckResult(false, "This key may not read projects. " + words.Message, null, took),
                404 => new CheckResult(false, "No Phoenix at this address: check host, port and path.", null, took),
                _ => new CheckResult(false, $"Phoenix answered {words.Status}: {words.Message}", null, took),
            };
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new CheckResult(false, PlatformAnswer.Trouble(e).Message);
        }
    }

    public string? LinkTo(TraceId traceId, Anchor anchor) => $"{endpoint}/redirects/traces/{traceId}";

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string ProjectUrl => $"{endpoint}/redirects/projects/{Uri.EscapeDataString(project)}";
}
