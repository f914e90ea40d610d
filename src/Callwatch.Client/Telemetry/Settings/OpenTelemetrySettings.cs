using static Callwatch.Client.Telemetry.Settings.SettingText;
using static Callwatch.Client.Telemetry.Settings.Signals;
using static Callwatch.Client.Telemetry.Settings.Taking;

namespace Callwatch.Client.Telemetry.Settings;

/// <summary>
/// All settings of <c>Callwatch:OpenTelemetry</c>. A value comes from code, else from the old name, else from the section, else from a standard
/// <c>OTEL_*</c> variable, else it is the default.
/// </summary>
internal static class OpenTelemetrySettings
{
    private static readonly Setting Batch = Count("MaxExportBatchSize", "OTEL_MAX_EXPORT_BATCH_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 100_000, o => o.MaxExportBatchSize, (o, v) => o.MaxExportBatchSize = v) with
    {
        MustBe = "a whole number from 1 to 100,000, at most OTEL_MAX_QUEUE_SIZE",
        IsRight = o => o.MaxExportBatchSize is >= 1 and <= 100_000 && o.MaxExportBatchSize <= Math.Max(1, o.MaxQueueSize),
    };

    public static IReadOnlyList<Setting> All { get; } =
    [
        new("Enabled", "ENABLE_OTEL", Both, "true or false", o => o.Enabled, Value(Flag, (o, v) => o.Enabled = v))
        {
            Standard = [("OTEL_SDK_DISABLED", Value(Flag, (o, v) => o.Enabled = !v))],
        },
        Address("BaseEndpoint", "OTLP_BASE_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT", Both, o => o.BaseEndpoint, (o, v) => o.BaseEndpoint = v),
        Address("TraceEndpoint", "OTLP_TRACE_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", Traces, o => o.TraceEndpoint, (o, v) => o.TraceEndpoint = v),
        Address("MetricEndpoint", "OTLP_METRIC_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", Metrics, o => o.MetricEndpoint, (o, v) => o.MetricEndpoint = v),
        new("ApiKey", "OTLP_API_KEY", Both, "plain ASCII without line breaks", o => o.ApiKey, Text(text => text, (o, v) => o.ApiKey = v))
        {
            IsShown = false,
            IsRight = o => o.ApiKey is null || IsHeaderValue(o.ApiKey),
        },
        new("Headers", null, Both, "names and values such as x-team=shop,x-zone=eu", o => o.Headers.Keys, Pairs((o, name, value) => o.Headers[name] = value))
        {
            IsShown = false,
            IsRight = o => o.Headers.All(header => IsHeaderName(header.Key) && IsHeaderValue(header.Value)),
            Standard = [("OTEL_EXPORTER_OTLP_HEADERS", Pairs((o, name, value) => o.Headers[name] = value))],
        },
        new("ExporterType", "OTEL_EXPORTER_TYPE", Both, "otlp, console or none", o => o.TraceExporter, Value(Exporter, (o, v) => (o.TraceExporter, o.MetricExporter) = (v, v)))
        {
            IsRight = o => Enum.IsDefined(o.TraceExporter) && Enum.IsDefined(o.MetricExporter),
        },
        new("Protocol", "OTEL_EXPORTER_OTLP_PROTOCOL", Both, "http (or http/protobuf) or grpc", o => o.Protocol, Value(ProtocolOf, (o, v) => o.Protocol = v)) { IsRight = o => Enum.IsDefined(o.Protocol) },
        new("Compression", null, Both, "none or gzip", o => o.Compression, Value(CompressionOf, (o, v) => o.Compression = v))
        {
            IsRight = o => Enum.IsDefined(o.Compression),
            Standard = [("OTEL_EXPORTER_OTLP_COMPRESSION", Value(CompressionOf, (o, v) => o.Compression = v))],
        },
        new("Certificate", null, Both, "a file with certificates in PEM", o => o.Certificate, Text(text => text, (o, v) => o.Certificate = v))
        {
            IsRight = o => o.Certificate is null || Export.Trust.TryLoad(o.Certificate) is not null,
            Standard = [("OTEL_EXPORTER_OTLP_CERTIFICATE", Text(text => text, (o, v) => o.Certificate = v))],
        },
        Rate("SamplingRate", "OTEL_SAMPLING_RATE", o => o.SamplingRate, (o, v) => o.SamplingRate = v),
        Rate("ModelCallSamplingRate", null, o => o.ModelCallSamplingRate, (o, v) => o.ModelCallSamplingRate = v),
        Rate("ErrorSamplingRate", null, o => o.ErrorSamplingRate, (o, v) => o.ErrorSamplingRate = v),
        new("SamplingBufferSpans", null, Traces, "a whole number from 0 to 1,000,000", o => o.SamplingBufferSpans, Value(Whole, (o, v) => o.SamplingBufferSpans = v)) { IsRight = o => o.SamplingBufferSpans is >= 0 and <= 1_000_000 },
        new("SamplingBufferBytes", null, Traces, "a number of bytes from 0 to 1073741824", o => o.SamplingBufferBytes, Value(WholeLong, (o, v) => o.SamplingBufferBytes = v)) { IsRight = o => o.SamplingBufferBytes is >= 0 and <= 1L << 30 },
        Time("SamplingBufferAge", null, null, Traces, "1 s", "1 h", TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), o => o.SamplingBufferAge, (o, v) => o.SamplingBufferAge = v),
        Time("BatchDelay", "OTEL_BATCH_EXPORT_SCHEDULE_DELAY", "OTEL_BSP_SCHEDULE_DELAY", Traces, "1 ms", "1 h", TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1), o => o.BatchDelay, (o, v) => o.BatchDelay = v),
        Count("MaxQueueSize", "OTEL_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_QUEUE_SIZE", 1_000_000, o => o.MaxQueueSize, (o, v) => o.MaxQueueSize = v),
        Batch,
        Time("TraceTimeout", "OTEL_BATCH_EXPORT_TIMEOUT", "OTEL_BSP_EXPORT_TIMEOUT", Traces, "1 ms", "5 min", TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(5), o => o.TraceTimeout, (o, v) => o.TraceTimeout = v),
        Time("MetricInterval", "OTEL_METRIC_EXPORT_INTERVAL", null, Metrics, "100 ms", "1 day", TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1), o => o.MetricInterval, (o, v) => o.MetricInterval = v),
        Time("MetricTimeout", "OTEL_METRIC_EXPORT_TIMEOUT", null, Metrics, "1 ms", "5 min", TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(5), o => o.MetricTimeout, (o, v) => o.MetricTimeout = v),
        new("Propagators", null, None, "some of tracecontext, baggage, b3 and b3multi, or none", o => o.Propagators, List(o => o.Propagators, replaces: true))
        {
            IsRight = o => o.Propagators.All(name => Propagation.HeaderPropagator.Knows(name)),
            Standard = [("OTEL_PROPAGATORS", List(o => o.Propagators, replaces: true))],
        },
        new("Sources", null, None, "names of activity sources", o => o.Sources, List(o => o.Sources)),
        new("ExcludedSources", null, None, "names of activity sources", o => o.ExcludedSources, List(o => o.ExcludedSources)),
        new("Meters", null, None, "names of meters", o => o.Meters, List(o => o.Meters)),
        new("LoggedExceptions", null, None, "true or false", o => o.LoggedExceptions, Value(Flag, (o, v) => o.LoggedExceptions = v)),
        new("Users", null, None, "true or false", o => o.Users, Value(Flag, (o, v) => o.Users = v)),
        new("UserClaims", null, None, "types of claims", o => o.UserClaims, List(o => o.UserClaims, replaces: true)),
        new("TenantClaims", null, None, "types of claims", o => o.TenantClaims, List(o => o.TenantClaims, replaces: true)),
        new("Resource", null, None, "names and values such as team=shop,zone=eu", o => o.Resource.Keys, Pairs((o, name, value) => o.Resource[name] = value)),
    ];

    /// <summary>From configuration and environment.</summary>
    public static void Read(SettingSource source, CallwatchClientOptions client, List<SettingTrouble> troubles)
    {
        var options = client.OpenTelemetry;
        StandardSettings.Read(source, options, troubles);
        foreach (var setting in All)
        {
            var all = setting.OwnKeys.Select(key => (Key: key, setting.Take));
            if (!IsOurs(setting, source)) all = all.Concat(setting.Standard);
            foreach (var (key, take) in all)
                if (Apply(setting, key, take, source, options, troubles)) break;
        }

        // A smaller queue is no mistake in a batch nobody spoke of.
        if (!Batch.OwnKeys.Concat(Batch.Standard.Select(standard => standard.Key)).Any(key => source.Text(key) is not null))
            options.MaxExportBatchSize = Math.Clamp(options.MaxQueueSize, 1, options.MaxExportBatchSize);
    }

    /// <summary>All values as they are at last, whoever set them.</summary>
    public static void Check(SettingSource source, CallwatchClientOptions all, List<SettingTrouble> troubles)
    {
        var options = all.OpenTelemetry;
        foreach (var setting in All)
        {
            if (setting.IsRight(options)) continue;
            var key = setting.OwnKeys.Concat(setting.Standard.Select(standard => standard.Key)).FirstOrDefault(name => source.Text(name) is not null) ?? setting.Key;
            troubles.Add(setting.Wrong(key, Shown(setting.Value(options))));
            foreach (var unknown in options.Propagators.Where(name => !Propagation.HeaderPropagator.Knows(name)).ToList()) options.Propagators.Remove(unknown);
        }
    }

    // In a line a number stands as it was written.
    private static string? Shown(object? value) => value is double or int or long ? Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) : Of(value);

    private static bool Apply(Setting setting, string key, Take take, SettingSource source, OpenTelemetryOptions options, List<SettingTrouble> troubles)
    {
        var taken = take(source, key, options);
        if (taken == false) troubles.Add(setting.Wrong(key, source.Text(key)));
        return taken is not null;
    }

    // A standard address must not take traces from where our own settings send them.
    private static bool IsOurs(Setting setting, SettingSource source) => setting.Name switch
    {
        "BaseEndpoint" => source.Text(CommonSettings.Endpoint) is not null,
        "TraceEndpoint" or "MetricEndpoint" => source.Text(CommonSettings.Endpoint) is not null || All[1].OwnKeys.Any(key => source.Text(key) is not null),

        // Nor must what belongs to a standard address that is not used go anywhere else.
        "Headers" or "Certificate" => source.Text("OTEL_EXPORTER_OTLP_ENDPOINT") is not null && (source.Text(CommonSettings.Endpoint) is not null || All[1].OwnKeys.Any(key => source.Text(key) is not null)),
        _ => false,
    };

    private static Setting Address(string name, string oldName, string standard, Signals of, Func<OpenTelemetryOptions, Uri?> value, Action<OpenTelemetryOptions, Uri> set)
    {
        var take = Text(SettingText.Address, set);
        return new(name, oldName, of, "an http or https address, for instance http://callwatch:4318", value, take)
        {
            IsShown = false,
            IsRight = o => value(o) is null || IsAddress(value(o)),
            Standard = [(standard, take)],
        };
    }

    private static Setting Rate(string name, string? oldName, Func<OpenTelemetryOptions, double> value, Action<OpenTelemetryOptions, double> set) =>
        new(name, oldName, Traces, "a number from 0 to 1, for instance 0.1", o => value(o), Value(Real, set)) { IsRight = o => value(o) is >= 0 and <= 1 };

    private static Setting Count(string name, string oldName, string standard, int most, Func<OpenTelemetryOptions, int> value, Action<OpenTelemetryOptions, int> set)
    {
        var take = Value(Whole, set);
        return new(name, oldName, Traces, $"a whole number from 1 to {Of(most)}", o => value(o), take) { IsRight = o => value(o) >= 1 && value(o) <= most, Standard = [(standard, take)] };
    }

    private static Setting Time(
        string name, string? oldName, string? standard, Signals of, string leastText, string mostText, TimeSpan least, TimeSpan most, Func<OpenTelemetryOptions, TimeSpan> value, Action<OpenTelemetryOptions, TimeSpan> set)
    {
        var take = Value(SettingText.Time, set);
        return new(name, oldName, of, $"milliseconds, or a time such as 00:00:05, from {leastText} to {mostText}", o => value(o), take)
        {
            IsRight = o => value(o) >= least && value(o) <= most,
            Standard = standard is null ? [] : [(standard, take)],
        };
    }

    private static TelemetryExporter? Exporter(string text) => text.ToUpperInvariant() switch
    {
        "OTLP" => TelemetryExporter.Otlp,
        "CONSOLE" => TelemetryExporter.Console,
        "NONE" => TelemetryExporter.None,
        _ => null,
    };

    private static OtlpProtocol? ProtocolOf(string text) => text.ToUpperInvariant() switch
    {
        "HTTP" or "HTTP/PROTOBUF" => OtlpProtocol.Http,
        "GRPC" => OtlpProtocol.Grpc,
        _ => null,
    };

    private static OtlpCompression? CompressionOf(string text) => text.ToUpperInvariant() switch
    {
        "NONE" => OtlpCompression.None,
        "GZIP" => OtlpCompression.Gzip,
        _ => null,
    };
}
