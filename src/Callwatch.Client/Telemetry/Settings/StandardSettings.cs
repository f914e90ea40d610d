namespace Callwatch.Client.Telemetry.Settings;

/// <summary>Standard variables that have no one counterpart among our settings: exporters by signal, and samplers. Ours are read after them.</summary>
internal static class StandardSettings
{
    /// <summary>For the documentation.</summary>
    public static IReadOnlyList<string> Names { get; } = ["OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"];

    public static void Read(SettingSource source, OpenTelemetryOptions options, List<SettingTrouble> troubles)
    {
        var ours = source.Text("OTEL_EXPORTER_TYPE") ?? source.Text(OpenTelemetryOptions.Section + ":ExporterType");
        if (ours is null)
        {
            if (Exporter(source, "OTEL_TRACES_EXPORTER", Signals.Traces, troubles) is { } traces) options.TraceExporter = traces;
            if (Exporter(source, "OTEL_METRICS_EXPORTER", Signals.Metrics, troubles) is { } metrics) options.MetricExporter = metrics;
        }

        if ((source.Text("OTEL_SAMPLING_RATE") ?? source.Text(OpenTelemetryOptions.Section + ":SamplingRate")) is null) Sampler(source, options, troubles);
    }

    private static TelemetryExporter? Exporter(SettingSource source, string key, Signals of, List<SettingTrouble> troubles)
    {
        switch (source.Text(key)?.ToUpperInvariant())
        {
            case null:
                return null;
            case "OTLP":
                return TelemetryExporter.Otlp;
            case "CONSOLE":
                return TelemetryExporter.Console;
            case "NONE":
                return TelemetryExporter.None;
            default:
                troubles.Add(new SettingTrouble($"{key} must be otlp, console or none; {(of == Signals.Traces ? "traces" : "metrics")} are off", of));
                return TelemetryExporter.None;
        }
    }

    private static void Sampler(SettingSource source, OpenTelemetryOptions options, List<SettingTrouble> troubles)
    {
        if (source.Text("OTEL_TRACES_SAMPLER") is not { } name) return;
        switch (name.ToUpperInvariant())
        {
            case "ALWAYS_ON" or "PARENTBASED_ALWAYS_ON":
                options.SamplingRate = 1;
                break;
            case "ALWAYS_OFF" or "PARENTBASED_ALWAYS_OFF":
                // Whoever says so wants none at all.
                (options.SamplingRate, options.ModelCallSamplingRate, options.ErrorSamplingRate) = (0, 0, 0);
                break;
            case "TRACEIDRATIO" or "PARENTBASED_TRACEIDRATIO":
                if (source.Text("OTEL_TRACES_SAMPLER_ARG") is not { } share) options.SamplingRate = 1;
                else if (SettingText.Real(share) is >= 0 and <= 1) options.SamplingRate = SettingText.Real(share)!.Value;
                else troubles.Add(new SettingTrouble("OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, for instance 0.1; traces are off", Signals.Traces));
                break;
            default:
                troubles.Add(new SettingTrouble("OTEL_TRACES_SAMPLER must be always_on, always_off, traceidratio, or one of these with parentbased_; traces are off", Signals.Traces));
                break;
        }
    }
}
