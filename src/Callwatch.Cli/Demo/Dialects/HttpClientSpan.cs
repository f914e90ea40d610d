namespace Callwatch.Cli.Demo.Dialects;

/// <summary>An HTTP client's own span (semantic conventions for HTTP, stable since 1.23), beneath whatever made the request.</summary>
internal static class HttpClientSpan
{
    public static void Send(TraceScript script, DemoSpan parent, string url, double seconds, CallFailure? failure = null)
    {
        var address = new Uri(url);
        var span = script.Begin("POST", parent, SpanRole.Client)
            .With("http.request.method", "POST").With("url.full", url).With("server.address", address.Host).With("server.port", 443);
        script.Pass(seconds);
        script.End(span);
        if (failure is null)
        {
            span.With("http.response.status_code", 200);
            return;
        }

        span.With("http.response.status_code", failure.Status).With("error.type", failure.Status is { } status ? status.ToString(System.Globalization.CultureInfo.InvariantCulture) : failure.Type).Fail(failure.Message);
    }
}
