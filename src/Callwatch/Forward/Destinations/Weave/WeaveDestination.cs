using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Weave;

/// <summary>
/// Weave: <c>POST /v2/ENTITY/PROJECT/calls/complete</c>; a server that does not know it gets <c>POST /call/upsert_batch</c>, unless the project asks for
/// the newer way (see README.md for the source).
/// </summary>
internal sealed class WeaveDestination(WeaveApi api) : IDestination
{
    private volatile bool isOldServer;

    // Official clients cut at 10 MiB; the server takes 32.
    public DestinationLimits Limits { get; } = new(500, 9_000_000, 4);

    public IReadOnlyList<OutboundItem> Map(TraceToSend trace, Anchor anchor) => WeaveMapping.Items(trace, anchor);

    public OutboundItem? Shrink(OutboundItem item) => JsonShrink.Of(item);

    public async Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel)
    {
        try
        {
            if (await api.ProjectIdAsync(cancel) is not { } project) return new Delivery.Blocked(new PlatformWords(401, "W&B does not know this key, or it has no default entity."));
            if (isOldServer) return await OldWayAsync(project, items, cancel);
            using var response = await api.CompleteAsync(project, Complete(project, items), cancel);
            if ((int)response.StatusCode != 404) return await api.Answers.UsualAsync(response, cancel);

            // The path itself is not known: an older server. A project that is not there says so in words of its own.
            var words = await api.Answers.WordsAsync(response, cancel);
            if (words.Message.Contains("project", StringComparison.OrdinalIgnoreCase)) return new Delivery.Blocked(words);
            isOldServer = true;
            return await OldWayAsync(project, items, cancel);
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new Delivery.TryAgain(PlatformAnswer.Trouble(e));
        }
    }

    public Task<CheckResult> CheckAsync(CancellationToken cancel) => api.CheckAsync(cancel);

    public string? LinkTo(TraceId traceId, Anchor anchor) => api.CallUrl(WeaveMapping.IdOf(traceId, anchor.RootSpanId));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<Delivery> OldWayAsync(string project, IReadOnlyList<OutboundItem> items, CancellationToken cancel)
    {
        using var response = await api.UpsertAsync(StartsAndEnds(project, items), cancel);
        if ((int)response.StatusCode != 400) return await api.Answers.UsualAsync(response, cancel);
        var text = await PlatformAnswer.TextAsync(response, cancel);
        var words = api.Answers.Words(400, text);
        if (!text.Contains("CALLS_COMPLETE_MODE_REQUIRED", StringComparison.Ordinal)) return new Delivery.Refused(words);

        // The project is pinned to the newer way; the same calls are sent there next.
        isOldServer = false;
        return new Delivery.TryAgain(words);
    }

    private static byte[] Complete(string project, IReadOnlyList<OutboundItem> items)
    {
        var id = Encoding.UTF8.GetBytes($"{{\"project_id\":{JsonValue.Create(project)!.ToJsonString()},");
        using var body = new MemoryStream();
        body.Write("{\"batch\":["u8);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) body.WriteByte((byte)',');

            // Put in front of the call's own members.
            body.Write(id);
            body.Write(items[i].Payload.Span[1..]);
        }

        body.Write("]}"u8);
        return body.ToArray();
    }

    private static byte[] StartsAndEnds(string project, IReadOnlyList<OutboundItem> items)
    {
        var batch = new JsonArray();
        foreach (var item in items)
        {
            var call = JsonNode.Parse(item.Payload.Span)!.AsObject();
            var start = new JsonObject { ["project_id"] = project };
            foreach (var name in (string[])["id", "trace_id", "parent_id", "op_name", "display_name", "thread_id", "turn_id", "started_at", "attributes", "inputs"])
                if (call[name] is { } value) start[name] = value.DeepClone();
            var end = new JsonObject { ["project_id"] = project };
            foreach (var name in (string[])["id", "ended_at", "output", "exception", "summary"])
                if (call[name] is { } value) end[name] = value.DeepClone();
            batch.Add(new JsonObject { ["mode"] = "start", ["req"] = new JsonObject { ["start"] = start } });
            batch.Add(new JsonObject { ["mode"] = "end", ["req"] = new JsonObject { ["end"] = end } });
        }

        return Encoding.UTF8.GetBytes(new JsonObject { ["batch"] = batch }.ToJsonString(PlainJson.Options));
    }
}
