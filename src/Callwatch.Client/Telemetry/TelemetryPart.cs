using System.Diagnostics;
using System.Diagnostics.Metrics;
using Callwatch.Client.Hosting;
using Callwatch.Client.Telemetry.Export;
using Callwatch.Client.Telemetry.Propagation;
using Callwatch.Client.Telemetry.Sampling;
using Callwatch.Client.Telemetry.Settings;
using Callwatch.Client.Telemetry.Sources;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Callwatch.Client.Telemetry;

/// <summary>Traces and metrics as a part: providers, sources, propagation, and their end.</summary>
internal sealed partial class TelemetryPart(ClientSettings settings, IServiceProvider services, TimeProvider time, ILogger<TelemetryPart> log) : IClientPart, ICallwatchTelemetry
{
    private readonly TelemetryTally tally = new();
    private readonly List<Action> undo = [];
    private TracerProvider? tracer;
    private MeterProvider? meters;
    private ExportGate? spanGate;
    private ExportGate? metricGate;
    private bool metricsFail;

    public string Name => "OpenTelemetry";

    public TelemetryCounts Counts => tally.Counts();

    public IReadOnlyList<string> Troubles => [.. settings.Troubles.Select(trouble => trouble.Text)];

    private OpenTelemetryOptions Options => settings.Options.OpenTelemetry;

    void ICallwatchTelemetry.Start() => services.GetRequiredService<CallwatchHost>().Start();

    public void Start()
    {
        if (!Options.Enabled) return;
        var off = settings.Troubles.Aggregate(Signals.None, (all, one) => all | one.Off);
        var hasTraces = !off.HasFlag(Signals.Traces) && Options.TraceExporter != TelemetryExporter.None;
        var hasMetrics = !off.HasFlag(Signals.Metrics) && Options.MetricExporter != TelemetryExporter.None;
        if (!hasTraces && !hasMetrics) return;
        var resource = ResourceAttributes.Build(settings.Options, new SettingSource(services.GetService<IConfiguration>()), services.GetService<IHostEnvironment>());
        var meter = new Meter(KnownSources.Meter, typeof(TelemetryPart).Assembly.GetName().Version?.ToString(3));
        undo.Add(meter.Dispose);
        if (hasTraces) Try(() => StartTraces(resource), "Traces");
        if (hasMetrics) Try(() => StartMetrics(resource, meter), "Metrics");
        StartSources(meter, hasTraces);
    }

    public async Task StopAsync(TimeSpan within, CancellationToken cancel)
    {
        var ms = (int)within.TotalMilliseconds;
        using var over = cancel.Register(() =>
        {
            spanGate?.Abort();
            metricGate?.Abort();
        });
        // Both wait on threads: on those of their own, since the pool's may all be busy at the end of a host.
        await Task.WhenAll(
            OnThread(() =>
            {
                tracer?.Shutdown(ms);
                tracer?.Dispose();
            }),
            OnThread(() =>
            {
                meters?.Shutdown(ms);
                meters?.Dispose();
            })).ConfigureAwait(false);
        undo.ForEach(one => one());
        undo.Clear();
        spanGate?.Dispose();
        metricGate?.Dispose();
    }

    public async Task<bool> FlushAsync(TimeSpan? within = null, CancellationToken cancel = default)
    {
        var ms = (int)Math.Clamp((within ?? TimeSpan.FromSeconds(10)).TotalMilliseconds, 0, int.MaxValue);
        var (spans, metrics) = (true, true);
        var both = Task.WhenAll(OnThread(() => spans = tracer?.ForceFlush(ms) ?? true), OnThread(() => metrics = meters?.ForceFlush(ms) ?? true));
        await both.WaitAsync(cancel).ConfigureAwait(false);
        return spans && metrics;
    }

