namespace Callwatch.Client.Capture;

/// <summary>What is captured of model calls.</summary>
public sealed class CaptureOptions
{
    // Read once: it is asked for by every call.
    internal static readonly bool MessagesByDefault =
        !string.Equals(Environment.GetEnvironmentVariable("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT")?.Trim(), "false", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Whether messages and tool definitions are recorded, questions and answers alike. Default true, unless the environment variable
    /// <c>OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT</c> is <c>false</c>.
    /// </summary>
    public bool Messages { get; set; } = MessagesByDefault;

    /// <summary>
    /// Bytes of one request, and of one answer, that are looked at. Of larger ones the figures may be missing; they pass through all the same.
    /// Default 8 MiB; 4 KiB to 256 MiB.
    /// </summary>
    public int MaxBytes { get; set; } = 8 << 20;

    /// <summary>Requests that shall not be captured; null captures every call that is recognised.</summary>
    public Func<HttpRequestMessage, bool>? Ignore { get; set; }
}
