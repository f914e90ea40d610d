using System.Security.Claims;
using Callwatch.Control;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Server.Access;

/// <summary>The door: lets a request to its endpoint when its caller may, and answers 401, 403 or 404 otherwise.</summary>
internal sealed class AccessMiddleware(RequestDelegate next, Callers callers, IAntiforgery antiforgery)
{
    private const int MostBytesOfAnybody = 64 * 1024;

    public async Task InvokeAsync(HttpContext context)
    {
        // What is no route of ours is the framework's own answer: 404, 405, 415.
        if (context.GetEndpoint() is not RouteEndpoint endpoint)
        {
            await next(context);
            return;
        }

        var who = callers.Find(context);
        if (await RefusalAsync(context, endpoint.Metadata.GetMetadata<RouteAccess>(), who) is { } refused)
        {
            await Answers.WriteProblemAsync(context, refused.Status, refused.Code, refused.Detail);
            return;
        }

        if (who is WhoAsks.Known known) context.Features.Set(known.Caller);
        await next(context);
    }

    private async ValueTask<WhoAsks.Refused?> RefusalAsync(HttpContext context, RouteAccess? route, WhoAsks who)
    {
        if (route is null) return new(403, "route_closed", "This route says nothing of who may use it, so nobody may.");
        if (route.AnyOf == KeyScopes.None)
        {
            // Who has no key must not make us hold, or write to a file, more than a form needs.
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = MostBytesOfAnybody;
            return null;
        }

        if (who is not WhoAsks.Known { Caller: var caller }) return (WhoAsks.Refused)who;
        var needed = route.Needed(context.Request.Method);
        if (!caller.MayAnyOf(needed))
        {
            return caller.Kind == CallerKind.Loopback
                ? new(401, "key_required", "Without a key this machine may send and look, not change: send a key as Authorization: Bearer " + KeySecret.Start + "... or sign in.")
                : new(403, "wrong_scope", "This needs a key with the scope " + string.Join(" or ", needed.ToWords()) + ".");
        }

        if (caller.Kind != CallerKind.SignIn) return null;

        // Bound to the sign-in, so that a token handed out to another cannot be used with this one.
        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", KeyHash.Of(SignInCookie.Of(context.Request)!).ToString())], "sign-in"));
        return RouteAccess.Changes(context.Request.Method) && !await antiforgery.IsRequestValidAsync(context)
            ? new(403, "antiforgery", "The form is out of date: load the page again.")
            : null;
    }
}
