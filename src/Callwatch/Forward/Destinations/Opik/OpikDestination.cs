using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Opik;

/// <summary>Opik: <c>POST v1/private/traces/batch</c>, then <c>v1/private/spans/batch</c> (see README.md for the source).</summary>
internal sealed class OpikDestination(string url, string? apiKey, string workspace, string project, DestinationContext context) : IDestination
{
    private static readonly TimeSpan WhenNotSaid = TimeSpan.FromSeconds(60);

    private readonly PlatformAnswer answers = new(new Secrets(apiKey), context.Time);

    // The official clients cut at 5 MB; 1,000 rows are the most a batch takes.
    public DestinationLimits Limits { get; } = new(1_000, 4_500_000, 4);

    public IReadOnlyList<OutboundItem> Map(TraceToSend trace, Anchor anchor) => OpikMapping.Items(trace, anchor, project);

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
            using var request = Request(method, path);
            request.Content = new ByteArrayContent(Body(list, items));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Content.Headers.ContentEncoding.Add("gzip");
            using var response = await context.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            return await ReadAsync(response, cancel);
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new Delivery.TryAgain(PlatformAnswer.Trouble(e));
        }
    }

    public async Task<CheckResult> CheckAsync(CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            using var request = Request(HttpMethod.Get, "v1/private/projects?size=1");
            using var response = await context.Http.SendAsync(request, cancel);
            var took = Stopwatch.GetElapsedTime(started);
            var words = await answers.WordsAsync(response, cancel);
            return words.Status switch
            {
                200 => new CheckResult(true, $"Traces go to the project '{project}' of the workspace '{workspace}'.", ProjectUrl, took),
                401 => new CheckResult(false, apiKey is null ? "Opik asks for an API key." : "Opik does not know this key. " + words.Message, null, took),
                403 => new CheckResult(false, $"This key may not use the workspace '{workspace}'. " + words.Message, null, took),
                404 => new CheckResult(false, "No Opik API at this address; it ends with /api/.", null, took),
                _ => new CheckResult(false, $"Opik answered {words.Status}: {words.Message}", null, took),
            };
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new CheckResult(false, PlatformAnswer.Trouble(e).Message);
        }
    }

    public string? LinkTo(TraceId traceId, Anchor anchor) =>
        $"{url}v1/session/redirect/projects/?trace_id={OpikIds.Trace(anchor)}&path={Convert.ToBase64String(Encoding.UTF8.GetBytes(url))}";

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string ProjectUrl => $"{url[..^"api/".Length]}{Uri.EscapeDataString(workspace)}/redirect/projects?name={Uri.EscapeDataString(project)}";

    private async Task<Delivery> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var status = (int)response.StatusCode;
        if (status is 409 or (>= 200 and < 300)) return new Delivery.Accepted();
        var words = await answers.WordsAsync(response, cancel);
        return status switch
        {
            // The time inside an id is too far from now: nothing was stored, and ids of this moment will do.
            400 when words.Message.Contains("too_old", StringComparison.Ordinal) || words.Message.Contains("too_far_future", StringComparison.Ordinal) => new Delivery.OtherForm(OpikIds.AtAttempt, words),
            402 => new Delivery.Blocked(words),
            429 => new Delivery.TryAgain(words, Reset(response) ?? answers.RetryAfter(response) ?? WhenNotSaid),
            _ => await answers.UsualAsync(response, cancel) switch
            {
                Delivery.TryAgain again => again with { Words = words },
                Delivery.Refused => new Delivery.Refused(words),
                Delivery.Blocked => new Delivery.Blocked(words),
                Delivery.TooLarge => new Delivery.TooLarge(words),
                var other => other,
            },
        };
    }

    private static TimeSpan? Reset(HttpResponseMessage response) =>
        response.Headers.TryGetValues("RateLimit-Reset", out var values) && double.TryParse(values.First(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 1e7
            ? TimeSpan.FromSeconds(seconds) : null;

    private HttpRequestMessage Request(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, url + path);

        // The bare key: no "Bearer".
        if (apiKey is not null) request.Headers.TryAddWithoutValidation("Authorization", apiKey);
        request.Headers.TryAddWithoutValidation("Comet-Workspace", workspace);
        request.Headers.UserAgent.ParseAdd("callwatch/" + context.Version);
        return request;
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
