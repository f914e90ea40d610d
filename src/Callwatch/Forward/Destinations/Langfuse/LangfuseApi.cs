using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.Langfuse;

/// <summary>What both ways of ingestion share: scores, the check, links. Langfuse public API, server 4.16.</summary>
internal sealed class LangfuseApi(LangfuseOptions options, DestinationContext context)
{
    private volatile string? projectId;
    private int asked;

    public PlatformAnswer Answers { get; } = new(new Secrets(options.SecretKey, options.PublicKey, options.Basic), context.Time);

    public HttpRequestMessage Request(HttpMethod method, string path, byte[]? json = null)
    {
        var request = new HttpRequestMessage(method, options.Host + path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", options.Basic);
        request.Headers.TryAddWithoutValidation("x-langfuse-public-key", options.PublicKey);
        request.Headers.TryAddWithoutValidation("User-Agent", "callwatch/" + options.Version);
        if (json is null) return request;
        request.Content = new ByteArrayContent(json);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return request;
    }

    public async Task<Delivery> ScoreAsync(OutboundItem item, CancellationToken cancel)
    {
        try
        {
            using var request = Request(HttpMethod.Post, "/api/public/scores", item.Payload.ToArray());
            using var response = await context.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            return Seldom(await Answers.UsualAsync(response, cancel));
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new Delivery.TryAgain(PlatformAnswer.Trouble(e));
        }
    }

    /// <summary>A project that is suspended until its plan's next period is asked once an hour.</summary>
    public static Delivery Seldom(Delivery delivery) =>
        delivery is Delivery.Blocked { Words: { Status: 403, Message: var message } } blocked && message.Contains("suspended", StringComparison.OrdinalIgnoreCase)
            ? blocked with { After = blocked.After ?? PlatformAnswer.BetweenLooksAtAPlan } : delivery;

    /// <param name="needsOtlp">Whether a server that is too old for OTLP is worth a word.</param>
    public async Task<CheckResult> CheckAsync(bool needsOtlp, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            using var request = Request(HttpMethod.Get, "/api/public/projects");
            using var response = await context.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            var text = await PlatformAnswer.TextAsync(response, cancel);
            var took = Stopwatch.GetElapsedTime(started);
            var words = Answers.Words((int)response.StatusCode, text, response.ReasonPhrase);
            return words.Status switch
            {
                200 when Project(text) is { } project => Found(project, took, needsOtlp ? await MajorAsync(cancel) : null),
                200 => new CheckResult(false, IsJson(text) ? "The keys belong to no project; use keys of a project." : "No Langfuse answers at this address.", null, took),
                401 => new CheckResult(false, "Langfuse does not know these keys; they may belong to another region. " + words.Message, null, took),
                403 => new CheckResult(false, "These are keys of an organisation; a project's are needed. " + words.Message, null, took),
                404 => new CheckResult(false, "No Langfuse at this address.", null, took),
                >= 300 and < 400 => new CheckResult(false, "This address redirects, which is not followed because the keys would go along; enter the address it points to.", null, took),
                _ => new CheckResult(false, $"Langfuse answered {words.Status}: {words.Message}", null, took),
            };
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new CheckResult(false, PlatformAnswer.Trouble(e).Message);
        }
    }

    /// <summary>Asks for the project's id once, so that links can be made without anybody having checked the connection. Nothing depends on the answer.</summary>
    public async Task LearnProjectAsync(CancellationToken cancel)
    {
        if (projectId is null && Interlocked.Exchange(ref asked, 1) == 0) await CheckAsync(needsOtlp: false, cancel);
    }

    /// <summary>The trace there; through the platform's own forwarding address while the project's id is not known.</summary>
    public string LinkTo(string traceId) => projectId is { } id ? $"{options.Host}/project/{Uri.EscapeDataString(id)}/traces/{traceId}" : $"{options.Host}/trace/{traceId}";

    private CheckResult Found((string Id, string Name) project, TimeSpan took, int? major)
    {
        projectId = project.Id;
        var old = major < 3 ? $" This is Langfuse {major}, which takes no OTLP: set 'ingestion' to legacy." : "";
        return new CheckResult(true, $"Traces go to the project '{project.Name}'.{old}", $"{options.Host}/project/{Uri.EscapeDataString(project.Id)}", took);
    }

    // The route is open and tells the version; null when it does not.
    private async Task<int?> MajorAsync(CancellationToken cancel)
    {
        try
        {
            using var request = Request(HttpMethod.Get, "/api/public/health");
            request.Headers.Authorization = null;
            using var response = await context.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            var version = Member(await PlatformAnswer.TextAsync(response, cancel), json => json["version"]?.ToString());
            return int.TryParse(version?.TrimStart('v').Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : null;
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return null;
        }
    }

    private static (string Id, string Name)? Project(string text) => Member(text, json =>
        json["data"] is JsonArray { Count: > 0 } list && list[0]?["id"]?.ToString() is { Length: > 0 } id ? (id, list[0]!["name"]?.ToString() ?? id) : ((string, string)?)null);

    private static bool IsJson(string text) => Member(text, json => json is JsonObject ? "" : null) is not null;

    private static T? Member<T>(string text, Func<JsonNode, T?> read)
    {
        try
        {
            return JsonNode.Parse(text) is { } json ? read(json) : default;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return default;
        }
    }
}
