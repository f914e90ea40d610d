using Microsoft.Extensions.DependencyInjection;

namespace Callwatch.Client.Capture;

/// <summary>Puts capture into clients made by <c>IHttpClientFactory</c>.</summary>
public static class CaptureServices
{
    /// <summary>Captures the model calls of this client. Add it last, so that it sees each attempt of a retry.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="configure">Changes what is captured.</param>
    public static IHttpClientBuilder AddCallwatchCapture(this IHttpClientBuilder builder, Action<CaptureOptions>? configure = null) => builder.AddHttpMessageHandler(() =>
    {
        var options = new CaptureOptions();
        configure?.Invoke(options);
        return new CaptureHandler(options);
    });
}
