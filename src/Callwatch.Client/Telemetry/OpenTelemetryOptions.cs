using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Callwatch.Client.Telemetry;

/// <summary>Where spans and metrics go.</summary>
public enum TelemetryExporter
{
    /// <summary>To an OTLP endpoint.</summary>
    Otlp,

    /// <summary>To standard output, a line each.</summary>
    Console,

    /// <summary>Nowhere: the signal is off.</summary>
    None,
}

/// <summary>How OTLP is spoken.</summary>
public enum OtlpProtocol
{
    /// <summary>Protobuf over HTTP/1.1.</summary>
    Http,

    /// <summary>gRPC, with TLS where the address is <c>https</c>.</summary>
    Grpc,
}

/// <summary>How requests are packed.</summary>
public enum OtlpCompression
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>With gzip.</summary>
    Gzip,
}

/// <summary>
/// Settings under <c>Callwatch:OpenTelemetry</c>; most also have the names they had elsewhere. A wrong one switches off the signal it belongs to,
/// with a line in the log, and nothing else.
/// </summary>
public sealed class OpenTelemetryOptions
{
    /// <summary>Of the configuration.</summary>
    public const string Section = "Callwatch:OpenTelemetry";

    /// <summary>Whether there are traces and metrics at all. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>What the paths of both signals are put after; null for <see cref="CallwatchClientOptions.Endpoint"/>, with gRPC its port 4317.</summary>
    public Uri? BaseEndpoint { get; set; }

    /// <summary>The whole address for traces; null for the base and <c>/v1/traces</c>.</summary>
    public Uri? TraceEndpoint { get; set; }

    /// <summary>The whole address for metrics; null for the base and <c>/v1/metrics</c>.</summary>
    public Uri? MetricEndpoint { get; set; }

    /// <summary>Sent as a bearer token; null for <see cref="CallwatchClientOptions.ApiKey"/> where the address is of the same host, else none.</summary>
    public string? ApiKey { get; set; }

    /// <summary>Further headers of each request.</summary>
    public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Where spans go. Default <see cref="TelemetryExporter.Otlp"/>.</summary>
    public TelemetryExporter TraceExporter { get; set; }

    /// <summary>Where metrics go. Default <see cref="TelemetryExporter.Otlp"/>.</summary>
    public TelemetryExporter MetricExporter { get; set; }

    /// <summary>How OTLP is spoken. Default <see cref="OtlpProtocol.Http"/>.</summary>
    public OtlpProtocol Protocol { get; set; }

    /// <summary>How requests are packed. Default <see cref="OtlpCompression.None"/>.</summary>
    public OtlpCompression Compression { get; set; }

    /// <summary>A file with the certificates (PEM) that an <c>https</c> endpoint's must come from; null for those the machine trusts.</summary>
    public string? Certificate { get; set; }

    /// <summary>Share of the traces begun here that are kept whatever is in them. Default 0.1, 0 to 1.</summary>
    public double SamplingRate { get; set; } = 0.1;

    /// <summary>Share of the traces with a model call that are kept. Default 1, 0 to 1.</summary>
    public double ModelCallSamplingRate { get; set; } = 1;

    /// <summary>Share of the traces with a failed span that are kept. Default 1, 0 to 1.</summary>
    public double ErrorSamplingRate { get; set; } = 1;

    /// <summary>Spans that may wait until their local root has ended and it is known whether they are kept. Default 20,000, 0 to 1,000,000.</summary>
    public int SamplingBufferSpans { get; set; } = 20_000;

    /// <summary>Bytes that these may take, estimated. Default 32 MiB, 0 to 1 GiB.</summary>
    public long SamplingBufferBytes { get; set; } = 32L << 20;

    /// <summary>Longest that a span may wait there. Default 5 min, 1 s to 1 h.</summary>
    public TimeSpan SamplingBufferAge { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a span waits for others before it is sent. Default 5 s, 1 ms to 1 h.</summary>
    public TimeSpan BatchDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Spans that may wait to be sent; more are dropped and counted. Default 2,048, 1 to 1,000,000.</summary>
    public int MaxQueueSize { get; set; } = 2_048;

    /// <summary>Most spans of one request, at most <see cref="MaxQueueSize"/>. Default 512, 1 to 100,000.</summary>
    public int MaxExportBatchSize { get; set; } = 512;

    /// <summary>Longest that a request with spans may take. Default 10 s, 1 ms to 5 min.</summary>
    public TimeSpan TraceTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Between two requests with metrics. Default 1 min, 100 ms to 1 day.</summary>
    public TimeSpan MetricInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest that a request with metrics may take. Default 30 s, 1 ms to 5 min.</summary>
    public TimeSpan MetricTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Which headers carry a trace from service to service, read and written: <c>tracecontext</c>, <c>baggage</c>, <c>b3</c> (one header), <c>b3multi</c>.
    /// Default all four; none leaves the process's propagator as it is.
    /// </summary>
    public IList<string> Propagators { get; } = ["tracecontext", "baggage", "b3", "b3multi"];

    /// <summary>Further activity sources, with <c>*</c> for anything.</summary>
    public IList<string> Sources { get; } = [];

    /// <summary>Activity sources that are not listened to although they are known here, by their whole names.</summary>
    public IList<string> ExcludedSources { get; } = [];

    /// <summary>Further meters, with <c>*</c> for anything.</summary>
    public IList<string> Meters { get; } = [];

    /// <summary>Whether logged exceptions become events of the current span. Default true.</summary>
    public bool LoggedExceptions { get; set; } = true;

    /// <summary>Whether a request's span names its user and tenant. Default true.</summary>
    public bool Users { get; set; } = true;

    /// <summary>Claims that name the user, first found first. Default the name identifier and <c>sub</c>.</summary>
    public IList<string> UserClaims { get; } = ["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier", "sub"];

    /// <summary>Claims that name the tenant, first found first. Default <c>tenant_id</c>, <c>tid</c>, <c>tenant</c> and the directory's own.</summary>
    public IList<string> TenantClaims { get; } = ["tenant_id", "tid", "tenant", "http://schemas.microsoft.com/identity/claims/tenantid"];

    /// <summary>Further attributes of the resource, above those found and those of <c>OTEL_RESOURCE_ATTRIBUTES</c>.</summary>
    public IDictionary<string, object> Resource { get; } = new Dictionary<string, object>(StringComparer.Ordinal);

    /// <summary>Adds to the tracer provider, for instance instrumentation of a package; null for nothing.</summary>
    public Action<TracerProviderBuilder>? ConfigureTracing { get; set; }

    /// <summary>Adds to the meter provider; null for nothing.</summary>
    public Action<MeterProviderBuilder>? ConfigureMetrics { get; set; }
}
