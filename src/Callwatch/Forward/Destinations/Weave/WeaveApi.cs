using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.Weave;

/// <summary>The HTTP APIs of Weave's trace server and of the account.</summary>
internal sealed class WeaveApi(string endpoint, string? host, string apiKey, string? entity, string project, DestinationContext context)
{
    private volatile string? asked = entity;

    public PlatformAnswer Answers { get; } = new(new Secrets(apiKey, Convert.ToBase64String(Encoding.UTF8.GetBytes("api:" + apiKey))), context.Time);

    /// <summary>Where a person finds the project; null until the entity is known.</summary>
    public string? ProjectUrl => asked is { } owner ? $"{host ?? "https://wandb.ai"}/{owner}/{project}/weave" : null;

    public string? CallUrl(string id) => asked is { } owner ? $"{host ?? "https://wandb.ai"}/{owner}/{project}/r/call/{id}" : null;

    /// <summary><c>entity/project</c>; the entity is asked from the account once where the config has none. Null when the key has none.</summary>
    public async Task<string?> ProjectIdAsync(CancellationToken cancel)
    {
        asked ??= await EntityAsync(cancel);
        return asked is { } owner ? $"{owner}/{project}" : null;
    }

    public Task<HttpResponseMessage> CompleteAsync(string projectId, byte[] body, CancellationToken cancel)
    {
        var parts = projectId.Split('/');
        return PostAsync($"{endpoint}/v2/{Uri.EscapeDataString(parts[0])}/{Uri.EscapeDataString(parts[1])}/calls/complete", body, cancel);
    }

    public Task<HttpResponseMessage> UpsertAsync(byte[] body, CancellationToken cancel) => PostAsync(endpoint + "/call/upsert_batch", body, cancel);

    public async Task<CheckResult> CheckAsync(CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            if (await ProjectIdAsync(cancel) is not { } id) return new CheckResult(false, "W&B does not know this key, or it has no default entity: give 'entity'.", null, Stopwatch.GetElapsedTime(started));
            using var response = await PostAsync(endpoint + "/calls/query_stats", Encoding.UTF8.GetBytes(new JsonObject { ["project_id"] = id }.ToJsonString()), cancel);
            var took = Stopwatch.GetElapsedTime(started);
            var words = await Answers.WordsAsync(response, cancel);
            return words.Status switch
            {
                200 => new CheckResult(true, $"Traces go to {id}.", ProjectUrl, took),
                401 => new CheckResult(false, "W&B does not know this key. " + words.Message, null, took),
                403 => new CheckResult(false, $"This key may not use {id}. " + words.Message, null, took),
                404 => new CheckResult(true, $"The project {id} is not there yet; the first trace makes it.", ProjectUrl, took),
                _ => new CheckResult(false, $"Weave answered {words.Status}: {words.Message}", null, took),
            };
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new CheckResult(false, PlatformAnswer.Trouble(e).Message);
        }
    }

    private async Task<string?> EntityAsync(CancellationToken cancel)
    {
        using var response = await PostAsync(
            (host ?? "https://api.wandb.ai") + "/graphql", Encoding.UTF8.GetBytes("""{"query":"query { viewer { username defaultEntity { name } } }"}"""), cancel);
        if (!response.IsSuccessStatusCode) return null;
        try
        {
            var viewer = JsonNode.Parse(await PlatformAnswer.TextAsync(response, cancel))?["data"]?["viewer"];
            return viewer?["defaultEntity"]?["name"]?.ToString() ?? viewer?["username"]?.ToString();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private async Task<HttpResponseMessage> PostAsync(string address, byte[] json, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(json) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("api:" + apiKey)));
        request.Headers.UserAgent.ParseAdd("callwatch/" + context.Version);
        return await context.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
    }
}
