using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace Callwatch.Client.Telemetry.Sources;

/// <summary>
/// What the framework's own span of a request lacks: method, route, status, user and tenant, by the HTTP conventions; and the counter of responses, for
/// all requests, sampled or not. It looks on at the end of a request, from outside of the pipeline, which it therefore cannot change.
/// Only touched where the application is a web application: nothing else loads the types in here.
/// </summary>
internal sealed class WebRequests(OpenTelemetryOptions options, Counter<long> responses) : IObserver<KeyValuePair<string, object?>>
{
    private const string Request = "Microsoft.AspNetCore.Hosting.HttpRequestIn";
    private const string RequestEnds = Request + ".Stop";

    /// <summary>Of the framework, per host.</summary>
    public const string ListenerName = "Microsoft.AspNetCore";

    public IDisposable Watch(DiagnosticListener listener) =>
        // The framework tells of the end only where somebody wants the beginning too.
        listener.Subscribe(this, (name, _, _) => name.StartsWith(Request, StringComparison.Ordinal));

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key != RequestEnds || value.Value is not HttpContext http) return;
        try
        {
            Ended(http);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            TelemetryEvents.Log.Unexpected("a request", e.GetType().Name);
        }
    }

    public void OnCompleted()
    {
        // The host has gone.
    }

    public void OnError(Exception error)
    {
        // Listeners tell none.
    }

    private void Ended(HttpContext http)
    {
        var failure = http.Features.Get<IExceptionHandlerFeature>();
        var method = MethodOf(http.Request.Method);
        var route = RouteOf(failure?.Endpoint ?? http.Features.Get<IStatusCodeReExecuteFeature>()?.Endpoint ?? http.GetEndpoint());
        var status = http.Response.StatusCode;
        Count(method, route, status);
        var span = http.Features.Get<IHttpActivityFeature>()?.Activity ?? Activity.Current;
        if (span is not { IsAllDataRequested: true }) return;
        span.DisplayName = route is null ? method : method + " " + route;
        span.SetTag("http.request.method", method);
        if (method == "_OTHER") span.SetTag("http.request.method_original", http.Request.Method);
        span.SetTag("http.response.status_code", status);
        if (route is not null) span.SetTag("http.route", route);
        span.SetTag("url.scheme", http.Request.Scheme);
        // Without the query, in which people send keys.
        span.SetTag("url.path", (http.Request.PathBase + http.Request.Path).Value);
        span.SetTag("server.address", http.Request.Host.Host);
        if (http.Request.Host.Port is { } port) span.SetTag("server.port", port);
        span.SetTag("network.protocol.version", http.Request.Protocol.StartsWith("HTTP/", StringComparison.OrdinalIgnoreCase) ? http.Request.Protocol[5..] : http.Request.Protocol);
        if (http.Request.Headers.UserAgent.ToString() is { Length: > 0 } agent) span.SetTag("user_agent.original", agent.Length > 300 ? agent[..300] : agent);
        Judge(span, status, failure?.Error);
        if (options.Users) NameUser(span, http);
    }

    private void Count(string method, string? route, int status)
    {
        if (!responses.Enabled) return;
        var tags = new TagList { { "http.method", method }, { "status_code", status }, { "status_class", ClassOf(status) } };
        // The template, never the path: paths are without end.
        if (route is not null) tags.Add("http.target", route);
        responses.Add(1, in tags);
    }

    // A refusal is the caller's fault, and no error of the server's.
    private static void Judge(Activity span, int status, Exception? error)
    {
        if (error is not null) SpanErrors.TryAdd(span, error);
        if (status < 500) return;
        if (span.GetTagItem("error.type") is null) span.SetTag("error.type", error?.GetType().FullName ?? status.ToString(CultureInfo.InvariantCulture));
        if (span.Status == ActivityStatusCode.Unset) span.SetStatus(ActivityStatusCode.Error, error?.Message);
    }

    private void NameUser(Activity span, HttpContext http)
    {
        if (http.User.Identity is not { IsAuthenticated: true }) return;
        if (Claim(http, options.UserClaims) is { } user)
        {
            span.SetTag("user.id", user);
            span.SetTag("service.user.id", user);
        }

        if (Claim(http, options.TenantClaims) is { } tenant) span.SetTag("service.tenant.id", tenant);
    }

    private static string? Claim(HttpContext http, IList<string> types)
    {
        foreach (var type in types)
            if (http.User.FindFirst(type)?.Value is { Length: > 0 } value) return value.Length > 200 ? value[..200] : value;
        return null;
    }

    private static string? RouteOf(Endpoint? endpoint) =>
        endpoint?.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route ?? (endpoint as RouteEndpoint)?.RoutePattern.RawText;

    private static string MethodOf(string method) => method switch
    {
        "GET" or "POST" or "PUT" or "DELETE" or "PATCH" or "HEAD" or "OPTIONS" or "TRACE" or "CONNECT" or "QUERY" => method,
        _ when method.ToUpperInvariant() is "GET" or "POST" or "PUT" or "DELETE" or "PATCH" or "HEAD" or "OPTIONS" => method.ToUpperInvariant(),
        _ => "_OTHER",
    };

    private static string ClassOf(int status) => status switch
    {
        >= 500 => "5xx",
        >= 400 => "4xx",
        >= 300 => "3xx",
        >= 200 => "2xx",
        _ => "1xx",
    };
}
