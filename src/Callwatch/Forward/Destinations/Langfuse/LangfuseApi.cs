using System.Diagnostics;
using System.Net.Http.Headers;

using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.Langfuse;

/// <summary>What both ways of ingestion share: scores, the check, links. Langfuse public API, server 4.16.</summary>
internal sealed class LangfuseApi(LangfuseOptions options, DestinationContext context)
{
    private volatile string? projectId;

    public PlatformAnswer Answers { get; } = new(new Secrets(options.SecretKey, options.PublicKey, options.Basic), context.Time);

    public HttpRequestMessage Request(HttpMethod method, string path, byte[]? json = null)
    {
        var request = new HttpRequestMessage(method, options.Host + path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", options.Basic);
        request.Headers.TryAddWithoutValidation("x-langfuse-public-key", options.PublicKey);
        request.Headers.UserAgent.ParseAdd("callwatch/" + options.Version);
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
            using var response = await context.Http.SendAsync(request, cancel);
            return await Answers.UsualAsync(response, cancel);
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
            using var request = Request(HttpMethod.Get, "/api/public/projects");
            using var response = await context.Http.SendAsync(request, cancel);
            var took = Stopwatch.GetElapsedTime(started);
            var text = await PlatformAnswer.TextAsync(response, cancel);
            var words = Answers.Words((int)response.StatusCode, text, response.ReasonPhrase);
            return words.Status switch
            {
                200 when Project(text) is { } project => Found(project, took),
                200 => new CheckResult(false, "The keys belong to no project; use keys of a project.", null, took),
                401 => new CheckResult(false, "Langfuse does not know these keys; they may belong to another region. " + words.Message, null, took),
                403 => new CheckResult(false, "These are keys of an organisation; a project's are needed. " + words.Message, null, took),
                404 => new CheckResult(false, "No Langfuse at this address.", null, took),
                _ => new CheckResult(false, $"Langfuse answered {words.Status}: {words.Message}", null, took),
            };
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new CheckResult(false, PlatformAnswer.Trouble(e).Message);
        }
    }

    /// <summary>The trace there; by way of a search while the project's id is not known, for it is asked only when somebody checks.</summary>
    public string LinkTo(string traceId) => projectId is { } id ? $"{options.Host}/project/{id}/traces/{traceId}" : $"{options.Host}/trace/{traceId}";

    private CheckResult Found((string Id, string Name) project, TimeSpan took)
    {
        projectId = project.Id;
        return new CheckResult(true, $"Traces go to the project '{project.Name}'.", $"{options.Host}/project/{project.Id}", took);
    }

    private static (string Id, string Name)? Project(string text)
    {
        try
        {
            return JsonNode.Parse(text)?["data"] is JsonArray { Count: > 0 } list && list[0]?["id"]?.ToString() is { Length: > 0 } id ? (id, list[0]!["name"]?.ToString() ?? id) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
