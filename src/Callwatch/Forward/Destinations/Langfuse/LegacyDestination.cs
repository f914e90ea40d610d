using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Langfuse;

/// <summary>Langfuse's old batch ingestion, <c>POST /api/public/ingestion</c>, for self-hosted servers of version 2 and early 3 (see README.md for the source).</summary>
internal sealed class LegacyDestination(LangfuseOptions options, DestinationContext context) : IDestination
{
    private readonly LangfuseApi api = new(options, context);

    // 3.5 MB are documented; no compression there.
    public DestinationLimits Limits { get; } = new(200, 2_500_000, 2) { OneByOne = [Scores.Route] };

    public IReadOnlyList<OutboundItem> Map(TraceToSend trace, Anchor anchor) => LegacyMapping.Items(trace, anchor, options);

    public OutboundItem? Shrink(OutboundItem item) => item.Route == LegacyMapping.Route ? JsonShrink.Of(item) : null;

    public async Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel)
    {
        if (items[0].Route == Scores.Route) return await api.ScoreAsync(items[0], cancel);
        try
        {
            using var request = api.Request(HttpMethod.Post, "/api/public/ingestion", Body(items));
            using var response = await context.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if (!response.IsSuccessStatusCode) return LangfuseApi.Seldom(await api.Answers.UsualAsync(response, cancel));
            var delivery = await ReadAsync(items, response, cancel);
            if (delivery is not Delivery.TryAgain) await api.LearnProjectAsync(cancel);
            return delivery;
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new Delivery.TryAgain(PlatformAnswer.Trouble(e));
        }
    }

    public Task<CheckResult> CheckAsync(CancellationToken cancel) => api.CheckAsync(needsOtlp: false, cancel);

    public string? LinkTo(TraceId traceId, Anchor anchor) => api.LinkTo(traceId.ToString());

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static byte[] Body(IReadOnlyList<OutboundItem> items)
    {
        using var body = new MemoryStream();
        body.Write("{\"batch\":["u8);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) body.WriteByte((byte)',');
            body.Write(items[i].Payload.Span);
        }

        body.Write("],\"metadata\":{\"sdk_name\":\"callwatch\"}}"u8);
        return body.ToArray();
    }

    private async Task<Delivery> ReadAsync(IReadOnlyList<OutboundItem> items, HttpResponseMessage response, CancellationToken cancel)
    {
        var bytes = await PlatformAnswer.BytesAsync(response, cancel);
        return PlatformAnswer.IsPage(response, bytes) ? new Delivery.Blocked(new PlatformWords((int)response.StatusCode, "An HTML page came instead of an answer: no Langfuse is at this address.")) : Read(items, bytes);
    }

    // {"successes":[{"id","status"}],"errors":[{"id","status","message","error"}]}; the ids are those of the events.
    private Delivery Read(IReadOnlyList<OutboundItem> items, ReadOnlySpan<byte> text)
    {
        try
        {
            var answer = JsonNode.Parse(text);
            if (answer?["successes"] is not JsonArray && answer?["errors"] is not JsonArray) return Unreadable;
            var others = new Dictionary<int, Delivery>();

            // The same span may stand in a request twice, once for each revision that carried it.
            var places = items.Select((item, index) => (item.Id, index)).ToLookup(pair => pair.Id, pair => pair.index, StringComparer.Ordinal);
            foreach (var error in answer["errors"] as JsonArray ?? [])
            {
                var status = int.TryParse(error?["status"]?.ToString(), out var number) ? number : 400;
                var words = api.Answers.Words(status, error?["message"]?.ToString() ?? error?["error"]?.ToString(), "An event was refused.");

                // Of an event that it could not read it may not know the id: parted, the bad one stands alone. What is sent again replaces itself.
                if (error?["id"]?.ToString() is not { } id || !places.Contains(id)) return status is 429 or >= 500 ? new Delivery.TryAgain(words) : new Delivery.Refused(words);
                foreach (var index in places[id]) others[index] = status is 429 or >= 500 ? new Delivery.TryAgain(words) : new Delivery.Refused(words);
            }

            return others.Count == 0 ? new Delivery.Accepted() : new Delivery.Partly(others);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Unreadable;
        }
    }

    private static Delivery Unreadable => new Delivery.TryAgain(new PlatformWords(207, "The answer cannot be read."));
}
