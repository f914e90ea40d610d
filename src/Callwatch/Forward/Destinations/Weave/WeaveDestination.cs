using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Weave;

/// <summary>
/// Weave: <c>POST /v2/ENTITY/PROJECT/calls/complete</c>; a server that does not know it gets <c>POST /call/upsert_batch</c>, unless the project has been
/// written the newer way (see README.md for the source).
/// </summary>
internal sealed class WeaveDestination(WeaveApi api) : IDestination
{
    private const string NewerWayOnly = "CALLS_COMPLETE_MODE_REQUIRED";

    private volatile bool isOldServer;
    private volatile bool projectWasMade;

    // Official clients cut at 10 MiB; the server takes 32.
    public DestinationLimits Limits { get; } = new(500, 9_000_000, 4) { OneByOne = [WeaveMapping.FeedbackRoute] };

    public IReadOnlyList<OutboundItem> Map(TraceToSend trace, Anchor anchor) => WeaveMapping.Items(trace, anchor);

    public OutboundItem? Shrink(OutboundItem item) => item.Route == WeaveMapping.Route
        ? JsonShrink.Of(item, ["inputs", "output", "exception", "attributes"], static call => (call["attributes"] as JsonObject)?["truncated"] = true) : null;

    public async Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel)
    {
        try
        {
            if (await api.FindEntityAsync(cancel) is { } trouble) return trouble;
            if (items[0].Route == WeaveMapping.FeedbackRoute) return await FeedbackAsync(items[0], cancel);
            return isOldServer ? await OldWayAsync(items, cancel) : await NewWayAsync(items, mayFallBack: true, cancel);
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new Delivery.TryAgain(PlatformAnswer.Trouble(e));
        }
    }

    public Task<CheckResult> CheckAsync(CancellationToken cancel) => WeaveCheck.OfAsync(api, cancel);

    public string? LinkTo(TraceId traceId, Anchor anchor) => api.CallUrl(WeaveMapping.IdOf(traceId, anchor.RootSpanId));

    public ValueTask DisposeAsync()
    {
        api.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<Delivery> NewWayAsync(IReadOnlyList<OutboundItem> items, bool mayFallBack, CancellationToken cancel)
    {
        using var response = await api.CompleteAsync(CallBatches.Complete(api.ProjectId!, items), cancel);
        if ((int)response.StatusCode != 404) return await ReadAsync(response, cancel);
        var text = await PlatformAnswer.TextAsync(response, cancel);
        var words = api.Answers.Words(404, text, response.ReasonPhrase);
        if (!IsUnknownPath(text)) return await WithoutProjectAsync(words, cancel);
        if (!mayFallBack) return new Delivery.Blocked(words);
        isOldServer = true;
        return await OldWayAsync(items, cancel);
    }

    private async Task<Delivery> OldWayAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel)
    {
        using var response = await api.UpsertAsync(CallBatches.StartsAndEnds(api.ProjectId!, items), cancel);
        if ((int)response.StatusCode is not (400 or 404)) return await ReadAsync(response, cancel);
        var text = await PlatformAnswer.TextAsync(response, cancel);
        var words = api.Answers.Words((int)response.StatusCode, text, response.ReasonPhrase);
        if (words.Status == 404) return IsUnknownPath(text) ? new Delivery.Blocked(words) : await WithoutProjectAsync(words, cancel);
        if (!text.Contains(NewerWayOnly, StringComparison.Ordinal)) return new Delivery.Refused(words);

        // The project is pinned to the newer way: the same calls go there.
        isOldServer = false;
        return await NewWayAsync(items, mayFallBack: false, cancel);
    }

    private async Task<Delivery> FeedbackAsync(OutboundItem item, CancellationToken cancel)
    {
        using var response = await api.FeedbackAsync(FeedbackJson.Request(item, api.ProjectId!, item.TraceId), cancel);

        // A server too old for feedback keeps nobody's calls waiting.
        return (int)response.StatusCode is 404 or 405 ? new Delivery.Refused(await api.Answers.WordsAsync(response, cancel)) : await ReadAsync(response, cancel);
    }

    // 403 also stands for a field the server does not like.
    private async Task<Delivery> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        if ((int)response.StatusCode != 403) return await api.Answers.UsualAsync(response, cancel);
        var words = await api.Answers.WordsAsync(response, cancel);
        return words.Message.StartsWith("Invalid", StringComparison.OrdinalIgnoreCase) ? new Delivery.Refused(words) : new Delivery.Blocked(words);
    }

    // Made once: servers of one's own may not do it with the first write.
    private async Task<Delivery> WithoutProjectAsync(PlatformWords words, CancellationToken cancel)
    {
        if (projectWasMade || !await api.MakeProjectAsync(cancel)) return new Delivery.Blocked(words);
        projectWasMade = true;
        return new Delivery.TryAgain(words);
    }

    // The web framework's own words; the trace server gives a reason.
    private static bool IsUnknownPath(string text)
    {
        try
        {
            return (JsonNode.Parse(text) as JsonObject)?.ContainsKey("reason") != true;
        }
        catch (JsonException)
        {
            return true;
        }
    }
}
