using System.Diagnostics;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>What the server says of itself at <c>GET /info</c>; every member may be missing.</summary>
internal sealed record LangSmithInfo(int Items, long Bytes, bool Multipart, bool Gzip)
{
    public static readonly LangSmithInfo Usual = new(100, 10_000_000, true, false);
}

/// <summary>The HTTP API of LangSmith.</summary>
internal sealed class LangSmithApi(string endpoint, string apiKey, string? workspaceId, string project, DestinationContext context)
{
    public string Project => project;

    public PlatformAnswer Answers { get; } = new(new Secrets(apiKey), context.Time);

    public async Task<LangSmithInfo?> InfoAsync(CancellationToken cancel)
    {
        using var request = Request(HttpMethod.Get, "/info");
        using var response = await context.Http.SendAsync(request, cancel);
        if (!response.IsSuccessStatusCode) return null;
        try
        {
            var info = JsonNode.Parse(await PlatformAnswer.TextAsync(response, cancel));
            var batch = info?["batch_ingest_config"];
            return new LangSmithInfo(
                Math.Clamp((int?)batch?["size_limit"] ?? 100, 1, 1_000), Math.Clamp((long?)batch?["size_limit_bytes"] ?? 20_971_520, 10_000, 10_000_000),
                (bool?)batch?["use_multipart_endpoint"] ?? true, (bool?)info?["instance_flags"]?["gzip_body_enabled"] ?? false);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return LangSmithInfo.Usual;
        }
    }

    public async Task<HttpResponseMessage> PostAsync(string path, byte[] body, string contentType, bool gzip, CancellationToken cancel)
    {
        using var request = Request(HttpMethod.Post, path);
        request.Content = new ByteArrayContent(gzip ? Gzip(body) : body);
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        if (gzip) request.Content.Headers.ContentEncoding.Add("gzip");
        return await context.Http.SendAsync(request, cancel);
    }

    public async Task<CheckResult> CheckAsync(CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            using var request = Request(HttpMethod.Get, $"/sessions?name={Uri.EscapeDataString(project)}&limit=1");
            using var response = await context.Http.SendAsync(request, cancel);
            var took = Stopwatch.GetElapsedTime(started);
            var text = await PlatformAnswer.TextAsync(response, cancel);
            var words = Answers.Words((int)response.StatusCode, text, response.ReasonPhrase);
            return words.Status switch
            {
                200 => new CheckResult(true, LinkIn(text) is null ? $"The project '{project}' will be made with the first trace." : $"Traces go to the project '{project}'.", LinkIn(text) ?? WebAddress, took),
                401 => new CheckResult(false, "LangSmith does not know this key; it may belong to another region. " + words.Message, null, took),
                403 when text.Contains("org_scoped_key_requires_workspace", StringComparison.Ordinal) => new CheckResult(false, "This key covers several workspaces: give 'workspace_id'.", null, took),
                403 => new CheckResult(false, "This key may not read projects. " + words.Message, null, took),
                404 => new CheckResult(false, "No LangSmith at this address; a self-hosted one is at https://HOST/api/v1.", null, took),
                _ => new CheckResult(false, $"LangSmith answered {words.Status}: {words.Message}", null, took),
            };
        }
        catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
        {
            return new CheckResult(false, PlatformAnswer.Trouble(e).Message);
        }
    }

    /// <summary>The project there, once a check has found it.</summary>
    public string? ProjectLink { get; private set; }

    private string WebAddress
    {
        get
        {
            if (endpoint.EndsWith("/api/v1", StringComparison.Ordinal)) return endpoint[..^"/api/v1".Length];
            var uri = new Uri(endpoint);
            if (uri.AbsolutePath.IndexOf("/api", StringComparison.Ordinal) is >= 0 and var at) return uri.GetLeftPart(UriPartial.Authority) + uri.AbsolutePath[..at];
            return uri.Host.EndsWith("api.smith.langchain.com", StringComparison.Ordinal) ? "https://" + uri.Host.Replace("api.smith", "smith", StringComparison.Ordinal) : uri.GetLeftPart(UriPartial.Authority);
        }
    }

    private string? LinkIn(string text)
    {
        try
        {
            var found = (JsonNode.Parse(text) as JsonArray)?.FirstOrDefault();
            if (found?["id"]?.ToString() is not { } id || found["tenant_id"]?.ToString() is not { } tenant) return null;
            return ProjectLink = $"{WebAddress}/o/{tenant}/projects/p/{id}";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private HttpRequestMessage Request(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, endpoint + path);
        request.Headers.TryAddWithoutValidation("x-api-key", apiKey);
        if (workspaceId is not null) request.Headers.TryAddWithoutValidation("x-tenant-id", workspaceId);
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.UserAgent.ParseAdd("callwatch/" + context.Version);
        return request;
    }

    private static byte[] Gzip(byte[] body)
    {
        using var packed = new MemoryStream(body.Length / 4);
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(body);
        return packed.ToArray();
    }
}
