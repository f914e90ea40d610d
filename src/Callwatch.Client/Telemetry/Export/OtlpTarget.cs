using OpenTelemetry.Exporter;

namespace Callwatch.Client.Telemetry.Export;

/// <summary>Where one signal goes, as whom, and over which client.</summary>
/// <param name="Address">Whole for HTTP, the base for gRPC.</param>
/// <param name="Headers">Of each request; never with an empty key.</param>
internal sealed record OtlpTarget(Uri Address, OtlpProtocol Protocol, IReadOnlyDictionary<string, string> Headers, TimeSpan Timeout, OtlpCompression Compression, string? Certificate)
{
    public static OtlpTarget ForTraces(CallwatchClientOptions all) => For(all, all.OpenTelemetry.TraceEndpoint, "v1/traces", all.OpenTelemetry.TraceTimeout);

    public static OtlpTarget ForMetrics(CallwatchClientOptions all) => For(all, all.OpenTelemetry.MetricEndpoint, "v1/metrics", all.OpenTelemetry.MetricTimeout);

    public OtlpExporterOptions Options(ExportGate gate) => new()
    {
        Endpoint = Address,
        Protocol = Protocol == OtlpProtocol.Grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf,
        TimeoutMilliseconds = (int)Timeout.TotalMilliseconds,
        Compression = Compression == OtlpCompression.Gzip ? OtlpExportCompression.GZip : OtlpExportCompression.None,
        // Its own reading of the environment does not count: ours has been made already.
        Headers = "",
        HttpClientFactory = () => Client(gate),
    };

    /// <summary>A handler that no instrumentation sees: without a propagator there are no activities and no trace headers. Redirects would carry the key elsewhere.</summary>
    public SocketsHttpHandler Handler()
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            ConnectTimeout = Timeout,
        };
        if (Certificate is not null && Trust.TryLoad(Certificate) is { } roots) handler.SslOptions = Trust.Of(roots);
        return handler;
    }

    private HttpClient Client(ExportGate gate)
    {
        var client = new HttpClient(gate, disposeHandler: false) { Timeout = Timeout, MaxResponseContentBufferSize = 4 << 20 };
        foreach (var (name, value) in Headers) client.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        return client;
    }

    private static OtlpTarget For(CallwatchClientOptions all, Uri? own, string path, TimeSpan timeout)
    {
        var options = all.OpenTelemetry;
        var address = options.Protocol == OtlpProtocol.Grpc ? Base(all, own) : own ?? new Uri(options.BaseEndpoint is { } given ? Under(given, path) : Under(all.Endpoint, path));
        return new OtlpTarget(address, options.Protocol, HeadersTo(address, all), timeout, options.Compression, options.Certificate);
    }

    // Callwatch, and every collector, takes gRPC at the port below that of HTTP.
    private static Uri Base(CallwatchClientOptions all, Uri? own) =>
        own ?? all.OpenTelemetry.BaseEndpoint ?? (all.Endpoint.Port == 4318 ? new UriBuilder(all.Endpoint) { Port = 4317 }.Uri : all.Endpoint);

    private static string Under(Uri address, string path)
    {
        var whole = new UriBuilder(address);
        whole.Path = whole.Path.TrimEnd('/') + "/" + path;
        return whole.Uri.AbsoluteUri;
    }

    private static Dictionary<string, string> HeadersTo(Uri address, CallwatchClientOptions all)
    {
        var headers = new Dictionary<string, string>(all.OpenTelemetry.Headers, StringComparer.OrdinalIgnoreCase);
        var key = all.OpenTelemetry.ApiKey;
        // Callwatch's key is for Callwatch: not for another host, and not in the clear where it was given for TLS.
        if (string.IsNullOrWhiteSpace(key) && address.Host == all.Endpoint.Host && (address.Scheme == "https" || all.Endpoint.Scheme == "http")) key = all.ApiKey;
        if (!string.IsNullOrWhiteSpace(key)) headers["Authorization"] = "Bearer " + key.Trim();
        return headers;
    }
}
