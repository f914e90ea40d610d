using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Sentry;

/// <summary>Sentry: <c>POST {base}/api/{project}/envelope/</c>, one event or transaction each (see README.md for the source).</summary>
internal sealed class SentryDestination(SentryOptions options, DestinationContext context) : IDestination
{
    private readonly PlatformAnswer answers = new(new Secrets(options.Dsn.PublicKey, options.Dsn.Secret), context.Time);
    private readonly SentryLimits limits = new(context.Time);

    // One event or one transaction is all that an envelope may hold.
    public DestinationLimits Limits { get; } = new(1, 1 << 20, 4);

    public IReadOnlyList<OutboundItem> Map(TraceToSend trace, Anchor anchor) => SentryMapping.Items(trace, anchor, options);

    public OutboundItem? Shrink(OutboundItem item) => JsonShrink.Of(item);

    public async Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel)
    {
        var item = items[0];

        // An SDK would drop it; a lane has time.
        if (limits.Of(item.Route) is { } limit) return new Delivery.TryAgain(Limited(item.Route, limit.Reason), limit.Wait);
        try
        {
            using var request = Request(SentryEnvelope.Of(item.Route, item.Id!, item.Payload, item.Route == SentryMapping.Transaction ? item.TraceId : null, options, context.Time.GetUtcNow()));
            using var response = await context.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            limits.Take(response, answers.RetryAfter(response));
            return await ReadAsync(response, item.Route, cancel);
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new Delivery.TryAgain(PlatformAnswer.Trouble(e));
        }
    }

    public async Task<CheckResult> CheckAsync(CancellationToken cancel)
    {
        var started = context.Time.GetTimestamp();
        try
        {
            var id = Guid.NewGuid().ToString("N");
            using var request = Request(SentryEnvelope.Of(SentryMapping.Event, id, Encoding.UTF8.GetBytes(TestEvent(id).ToJsonString()), null, options, context.Time.GetUtcNow()));
            using var response = await context.Http.SendAsync(request, cancel);
            limits.Take(response, answers.RetryAfter(response));
            var took = context.Time.GetElapsedTime(started);
            var text = await PlatformAnswer.TextAsync(response, cancel);
            var words = Why(response, answers.Words((int)response.StatusCode, text, response.ReasonPhrase));
            return words.Status switch
            {
                200 when IsOurs(text) => new CheckResult(true, $"Project {options.Dsn.Project} has taken a test message (level info).", ProjectUrl, took),
                200 => new CheckResult(false, "Something else than Sentry answers at this address.", null, took),
                401 or 403 => new CheckResult(false, "Sentry refuses this key: it, or its project, is switched off or not known there. " + words.Message, null, took),
                404 or 405 => new CheckResult(false, "No such project, or no Sentry, at this address. " + words.Message, null, took),
                429 => new CheckResult(true, "The key is known, and the project's quota or rate limit is used up for the moment.", ProjectUrl, took),
                >= 300 and < 400 => new CheckResult(false, "The address redirects to another one, which is not followed; enter that one.", null, took),
                _ => new CheckResult(false, string.Create(CultureInfo.InvariantCulture, $"Sentry answered {words.Status}: {words.Message}"), null, took),
            };
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new CheckResult(false, PlatformAnswer.Trouble(e).Message);
        }
    }

    /// <summary>The project's errors of the trace; its pages' address is no part of a DSN.</summary>
    public string? LinkTo(TraceId traceId, Anchor anchor) => ProjectUrl is { } project ? $"{project}&query=trace%3A{traceId}" : null;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string? ProjectUrl => options.WebUrl is { } web ? $"{web}/issues/?project={options.Dsn.Project}" : null;

    private async Task<Delivery> ReadAsync(HttpResponseMessage response, string route, CancellationToken cancel)
    {
        var status = (int)response.StatusCode;
        if (status is >= 200 and < 300) return IsOurs(await PlatformAnswer.TextAsync(response, cancel)) ? new Delivery.Accepted() : new Delivery.TryAgain(new PlatformWords(status, "Something else than Sentry answers at this address."));
        if (status == 429) return new Delivery.TryAgain(Why(response, await answers.WordsAsync(response, cancel)), limits.Of(route)?.Wait);
        return await answers.UsualAsync(response, cancel) switch
        {
            Delivery.Refused refused => new Delivery.Refused(Why(response, refused.Words)),
            Delivery.Blocked blocked => blocked with { Words = Why(response, blocked.Words) },
            var other => other,
        };
    }

    // What Sentry says of an envelope that it cannot read stands in a header.
    private PlatformWords Why(HttpResponseMessage response, PlatformWords words) =>
        response.Headers.TryGetValues("X-Sentry-Error", out var said) && string.Join("; ", said) is { Length: > 0 } why ? answers.Words(words.Status, why) : words;

    private static PlatformWords Limited(string route, string reason) =>
        new(429, $"Sentry limits {(route == SentryMapping.Transaction ? "transactions" : "errors")} for the moment ({reason}).");

    /// <summary>Sentry answers with a JSON object; a portal or a proxy with a page.</summary>
    private static bool IsOurs(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private HttpRequestMessage Request(byte[] envelope)
    {
        var client = "callwatch.dotnet/" + options.Version;
        var request = new HttpRequestMessage(HttpMethod.Post, options.Dsn.Envelopes) { Content = new ByteArrayContent(SentryEnvelope.Gzip(envelope)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-sentry-envelope");
        request.Content.Headers.ContentEncoding.Add("gzip");
        request.Headers.UserAgent.ParseAdd(client);
        var auth = $"Sentry sentry_version=7, sentry_client={client}, sentry_key={options.Dsn.PublicKey}";
        request.Headers.TryAddWithoutValidation("X-Sentry-Auth", options.Dsn.Secret is { } secret ? $"{auth}, sentry_secret={secret}" : auth);
        return request;
    }

    private JsonObject TestEvent(string id) => new()
    {
        ["event_id"] = id,
        ["timestamp"] = SentryText.Seconds(Timestamp.From(context.Time.GetUtcNow())),
        ["platform"] = "csharp",
        ["level"] = "info",
        ["logger"] = "callwatch",
        ["environment"] = options.Environment ?? "production",
        ["sdk"] = new JsonObject { ["name"] = "callwatch.dotnet", ["version"] = options.Version },
        ["logentry"] = new JsonObject { ["message"] = "Callwatch connection test", ["formatted"] = "Callwatch connection test" },
    };
}
