using Microsoft.AspNetCore.Http;

namespace Callwatch.Server.Access;

/// <summary>Whether a request was made by one of our own pages, as far as the browser says; programs say nothing.</summary>
internal static class SameOrigin
{
    /// <summary>Null when nothing speaks against it.</summary>
    public static string? Objection(HttpRequest request)
    {
        var origin = request.Headers.Origin;
        if (origin.Count > 0 && !(origin.Count == 1 && IsOwn(origin.ToString(), request))) return "its Origin is another site";

        // "none" is a person's own doing: an address typed, a bookmark, a link in a terminal. No page can cause it.
        var site = request.Headers["Sec-Fetch-Site"];
        var own = site.Count == 0 || site == "same-origin" || (site == "none" && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)));
        return own ? null : "another site asked the browser for it";
    }

    private static bool IsOwn(string origin, HttpRequest request) =>
        origin.Equals(request.Scheme + "://" + request.Host.Value, StringComparison.OrdinalIgnoreCase);
}
