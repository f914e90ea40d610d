using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.Opik;

/// <summary>Requests to Opik's API and the reading of what it answers (server of 2026).</summary>
internal sealed class OpikApi(OpikOptions options, DestinationContext context)
{
    private static readonly TimeSpan WhenNotSaid = TimeSpan.FromSeconds(60);

    private readonly PlatformAnswer answers = new(new Secrets(options.ApiKey), context.Time);

    public HttpRequestMessage Request(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, options.Url + path);

        // The bare key: no "Bearer".
        if (options.ApiKey is not null) request.Headers.TryAddWithoutValidation("Authorization", options.ApiKey);
        request.Headers.TryAddWithoutValidation("Comet-Workspace", options.Workspace);
        request.Headers.TryAddWithoutValidation("User-Agent", "callwatch/" + context.Version);
        return request;
    }

    public async Task<Delivery> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var status = (int)response.StatusCode;

        // 409: it is there already.
        if (status is 409) return new Delivery.Accepted();
        if (status is 429) return new Delivery.TryAgain(await answers.WordsAsync(response, cancel), Reset(response) ?? answers.RetryAfter(response) ?? WhenNotSaid);
        if (status is not 400) return await answers.UsualAsync(response, cancel);
        var text = await PlatformAnswer.TextAsync(response, cancel);
        var words = answers.Words(status, text, response.ReasonPhrase);

        // The time inside an id is too far from now: nothing was stored, and ids of this moment will do.
        return text.Contains("too_old", StringComparison.OrdinalIgnoreCase) || text.Contains("too_far_future", StringComparison.OrdinalIgnoreCase)
            ? new Delivery.OtherForm("", words with { Advice = "Compare the clocks of this machine and of the platform; then retry the dead letters." }) : new Delivery.Refused(words);
    }

    /// <summary>Whether a row with the id is there. Only a clear no counts as one.</summary>
    /// <param name="list"><c>traces</c> or <c>spans</c>.</param>
    public async Task<bool> ExistsAsync(string list, string id, CancellationToken cancel)
    {
        using var request = Request(HttpMethod.Get, $"v1/private/{list}/{id}");
        using var response = await context.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        return (int)response.StatusCode switch
        {
            >= 200 and < 300 => true,
            404 => false,
            _ => throw new HttpRequestException("The platform does not say whether it has a row."),
        };
    }

    public async Task<CheckResult> CheckAsync(CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            using var request = Request(HttpMethod.Get, "v1/private/projects?size=1");
            using var response = await context.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            var text = await PlatformAnswer.TextAsync(response, cancel);
            var took = Stopwatch.GetElapsedTime(started);
            var words = answers.Words((int)response.StatusCode, text, response.ReasonPhrase);
            return words.Status switch
            {
                200 when Member(text, "content") is null => new CheckResult(false, "No Opik API answers at this address; it ends with /api/.", null, took),
                200 => await FoundAsync(took, cancel),
                401 => new CheckResult(false, options.ApiKey is null ? "Opik asks for an API key." : "Opik does not know this key. " + words.Message, null, took),
                403 => new CheckResult(false, $"This key may not use the workspace '{options.Workspace}'. " + words.Message, null, took),
                404 => new CheckResult(false, "No Opik API at this address; it ends with /api/.", null, took),
                >= 300 and < 400 => new CheckResult(false, "This address redirects, which is not followed because the key would go along; enter the address it points to.", null, took),
                _ => new CheckResult(false, $"Opik answered {words.Status}: {words.Message}", null, took),
            };
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new CheckResult(false, PlatformAnswer.Trouble(e).Message);
        }
    }

    private async Task<CheckResult> FoundAsync(TimeSpan took, CancellationToken cancel)
    {
        var workspace = await WorkspaceAsync(cancel);
        var url = $"{options.Url[..^"api/".Length]}{Uri.EscapeDataString(workspace)}/redirect/projects?name={Uri.EscapeDataString(options.Project)}";
        return new CheckResult(true, $"Traces go to the project '{options.Project}' of the workspace '{workspace}'.", url, took);
    }

    // With accounts, "default" stands for a workspace that has a name of its own. Nothing depends on the answer.
    private async Task<string> WorkspaceAsync(CancellationToken cancel)
    {
        if (options.Workspace != "default" || options.ApiKey is null) return options.Workspace;
        try
        {
            using var request = Request(HttpMethod.Get, "v1/private/auth/workspace");
            using var response = await context.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            return response.IsSuccessStatusCode && Member(await PlatformAnswer.TextAsync(response, cancel), "workspace_name")?.ToString() is { Length: > 0 } name ? name : options.Workspace;
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return options.Workspace;
        }
    }

    private static JsonNode? Member(string text, string name)
    {
        try
        {
            return (JsonNode.Parse(text) as JsonObject)?[name];
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static TimeSpan? Reset(HttpResponseMessage response) =>
        response.Headers.TryGetValues("RateLimit-Reset", out var values) && double.TryParse(values.First(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 1e7
            ? TimeSpan.FromSeconds(seconds) : null;
}
