using System.Collections.Concurrent;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>LangSmith: <c>POST /runs/multipart</c>, where the server is older <c>POST /runs/batch</c>; judgements by <c>POST /feedback</c> (see README.md for the source).</summary>
internal sealed class LangSmithDestination(LangSmithApi api) : IDestination
{
    private const int MostLooksForARun = 5;

    // Of the limit for all requests when the server does not say how long; and once it has lasted, of a plan's, which end with the hour or the month.
    private static readonly TimeSpan UsualLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LimitOfPlan = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LongForALimit = TimeSpan.FromSeconds(50);

    private readonly LangSmithProject project = new(api);
    private readonly ConcurrentDictionary<string, int> early = new(StringComparer.Ordinal);

    // What the server says of itself is asked before the first request, and until it has answered; until then its usual values.
    private volatile LangSmithInfo? info;
    private volatile bool batchOnly;
    private long limitedSince;

    public DestinationLimits Limits => new(info?.Items ?? LangSmithInfo.Usual.Items, info?.Bytes ?? LangSmithInfo.Usual.Bytes, 4) { OneByOne = [LangSmithMapping.FeedbackRoute] };

    public IReadOnlyList<OutboundItem> Map(TraceToSend trace, Anchor anchor) => LangSmithMapping.Items(trace, anchor, api.Project);

    public OutboundItem? Shrink(OutboundItem item) =>
        item.Route == LangSmithMapping.Route ? JsonShrink.Of(item, ["inputs", "outputs", "error", "extra"], static run => run["tags"]?.AsArray().Add("truncated")) : null;

    public async Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel)
    {
        try
        {
            var server = (info ??= await api.InfoAsync(cancel)) ?? LangSmithInfo.Usual;
            if (items[0].Route == LangSmithMapping.FeedbackRoute) return await FeedbackAsync(items[0], cancel);

            // Packed before the server's own limits were known.
            if (items.Count > 1 && (items.Count > server.Items || items.Sum(item => (long)item.Payload.Length) > server.Bytes))
                return new Delivery.TooLarge(new PlatformWords(null, "The server takes less in one request."));
            var delivery = await RunsAsync(items, server, cancel);
            if (delivery is Delivery.Accepted) await project.LookAsync(cancel);
            return delivery;
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new Delivery.TryAgain(PlatformAnswer.Trouble(e));
        }
    }

    public Task<CheckResult> CheckAsync(CancellationToken cancel) => project.CheckAsync(cancel);

    public string? LinkTo(TraceId traceId, Anchor anchor)
    {
        if (project.Link is { } link) return $"{link}/r/{RunTree.RootId(anchor):D}?poll=true";

        // After a start nothing may have been sent yet: whoever asks again finds it.
        _ = project.LookAsync(CancellationToken.None);
        return null;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<Delivery> RunsAsync(IReadOnlyList<OutboundItem> items, LangSmithInfo server, CancellationToken cancel)
    {
        if (server.Multipart && !batchOnly)
        {
            using var response = await api.PostAsync("/runs/multipart", MultipartRuns.Body(items), MultipartRuns.ContentType, server.Gzip, cancel);
            if ((int)response.StatusCode != 404) return await ReadAsync(response, items.Count, cancel);

            // An older server; remembered for as long as the lane runs.
            batchOnly = true;
        }

        using var batch = await api.PostAsync("/runs/batch", BatchRuns.Body(items), "application/json", server.Gzip, cancel);
        return await ReadAsync(batch, items.Count, cancel);
    }

    private async Task<Delivery> FeedbackAsync(OutboundItem item, CancellationToken cancel)
    {
        using var response = await api.PostAsync("/feedback", item.Payload.ToArray(), "application/json", gzip: false, cancel);
        if ((int)response.StatusCode != 404)
        {
            early.TryRemove(item.Id!, out _);
            return await ReadAsync(response, 1, cancel);
        }

        // Runs are taken before they are worked up: a judgement may be quicker. One of a run that was refused never finds it.
        var words = await api.Answers.WordsAsync(response, cancel);
        if (early.AddOrUpdate(item.Id!, 1, static (_, looks) => looks + 1) < MostLooksForARun) return new Delivery.TryAgain(words, TimeSpan.FromSeconds(2));
        early.TryRemove(item.Id!, out _);
        return new Delivery.Refused(words);
    }

    private async Task<Delivery> ReadAsync(HttpResponseMessage response, int count, CancellationToken cancel)
    {
        var status = (int)response.StatusCode;
        if (status == 429) return await LimitedAsync(response, cancel);
        Interlocked.Exchange(ref limitedSince, 0);
        if (status != 409) return await api.Answers.UsualAsync(response, cancel);

        // Taken before, by an attempt whose answer was lost. Of several runs only some may have been: each is asked for by itself.
        return count == 1 ? new Delivery.Accepted() : new Delivery.Refused(await api.Answers.WordsAsync(response, cancel));
    }

    private async Task<Delivery> LimitedAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var now = api.Time.GetTimestamp();
        var since = Interlocked.CompareExchange(ref limitedSince, now, 0);
        var lasts = since != 0 && api.Time.GetElapsedTime(since, now) >= LongForALimit;
        return new Delivery.TryAgain(await api.Answers.WordsAsync(response, cancel), api.Answers.RetryAfter(response) ?? (lasts ? LimitOfPlan : UsualLimit));
    }
}
