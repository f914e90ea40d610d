using Callwatch.Control;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Callwatch.Server.Access;

/// <summary>Signing in with a browser: by the one-time link that a start prints, or with a key. Signing out.</summary>
internal static class SignIn
{
    public const string Path = "/sign-in";
    public const string KeyField = "key";
    public const string ReturnField = "return";

    public static void MapSignIn(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, ShowAsync).AllowAnyone().ExcludeFromDescription();
        routes.MapPost(Path, WithKeyAsync).AllowAnyone().ExcludeFromDescription();
        routes.MapPost("/sign-out", Out).AllowAnyone().ExcludeFromDescription();
    }

    /// <summary>Where to go after signing in: the page asked for, of this site only.</summary>
    public static string PageToReturnTo(HttpContext context)
    {
        var request = context.Request;
        string wanted = !request.Path.StartsWithSegments(Path, StringComparison.OrdinalIgnoreCase) ? request.PathBase + request.Path + request.QueryString
            : request.HasFormContentType ? request.Form[ReturnField].ToString()
            : request.Query[ReturnField].ToString();
        return IsOfThisSite(wanted) ? wanted : request.PathBase + "/";
    }

    // Browsers read "//host" and "/\host" as another site, and drop tabs and newlines before they look.
    internal static bool IsOfThisSite(string path) =>
        path.Length > 0 && path[0] == '/' && !(path.Length > 1 && path[1] is '/' or '\\') && !path.Any(char.IsControl);

    private static Task ShowAsync(HttpContext context, SignInLinks links, Sessions sessions, IOptions<AccessOptions> options)
    {
        var token = context.Request.Query["token"].ToString();

        // A browser that only looks ahead, or a program that checks links, must not use the link up.
        if (token.Length == 0 || context.IsHead() || context.Request.Headers["Sec-Purpose"].Count > 0) return SignInPage.WriteAsync(context, StatusCodes.Status200OK, detail: null);
        return links.Redeem(token)
            ? BeginAsync(context, keyId: null, sessions, options.Value)
            : SignInPage.WriteAsync(context, StatusCodes.Status401Unauthorized, "The link has been used or is too old.");
    }

    private static async Task WithKeyAsync(HttpContext context, Keys keys, Sessions sessions, IAntiforgery antiforgery, IOptions<AccessOptions> options)
    {
        if (SameOrigin.Objection(context.Request) is not null || !context.Request.HasFormContentType || !await antiforgery.IsRequestValidAsync(context))
        {
            await Answers.WriteProblemAsync(context, StatusCodes.Status403Forbidden, "antiforgery", "The form is out of date or of another site: load the page again.");
            return;
        }

        var secret = context.Request.Form[KeyField].ToString().Trim();
        if (keys.Find(secret) is { } key) await BeginAsync(context, key.Id, sessions, options.Value);
        else await Answers.WriteProblemAsync(context, StatusCodes.Status401Unauthorized, "bad_key", "The key is unknown or has been revoked.");
    }

    private static void Out(HttpContext context, Sessions sessions)
    {
        if (SignInCookie.Of(context.Request) is { } secret && SameOrigin.Objection(context.Request) is null)
        {
            sessions.End(secret);
            SignInCookie.Remove(context);
        }

        context.Response.Headers.Location = (context.Request.PathBase + Path).ToString();
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
    }

    private static Task BeginAsync(HttpContext context, int? keyId, Sessions sessions, AccessOptions options)
    {
        SignInCookie.Set(context, sessions.Begin(keyId, options.SignInLifetime, context.Request.Headers.UserAgent.ToString()), options.SignInLifetime);
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Location = PageToReturnTo(context);
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        return Task.CompletedTask;
    }
}
