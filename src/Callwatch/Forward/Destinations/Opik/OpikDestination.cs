using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Opik;

/// <summary>A config of Opik.</summary>
/// <param name="Url">Ends with <c>/api/</c>.</param>
internal sealed record OpikOptions(string Url, string? ApiKey, string Workspace, string Project);

/// <summary>Opik: <c>POST v1/private/traces/batch</c>, then <c>v1/private/spans/batch</c> (see README.md for the source).</summary>
internal sealed class OpikDestination(OpikOptions options, DestinationContext context) : IDestination
{
    private readonly OpikApi api = new(options, context);

    // The official clients cut at 5 MB; 1,000 rows are the most a batch takes.
    public DestinationLimits Limits { get; } = new(1_000, 4_500_000, 4);

    public IReadOnlyList<OutboundItem> Map(TraceToSend trace, Anchor anchor) => OpikMapping.Items(trace, anchor, options.Project);

    public Anchor Reform(Anchor anchor, TraceToSend trace, string form, Timestamp now) => OpikIds.Reform(anchor, trace.Revision.Seq, form, now);

    public OutboundItem? Shrink(OutboundItem item) => JsonShrink.Of(item);

    public async Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel)
    {
        var (method, path, list) = items[0].Route switch
        {
            OpikMapping.Traces => (HttpMethod.Post, "v1/private/traces/batch", "traces"),
            OpikMapping.Spans => (HttpMethod.Post, "v1/private/spans/batch", "spans"),
            OpikMapping.TraceScores => (HttpMethod.Put, "v1/private/traces/feedback-scores", "scores"),
            _ => (HttpMethod.Put, "v1/private/spans/feedback-scores", "scores"),
        };
        try
        {
            using var request = api.Request(method, path);
            request.Content = new ByteArrayContent(Body(list, items));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Content.Headers.ContentEncoding.Add("gzip");
            using var response = await context.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            var delivery = await api.ReadAsync(response, cancel);
            return delivery is Delivery.OtherForm other ? await TooOldAsync(items, other.Words, cancel) : delivery;
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new Delivery.TryAgain(PlatformAnswer.Trouble(e));
        }
    }

    public Task<CheckResult> CheckAsync(CancellationToken cancel) => api.CheckAsync(cancel);

    public string? LinkTo(TraceId traceId, Anchor anchor) =>
        $"{options.Url}v1/session/redirect/projects/?trace_id={OpikIds.Trace(anchor)}&path={Uri.EscapeDataString(Convert.ToBase64String(Encoding.UTF8.GetBytes(options.Url)))}";

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    // Rows that are there went before the answer, or the process, was lost, or are sent by a replay: new ids would show them twice. Only the others get some.
    private async Task<Delivery> TooOldAsync(IReadOnlyList<OutboundItem> items, PlatformWords words, CancellationToken cancel)
    {
        var form = items[0].Route == OpikMapping.Traces ? OpikIds.TraceAtAttempt : OpikIds.SpansAtAttempt;

        // One trace's ids have the whole batch refused: the lane parts it, so that the others keep theirs.
        if (items[0].Route is not (OpikMapping.Traces or OpikMapping.Spans) || items.Any(item => item.TraceId != items[0].TraceId)) return new Delivery.Refused(words);
        var others = new Dictionary<int, Delivery>();
        for (var i = 0; i < items.Count; i++)
            if (!await api.ExistsAsync(items[i].Route, items[i].Id!, cancel)) others[i] = new Delivery.OtherForm(form, words);
        return others.Count == 0 ? new Delivery.Accepted() : new Delivery.Partly(others);
    }

    private static byte[] Body(string list, IReadOnlyList<OutboundItem> items)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Encoding.ASCII.GetBytes($"{{\"{list}\":["));
            for (var i = 0; i < items.Count; i++)
            {
                if (i > 0) gzip.WriteByte((byte)',');
                gzip.Write(items[i].Payload.Span);
            }

            gzip.Write("]}"u8);
        }

        return packed.ToArray();
    }
}
