using Microsoft.AspNetCore.Http;

namespace Callwatch.Server.Access;

/// <summary>The cookie of a sign-in: never sent along by another site, never seen by a script.</summary>
internal static class SignInCookie
{
    public const string Name = "callwatch_session";

    /// <summary>The secret in it; null when the request has none.</summary>
    public static string? Of(HttpRequest request) => request.Cookies.TryGetValue(Name, out var secret) && secret.Length > 0 ? secret : null;

    public static void Set(HttpContext context, string secret, TimeSpan lifetime)
    {
        var cookie = Options(context.Request);
        cookie.MaxAge = lifetime;
        context.Response.Cookies.Append(Name, secret, cookie);
    }

    public static void Remove(HttpContext context) => context.Response.Cookies.Delete(Name, Options(context.Request));

    private static CookieOptions Options(HttpRequest request) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = request.IsHttps,
        Path = request.PathBase.HasValue ? request.PathBase.Value : "/",
        IsEssential = true,
    };
}
