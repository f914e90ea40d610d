using System.Collections;
using System.Net;
using System.Reflection;
using System.Security.Claims;
using Microsoft.Extensions.Primitives;

namespace Callwatch.Client.Sentry.Errors;

/// <summary>
/// What an error tells of the request it happened in. Read from ASP.NET Core's <c>HttpContext</c> without a reference to it, because a worker has none:
/// its types are named here as texts, which trimming understands, and where they are missing there are no requests either.
/// </summary>
/// <param name="Url">Without query; with it where personal data may go along.</param>
internal sealed record RequestFacts(string Method, string Url, string? Route, int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, SentryUser? User, bool IsAborted)
{
    private static readonly PropertyInfo? Request = Type.GetType("Microsoft.AspNetCore.Http.HttpContext, Microsoft.AspNetCore.Http.Abstractions", throwOnError: false)?.GetProperty("Request");
    private static readonly PropertyInfo? Response = Type.GetType("Microsoft.AspNetCore.Http.HttpContext, Microsoft.AspNetCore.Http.Abstractions", throwOnError: false)?.GetProperty("Response");
    private static readonly PropertyInfo? Connection = Type.GetType("Microsoft.AspNetCore.Http.HttpContext, Microsoft.AspNetCore.Http.Abstractions", throwOnError: false)?.GetProperty("Connection");
    private static readonly PropertyInfo? Features = Type.GetType("Microsoft.AspNetCore.Http.HttpContext, Microsoft.AspNetCore.Http.Abstractions", throwOnError: false)?.GetProperty("Features");
    private static readonly PropertyInfo? Principal = Type.GetType("Microsoft.AspNetCore.Http.HttpContext, Microsoft.AspNetCore.Http.Abstractions", throwOnError: false)?.GetProperty("User");
    private static readonly PropertyInfo? Aborted = Type.GetType("Microsoft.AspNetCore.Http.HttpContext, Microsoft.AspNetCore.Http.Abstractions", throwOnError: false)?.GetProperty("RequestAborted");
    private static readonly PropertyInfo? RequestMethod = Type.GetType("Microsoft.AspNetCore.Http.HttpRequest, Microsoft.AspNetCore.Http.Abstractions", throwOnError: false)?.GetProperty("Method");
    private static readonly PropertyInfo? Scheme = Type.GetType("Microsoft.AspNetCore.Http.HttpRequest, Microsoft.AspNetCore.Http.Abstractions", throwOnError: false)?.GetProperty("Scheme");
    private static readonly PropertyInfo? Host = Type.GetType("Microsoft.AspNetCore.Http.HttpRequest, Microsoft.AspNetCore.Http.Abstractions", throwOnError: false)?.GetProperty("Host");
    private static readonly PropertyInfo? PathBase = Type.GetType("Microsoft.AspNetCore.Http.HttpRequest, Microsoft.AspNetCore.Http.Abstractions", throwOnError: false)?.GetProperty("PathBase");
    private static readonly PropertyInfo? RequestPath = Type.GetType("Microsoft.AspNetCore.Http.HttpRequest, Microsoft.AspNetCore.Http.Abstractions", throwOnError: false)?.GetProperty("Path");
    private static readonly PropertyInfo? Query = Type.GetType("Microsoft.AspNetCore.Http.HttpRequest, Microsoft.AspNetCore.Http.Abstractions", throwOnError: false)?.GetProperty("QueryString");
    private static readonly PropertyInfo? RequestHeaders = Type.GetType("Microsoft.AspNetCore.Http.HttpRequest, Microsoft.AspNetCore.Http.Abstractions", throwOnError: false)?.GetProperty("Headers");
    private static readonly PropertyInfo? StatusCode = Type.GetType("Microsoft.AspNetCore.Http.HttpResponse, Microsoft.AspNetCore.Http.Abstractions", throwOnError: false)?.GetProperty("StatusCode");
    private static readonly PropertyInfo? RemoteAddress = Type.GetType("Microsoft.AspNetCore.Http.ConnectionInfo, Microsoft.AspNetCore.Http.Abstractions", throwOnError: false)?.GetProperty("RemoteIpAddress");
    private static readonly PropertyInfo? FeatureEndpoint = Type.GetType("Microsoft.AspNetCore.Http.Features.IEndpointFeature, Microsoft.AspNetCore.Http.Abstractions", throwOnError: false)?.GetProperty("Endpoint");
    private static readonly PropertyInfo? Pattern = Type.GetType("Microsoft.AspNetCore.Routing.RouteEndpoint, Microsoft.AspNetCore.Routing", throwOnError: false)?.GetProperty("RoutePattern");
    private static readonly PropertyInfo? RawText = Type.GetType("Microsoft.AspNetCore.Routing.Patterns.RoutePattern, Microsoft.AspNetCore.Routing", throwOnError: false)?.GetProperty("RawText");

