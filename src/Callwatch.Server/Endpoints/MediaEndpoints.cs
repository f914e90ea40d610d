using Callwatch.Control;
using Callwatch.Media;
using Callwatch.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Callwatch.Server.Endpoints;

/// <summary>
/// Media that came in messages. Their bytes are a stranger's: whatever he called them, they are given the type that their first bytes
/// prove, from a list of those that can run nothing, and a browser that opens them does so in a sandbox that loads nothing.
/// </summary>
internal static class MediaEndpoints
{
    private const string Path = "/api/v1/media/";

    public static void MapMedia(this IEndpointRouteBuilder routes) =>
        routes.MapGet(Path + "{hash}", GetAsync).RequireScope(KeyScopes.Read).WithTags("Traces").WithName("GetMedia")
            .WithSummary("An image, sound or file that came in a message, by the hash that the message's part names.")
            .Produces(200, contentType: MediaTypes.Unknown).ProducesProblem(404);

    public static string PathOf(MediaHash hash) => Path + hash;

    private static async Task<IResult> GetAsync([FromRoute(Name = "hash")] string hash, HttpContext http, MediaFolder media, CancellationToken cancel)
    {
        var caller = http.Caller();
        if (!MediaHash.TryParse(hash, out var name) || media.Open(caller.TenantId, caller.AppId, name) is not { } file)
            return Problems.NotFound("No media have this hash; they may be past their retention.", "media_not_found");

        var start = new byte[MediaTypes.SniffBytes];
        var read = await file.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancel);
        file.Position = 0;
        var served = MediaTypes.Served(start.AsSpan(0, read));
        var headers = http.Response.Headers;
        headers.ContentDisposition = $"{(served.IsShown ? "inline" : "attachment")}; filename=\"callwatch-{hash[..12]}{served.Extension}\"";
        headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";

        // The name says what they are for ever; whether one may see them depends on who asks.
        headers.CacheControl = "private, max-age=86400, immutable";
        headers.Vary = "Authorization, Cookie, x-api-key";
        return TypedResults.Stream(file, served.Type, lastModified: null, entityTag: new EntityTagHeaderValue($"\"{hash}\""), enableRangeProcessing: true);
    }
}