    private static Task OnThread(Action act) => Task.Factory.StartNew(act, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void StartTraces(ResourceBuilder resource)
    {
        var target = OtlpTarget.ForTraces(settings.Options);
        spanGate = Options.TraceExporter == TelemetryExporter.Otlp ? new ExportGate(target.Handler()) : null;
        BaseExporter<Activity> exporter = spanGate is null ? new ConsoleSpans(Console.Out) : new OtlpTraceExporter(target.Options(spanGate));
        var builder = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .SetSampler(new HeadSampler(Options.SamplingRate, maySettleLater: Options.ModelCallSamplingRate > 0 || Options.ErrorSamplingRate > 0))
            .AddSource([.. KnownSources.Activities.Except(Options.ExcludedSources, StringComparer.OrdinalIgnoreCase), .. Options.Sources.Where(name => !string.IsNullOrWhiteSpace(name))]);
        foreach (var name in KnownSources.Legacy) builder.AddLegacySource(name);
        Try(() => Options.ConfigureTracing?.Invoke(builder), nameof(Options.ConfigureTracing));
        // Last, after whatever the application lets look at spans first.
        var queue = new SpanQueue(exporter, spanGate, Options, time, tally, log);
        builder.AddProcessor(queue.Beginnings).AddProcessor(queue);
        tracer = builder.Build();
    }

    private void StartMetrics(ResourceBuilder resource, Meter meter)
    {
        var target = OtlpTarget.ForMetrics(settings.Options);
        metricGate = Options.MetricExporter == TelemetryExporter.Otlp ? new ExportGate(target.Handler(), MetricsSent) : null;
        BaseExporter<Metric> exporter = metricGate is null ? new ConsoleMetrics(Console.Out) : new OtlpMetricExporter(target.Options(metricGate));
        meter.CreateObservableCounter("callwatch.client.spans", Spans, "{span}", "What has become of the application's own spans.");
        var builder = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter([.. KnownSources.Meters, .. Options.Meters.Where(name => !string.IsNullOrWhiteSpace(name))]);
        Try(() => Options.ConfigureMetrics?.Invoke(builder), nameof(Options.ConfigureMetrics));
        builder.AddReader(new PeriodicExportingMetricReader(exporter, (int)Options.MetricInterval.TotalMilliseconds, (int)Options.MetricTimeout.TotalMilliseconds));
        meters = builder.Build();
    }

    private void StartSources(Meter meter, bool hasTraces)
    {
        if (Propagators.Set(settings) is { } propagators) undo.Add(propagators.Undo);
        if (hasTraces)
        {
            undo.Add(DiagnosticSources.Watch().Dispose);
            services.GetRequiredService<ExceptionLogs.Switch>().IsOn = Options.LoggedExceptions;
        }

        // Of this host: in a worker there is none, and nothing of the web's types is touched.
        if (services.GetService<DiagnosticListener>() is { Name: WebRequests.ListenerName } web) undo.Add(WatchRequests(web, meter).Dispose);
    }

    private IDisposable WatchRequests(DiagnosticListener web, Meter meter) =>
        new WebRequests(Options, meter.CreateCounter<long>("http.server.response.count", "{response}", "Responses by class of status, of all requests.")).Watch(web);

    // One thing that goes wrong leaves the others on.
    private void Try(Action act, string name)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Threw(name, e.GetType().FullName!);
        }
    }

    private IEnumerable<Measurement<long>> Spans() =>
        Enum.GetValues<Fate>().Select(fate => new Measurement<long>(tally.Of(fate), new KeyValuePair<string, object?>("fate", fate.ToString())));

    private void MetricsSent(ExportOutcome outcome)
    {
        if (outcome is ExportOutcome.Taken)
        {
            if (metricsFail) MetricsWork();
            metricsFail = false;
            return;
        }

        tally.MetricsFailed();
        var why = outcome switch
        {
            ExportOutcome.Later later => later.Why,
            ExportOutcome.Never never => never.Why,
            _ => "too large",
        };
        if (TelemetryEvents.Log.IsEnabled()) TelemetryEvents.Log.Failed("metrics", why);
        if (!metricsFail) MetricsDoNotWork(why);
        metricsFail = true;
    }

    [LoggerMessage(EventId = 512, Level = LogLevel.Warning, Message = "Metrics cannot be sent ({Why}); the next request carries the same sums")]
    private partial void MetricsDoNotWork(string why);

    [LoggerMessage(EventId = 513, Level = LogLevel.Information, Message = "Metrics are sent again")]
    private partial void MetricsWork();

    [LoggerMessage(EventId = 514, Level = LogLevel.Warning, Message = "{Name} threw {Type}; the rest of telemetry goes on")]
    private partial void Threw(string name, string type);
}