    /// <summary>As transactions and errors are named: method and route, or the path where there is none.</summary>
    public string Name => Method + " " + (Route ?? "*");

    /// <summary>Null where it cannot be read: what is told of a request must not break it.</summary>
    public static RequestFacts? Of(object http, bool pii)
    {
        try
        {
            if (Request?.GetValue(http) is not { } request || RequestMethod?.GetValue(request) is not string method) return null;
            var url = $"{Scheme?.GetValue(request)}://{Host?.GetValue(request)}{PathBase?.GetValue(request)}{RequestPath?.GetValue(request)}";
            if (pii) url += Query?.GetValue(request)?.ToString();
            var status = Response?.GetValue(http) is { } response && StatusCode?.GetValue(response) is int code ? code : 0;
            return new RequestFacts(method, url, RouteOf(http), status, HeadersOf(request), pii ? UserOf(http) : null, IsAbortedNow(http));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return null;
        }
    }

    public static bool IsAbortedNow(object http)
    {
        try
        {
            return Aborted?.GetValue(http) is CancellationToken { IsCancellationRequested: true };
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return false;
        }
    }

    private static string? RouteOf(object http)
    {
        if (FeatureEndpoint is null || Features?.GetValue(http) is not IEnumerable features) return null;
        foreach (var one in features)
        {
            if (one is not KeyValuePair<Type, object> { Value: { } feature } || FeatureEndpoint.DeclaringType?.IsInstanceOfType(feature) != true) continue;
            if (FeatureEndpoint.GetValue(feature) is not { } endpoint || Pattern?.DeclaringType?.IsInstanceOfType(endpoint) != true) return null;
            return Pattern.GetValue(endpoint) is { } pattern && RawText?.GetValue(pattern) is string { Length: > 0 } text ? text[0] == '/' ? text : "/" + text : null;
        }

        return null;
    }

    // Neither cookies nor authorisation, nor what an application may have invented for them.
    private static List<KeyValuePair<string, string>> HeadersOf(object request)
    {
        var kept = new List<KeyValuePair<string, string>>();
        if (RequestHeaders?.GetValue(request) is not IDictionary<string, StringValues> headers) return kept;
        foreach (var name in (ReadOnlySpan<string>)["User-Agent", "Content-Type", "Content-Length", "Accept"])
            if (headers.TryGetValue(name, out var value) && value.ToString() is { Length: > 0 } text) kept.Add(new(name, text));
        return kept;
    }

    private static SentryUser? UserOf(object http)
    {
        var principal = Principal?.GetValue(http) as ClaimsPrincipal;
        var address = Connection?.GetValue(http) is { } connection && RemoteAddress?.GetValue(connection) is IPAddress ip ? ip.ToString() : null;
        var id = principal?.FindFirst(ClaimTypes.NameIdentifier)?.Value ?? principal?.FindFirst("sub")?.Value;
        return id is null && principal?.Identity?.Name is null && address is null ? null : new SentryUser(id, principal?.Identity?.Name, address);
    }
}
