using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Dashboard.Assets;

internal static class AssetRoutes
{
    public static IEndpointConventionBuilder MapAssets(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/assets/{name}", Get).ExcludeFromDescription();

    private static IResult Get(string name, HttpContext http, AssetFiles assets)
    {
        if (assets.FindHashed(name) is not { } file) return Results.NotFound();
        var headers = http.Response.Headers;
        headers.CacheControl = "public, max-age=31536000, immutable";
        headers.Vary = "Accept-Encoding";
        if (!http.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal)) return Results.Bytes(file.Bytes, file.ContentType);
        headers.ContentEncoding = "br";
        return Results.Bytes(file.Brotli, file.ContentType);
    }
}
