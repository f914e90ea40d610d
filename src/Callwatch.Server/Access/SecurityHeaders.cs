using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Server.Access;

/// <summary>Headers that keep a browser from doing what we did not mean: on every answer, errors included.</summary>
public static class SecurityHeaders
{
    private static readonly object NonceKey = new();

    /// <summary>The nonce that this answer's inline scripts and styles must carry.</summary>
    public static string CspNonce(this HttpContext context)
    {
        if (context.Items[NonceKey] is string nonce) return nonce;
        nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        context.Items[NonceKey] = nonce;
        return nonce;
    }

    internal static void UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(static state =>
        {
            Add((HttpContext)state);
            return Task.CompletedTask;
        }, context);
        return next(context);
    });

    private static void Add(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        if (!CanRunScripts(context.Response.ContentType)) return;
        // Not "no-referrer": with it browsers send "Origin: null" with our own forms, and these look like those of another site.
        headers["Referrer-Policy"] = "same-origin";
        headers.XFrameOptions = "DENY";

        // An endpoint may be stricter (media from traces are), never looser: it cannot take this header away.
        if (headers.ContentSecurityPolicy.Count > 0) return;
        var nonce = context.CspNonce();
        headers.ContentSecurityPolicy =
            $"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
            + "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
    }

    private static bool CanRunScripts(string? contentType) =>
        contentType is not null
        && (contentType.Contains("html", StringComparison.OrdinalIgnoreCase) || contentType.Contains("xml", StringComparison.OrdinalIgnoreCase));
}
