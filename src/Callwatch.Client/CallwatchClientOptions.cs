using Callwatch.Client.Records;
using Callwatch.Client.Telemetry;

namespace Callwatch.Client;

/// <summary>All that <c>AddCallwatch()</c> sets up, under <c>Callwatch</c>. What is wrong with a setting is said in one line; the application starts all the same.</summary>
public sealed class CallwatchClientOptions
{
    /// <summary>Where Callwatch is: <c>http</c> or <c>https</c>. Default <c>http://127.0.0.1:4318</c>.</summary>
    public Uri Endpoint { get; set; } = new("http://127.0.0.1:4318");

    /// <summary>A key that may send, for records and for OpenTelemetry to the same host; null for none, which is enough on the same machine.</summary>
    public string? ApiKey { get; set; }

    /// <summary>The app that everything belongs to; null leaves it to the key, and <c>service.name</c> to the application's own name.</summary>
    public string? App { get; set; }

    /// <summary>Longest that the end of the host may wait for what is still to be sent, all parts together. Default 4 s, 0 to 5 s.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(4);

    /// <summary>Traces and metrics, under <c>Callwatch:OpenTelemetry</c>.</summary>
    public OpenTelemetryOptions OpenTelemetry { get; } = new();

    /// <summary>Business traces, under <c>Callwatch:Records</c>. Address, key and app are those above, unless they are set here.</summary>
    public RecorderOptions Records { get; } = new();
}
