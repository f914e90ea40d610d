using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>What the server says of itself at <c>GET /info</c>; every member may be missing.</summary>
internal sealed record LangSmithInfo(int Items, long Bytes, bool Multipart, bool Gzip, string? Version)
{
    // We send at most half of what the server takes by itself: parts have heads, too.
    private const long MostBytes = 10_000_000;

    public static readonly LangSmithInfo Usual = new(100, MostBytes, true, false, null);

    public static LangSmithInfo Of(string answer)
    {
        try
        {
            var info = JsonNode.Parse(answer);
            var batch = info?["batch_ingest_config"];
            return new LangSmithInfo(
                Math.Clamp((int?)batch?["size_limit"] ?? Usual.Items, 1, 1_000), Math.Clamp(((long?)batch?["size_limit_bytes"] ?? 20_971_520) / 2, 1_000, MostBytes),
                (bool?)batch?["use_multipart_endpoint"] ?? true, (bool?)info?["instance_flags"]?["gzip_body_enabled"] ?? false, (string?)info?["version"]);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return Usual;
        }
    }
}

/// <summary>The HTTP API of LangSmith.</summary>
internal sealed class LangSmithApi(string endpoint, string apiKey, string? workspaceId, string project, DestinationContext context)
{
    public string Project => project;

    public TimeProvider Time => context.Time;

    public PlatformAnswer Answers { get; } = new(new Secrets(apiKey), context.Time);

    /// <summary>Needs no key. The usual values when the server has no such address; null when it does not say for the moment.</summary>
    public async Task<LangSmithInfo?> InfoAsync(CancellationToken cancel)
    {
        using var request = Request(HttpMethod.Get, "/info");
        using var response = await context.Http.SendAsync(request, cancel);
        if (response.IsSuccessStatusCode) return LangSmithInfo.Of(await PlatformAnswer.TextAsync(response, cancel));
        return (int)response.StatusCode is 408 or 425 or 429 or >= 500 ? null : LangSmithInfo.Usual;
    }

    /// <summary>The project, called a session there, as far as the key may see it.</summary>
    public async Task<HttpResponseMessage> ProjectAsync(CancellationToken cancel)
    {
        using var request = Request(HttpMethod.Get, $"/sessions?name={Uri.EscapeDataString(project)}&limit=1");
        return await context.Http.SendAsync(request, cancel);
    }

    public async Task<HttpResponseMessage> PostAsync(string path, byte[] body, string contentType, bool gzip, CancellationToken cancel)
    {
        using var request = Request(HttpMethod.Post, path);
        request.Content = new ByteArrayContent(gzip ? Gzip(body) : body);
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        if (gzip) request.Content.Headers.ContentEncoding.Add("gzip");
        return await context.Http.SendAsync(request, cancel);
    }

    /// <summary>Where people look, by the address programs use.</summary>
    public string WebAddress
    {
        get
        {
            if (endpoint.EndsWith("/api/v1", StringComparison.Ordinal)) return endpoint[..^"/api/v1".Length];
            var uri = new Uri(endpoint);
            if (uri.AbsolutePath.IndexOf("/api", StringComparison.Ordinal) is >= 0 and var at) return uri.GetLeftPart(UriPartial.Authority) + uri.AbsolutePath[..at];
            return uri.Host.EndsWith("api.smith.langchain.com", StringComparison.Ordinal) ? "https://" + uri.Host.Replace("api.smith", "smith", StringComparison.Ordinal) : uri.GetLeftPart(UriPartial.Authority);
        }
    }

    private HttpRequestMessage Request(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, endpoint + path);
        request.Headers.TryAddWithoutValidation("x-api-key", apiKey);
        if (workspaceId is not null) request.Headers.TryAddWithoutValidation("x-tenant-id", workspaceId);
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "callwatch/" + context.Version);
        return request;
    }

    private static byte[] Gzip(byte[] body)
    {
        using var packed = new MemoryStream(body.Length / 4);
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(body);
        return packed.ToArray();
    }
}
