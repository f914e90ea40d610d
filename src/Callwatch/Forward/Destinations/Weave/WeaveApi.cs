using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.Weave;

/// <summary>Where a destination's calls go: the trace server, and the account it belongs to.</summary>
internal sealed record WeaveTarget(string Endpoint, string? Host, string ApiKey, string? Entity, string Project)
{
    public const string Cloud = "https://trace.wandb.ai";

    /// <summary>Where the account is asked for its entity, and projects are made.</summary>
    public string Account => Host ?? OwnHost ?? "https://api.wandb.ai";

    /// <summary>Where people look.</summary>
    public string App => Host ?? OwnHost ?? "https://wandb.ai";

    // A dedicated server has its trace server beneath itself.
    private string? OwnHost => Endpoint != Cloud && Endpoint.EndsWith("/traces", StringComparison.Ordinal) ? Endpoint[..^"/traces".Length] : null;
}

/// <summary>The HTTP APIs of Weave's trace server and of the account.</summary>
internal sealed class WeaveApi(WeaveTarget target, DestinationContext context) : IDisposable
{
    private const string WhoAmI = """{"query":"query { viewer { username defaultEntity { name } } }"}""";
    private const string MakeProject = "mutation MakeProject($entity: String!, $project: String!) { upsertModel(input: {entityName: $entity, name: $project}) { model { name } } }";

    private readonly string basic = Convert.ToBase64String(Encoding.UTF8.GetBytes("api:" + target.ApiKey));
    private readonly SemaphoreSlim asking = new(1, 1);
    private volatile string? entity = target.Entity;

    public PlatformAnswer Answers { get; } = new(new Secrets(target.ApiKey, Convert.ToBase64String(Encoding.UTF8.GetBytes("api:" + target.ApiKey))), context.Time);

    /// <summary><c>entity/project</c>; null as long as the account has not been asked.</summary>
    public string? ProjectId => entity is { } owner ? owner + "/" + target.Project : null;

    public string? ProjectUrl => ProjectId is { } id ? $"{target.App}/{id}/weave" : null;

    public string? CallUrl(string call) => ProjectId is { } id ? $"{target.App}/{id}/r/call/{call}" : null;

    /// <summary>Asks the account once where the config names no entity. Null when the project is known, else why it is not.</summary>
    public async Task<Delivery?> FindEntityAsync(CancellationToken cancel)
    {
        if (entity is not null) return null;
        await asking.WaitAsync(cancel);
        try
        {
            return entity is null ? await AskAsync(cancel) : null;
        }
        finally
        {
            asking.Release();
        }
    }

    public Task<HttpResponseMessage> CompleteAsync(byte[] body, CancellationToken cancel) =>
        PostAsync($"{target.Endpoint}/v2/{Uri.EscapeDataString(entity!)}/{Uri.EscapeDataString(target.Project)}/calls/complete", body, cancel);

    public Task<HttpResponseMessage> UpsertAsync(byte[] body, CancellationToken cancel) => PostAsync(target.Endpoint + "/call/upsert_batch", body, cancel);

    public Task<HttpResponseMessage> FeedbackAsync(byte[] body, CancellationToken cancel) => PostAsync(target.Endpoint + "/feedback/create", body, cancel);

    public Task<HttpResponseMessage> CountAsync(CancellationToken cancel) =>
        PostAsync(target.Endpoint + "/calls/query_stats", Encoding.UTF8.GetBytes(new JsonObject { ["project_id"] = ProjectId }.ToJsonString(PlainJson.Options)), cancel);

    /// <summary>True when the account has made the project, or had it.</summary>
    public async Task<bool> MakeProjectAsync(CancellationToken cancel)
    {
        var mutation = new JsonObject { ["query"] = MakeProject, ["variables"] = new JsonObject { ["entity"] = entity, ["project"] = target.Project } };
        using var response = await PostAsync(target.Account + "/graphql", Encoding.UTF8.GetBytes(mutation.ToJsonString(PlainJson.Options)), cancel);
        return response.IsSuccessStatusCode && Data(await PlatformAnswer.TextAsync(response, cancel))?["upsertModel"] is JsonObject;
    }

    public void Dispose() => asking.Dispose();

    private async Task<Delivery?> AskAsync(CancellationToken cancel)
    {
        using var response = await PostAsync(target.Account + "/graphql", Encoding.UTF8.GetBytes(WhoAmI), cancel);
        if (!response.IsSuccessStatusCode)
        {
            // Nothing can be sent before it is known, so nothing is refused either.
            var refusal = await Answers.UsualAsync(response, cancel);
            return refusal is Delivery.Refused refused ? new Delivery.Blocked(refused.Words) : refusal;
        }

        var text = await PlatformAnswer.TextAsync(response, cancel);
        entity = EntityIn(text);
        return entity is not null ? null : new Delivery.Blocked(new PlatformWords(401, "W&B does not know this key, or it has no default entity: give 'entity'."));
    }

    private static string? EntityIn(string text)
    {
        var viewer = Data(text)?["viewer"] as JsonObject;
        return Text((viewer?["defaultEntity"] as JsonObject)?["name"]) ?? Text(viewer?["username"]);

        static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;
    }

    private static JsonObject? Data(string text)
    {
        try
        {
            return (JsonNode.Parse(text) as JsonObject)?["data"] as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Not compressed: whether the server would take it is not documented.
    private async Task<HttpResponseMessage> PostAsync(string address, byte[] json, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(json) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", basic);
        request.Headers.TryAddWithoutValidation("User-Agent", "callwatch/" + context.Version);
        return await context.Http.SendAsync(request, cancel);
    }
}
