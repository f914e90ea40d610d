using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>LangSmith: <c>POST /runs/multipart</c>, where the server is older <c>POST /runs/batch</c> (see README.md for the source).</summary>
internal sealed class LangSmithDestination(LangSmithApi api) : IDestination
{
    private static readonly TimeSpan WhenNotSaid = TimeSpan.FromSeconds(10);

    // What the server says of itself is asked once, before the first request; until then its usual values.
    private volatile LangSmithInfo? info;
    private volatile bool batchOnly;

    public DestinationLimits Limits => new(info?.Items ?? LangSmithInfo.Usual.Items, info?.Bytes ?? LangSmithInfo.Usual.Bytes, 4) { OneByOne = [LangSmithMapping.Feedback] };

    public IReadOnlyList<OutboundItem> Map(TraceToSend trace, Anchor anchor) => LangSmithMapping.Items(trace, anchor, api.Project);

    public OutboundItem? Shrink(OutboundItem item) => item.Route == LangSmithMapping.Route ? JsonShrink.Of(item) : null;

    public async Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel)
    {
        try
        {
            var server = info ??= await api.InfoAsync(cancel) ?? LangSmithInfo.Usual;
            if (items[0].Route == LangSmithMapping.Feedback) return await ReadAsync(await api.PostAsync("/feedback", items[0].Payload.ToArray(), "application/json", false, cancel), cancel);
            if (!server.Multipart || batchOnly) return await BatchAsync(items, server, cancel);
            using var response = await api.PostAsync("/runs/multipart", MultipartRuns.Body(items), "multipart/form-data; boundary=" + MultipartRuns.Boundary, server.Gzip, cancel);
            if ((int)response.StatusCode != 404) return await ReadAsync(response, cancel);

            // An older server; remembered for as long as the lane runs.
            batchOnly = true;
            return await BatchAsync(items, server, cancel);
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new Delivery.TryAgain(PlatformAnswer.Trouble(e));
        }
    }

    public Task<CheckResult> CheckAsync(CancellationToken cancel) => api.CheckAsync(cancel);

    public string? LinkTo(TraceId traceId, Anchor anchor) => api.ProjectLink is { } project ? $"{project}/r/{PlatformIds.OfTrace(traceId):D}?poll=true" : null;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<Delivery> BatchAsync(IReadOnlyList<OutboundItem> items, LangSmithInfo server, CancellationToken cancel)
    {
        using var body = new MemoryStream();
        body.Write("{\"post\":["u8);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) body.WriteByte((byte)',');
            body.Write(items[i].Payload.Span);
        }

        body.Write("],\"patch\":[]}"u8);
        using var response = await api.PostAsync("/runs/batch", body.ToArray(), "application/json", server.Gzip, cancel);
        return await ReadAsync(response, cancel);
    }

    private async Task<Delivery> ReadAsync(HttpResponseMessage response, CancellationToken cancel) => (int)response.StatusCode switch
    {
        // Taken before: by an attempt whose answer was lost.
        409 => new Delivery.Accepted(),
        429 => new Delivery.TryAgain(await api.Answers.WordsAsync(response, cancel), api.Answers.RetryAfter(response) ?? WhenNotSaid),
        _ => await api.Answers.UsualAsync(response, cancel),
    };
}
