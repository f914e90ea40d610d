using Callwatch.Control;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Server.Access;

/// <summary>What a route demands of its caller: any one of the scopes, or with <see cref="KeyScopes.None"/> nothing at all.
/// A route without it is refused to everybody.</summary>
public sealed record RouteAccess(KeyScopes AnyOf)
{
    /// <summary>
    /// What a request by this method needs. A method that may change something needs more than leave to look, even where the route says
    /// only <c>read</c>: a page that also takes forms is then closed to those who may only look.
    /// </summary>
    public KeyScopes Needed(string method) =>
        AnyOf == KeyScopes.Read && Changes(method) ? KeyScopes.Admin : AnyOf;

    internal static bool Changes(string method) => !(HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method));
}

public static class RouteAccessConvention
{
    /// <summary>The caller needs one of these scopes. Changes through a route that says <c>Read</c> need <c>Admin</c>.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder route, KeyScopes anyOf)
        where TBuilder : IEndpointConventionBuilder
    {
        if (anyOf == KeyScopes.None) throw new ArgumentOutOfRangeException(nameof(anyOf), "Say AllowAnyone where nothing is required.");
        return route.WithMetadata(new RouteAccess(anyOf));
    }

    /// <summary>Open to everybody who can connect: health, the sign-in and what it is drawn with. Nothing that shows data.</summary>
    public static TBuilder AllowAnyone<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new RouteAccess(KeyScopes.None));

    /// <summary>Who asks; behind <see cref="RequireScope"/> always somebody.</summary>
    public static Caller Caller(this HttpContext context) =>
        context.CallerOrNone() ?? throw new InvalidOperationException("Only a route that requires a scope has a caller.");

    /// <summary>Who asks, if it is known: for routes that <see cref="AllowAnyone"/>.</summary>
    public static Caller? CallerOrNone(this HttpContext context) => context.Features.Get<Caller>();
}
