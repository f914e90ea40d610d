using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Frame;

/// <summary>
/// The headers of every page, errors included. Traces are hostile input: nothing but our own files may run or be asked for,
/// not even a style attribute.
/// </summary>
public static class PageHeaders
{
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public static void Set(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        // Pages hold prompts and answers: a shared cache or a disk must not.
        headers.CacheControl = "no-store";
        headers.Vary = "HX-Target, Accept-Language, Cookie";
    }
}
