using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Server.Access;

/// <summary>
/// HEAD wherever there is GET, as load balancers and link checkers ask: the same way, the same status and headers; the web server keeps
/// the body back by itself. Streams ask <see cref="IsHead"/>, so that they do not work for nobody.
/// </summary>
internal static class HeadRequests
{
    private static readonly object Key = new();

    public static void UseHeadAsGet(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Items[Key] = Key;
            context.Request.Method = HttpMethods.Get;
        }

        return next(context);
    });

    /// <summary>Only the head of the answer is wanted.</summary>
    public static bool IsHead(this HttpContext context) => context.Items.ContainsKey(Key);

    /// <summary>Routing knows of GET alone.</summary>
    public static void NameHeadAsAllowed(HttpResponse response)
    {
        var allowed = response.Headers.Allow.ToString();
        if (allowed.Split(',', StringSplitOptions.TrimEntries).Contains(HttpMethods.Get)) response.Headers.Allow = allowed + ", " + HttpMethods.Head;
    }
}
