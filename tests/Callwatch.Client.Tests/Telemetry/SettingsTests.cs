using Callwatch.Client.Hosting;
using Callwatch.Client.Records;
using Callwatch.Client.Telemetry;
using Callwatch.Client.Telemetry.Export;
using Callwatch.Client.Telemetry.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Callwatch.Client.Tests.Telemetry;

public sealed class SettingsTests
{
    public static TheoryData<string, string, string, string> Valid => new()
    {
        // Name under the section, its old name, a value, and how it shows.
        { "Enabled", "ENABLE_OTEL", "false", "false" },
        { "Enabled", "ENABLE_OTEL", "0", "false" },
        { "BaseEndpoint", "OTLP_BASE_ENDPOINT", "https://collector:4318/", "https://collector:4318/" },
        { "TraceEndpoint", "OTLP_TRACE_ENDPOINT", "http://a/x", "http://a/x" },
        { "MetricEndpoint", "OTLP_METRIC_ENDPOINT", "http://a/y", "http://a/y" },
        { "ApiKey", "OTLP_API_KEY", "cw_1", "cw_1" },
        { "ExporterType", "OTEL_EXPORTER_TYPE", "Console", "console" },
        { "ExporterType", "OTEL_EXPORTER_TYPE", "none", "none" },
        { "Protocol", "OTEL_EXPORTER_OTLP_PROTOCOL", "GRPC", "grpc" },
        { "Protocol", "OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", "http" },
        { "SamplingRate", "OTEL_SAMPLING_RATE", "0.25", "0.25" },
        { "SamplingRate", "OTEL_SAMPLING_RATE", "1", "1" },
        { "BatchDelay", "OTEL_BATCH_EXPORT_SCHEDULE_DELAY", "250", "250 ms" },
        { "BatchDelay", "OTEL_BATCH_EXPORT_SCHEDULE_DELAY", "00:00:02", "2,000 ms" },
        { "MaxQueueSize", "OTEL_MAX_QUEUE_SIZE", "100000", "100,000" },
        { "MaxExportBatchSize", "OTEL_MAX_EXPORT_BATCH_SIZE", "64", "64" },
        { "MetricInterval", "OTEL_METRIC_EXPORT_INTERVAL", "1000", "1,000 ms" },
        { "TraceTimeout", "OTEL_BATCH_EXPORT_TIMEOUT", "500", "500 ms" },
        { "MetricTimeout", "OTEL_METRIC_EXPORT_TIMEOUT", "600", "600 ms" },
    };

    public static TheoryData<string, string, string, string> Invalid => new()
    {
        // Key, value, what the line must hold, and which signals are off.
        { "ENABLE_OTEL", "maybe", "true or false", "Both" },
        { "OTLP_BASE_ENDPOINT", "callwatch:4318", "http or https address", "Both" },
        { "OTLP_TRACE_ENDPOINT", "ftp://a/", "http or https address", "Traces" },
        { "OTLP_METRIC_ENDPOINT", "/v1/metrics", "http or https address", "Metrics" },
        { "OTLP_API_KEY", "a\nb", "plain ASCII", "Both" },
        { "OTEL_EXPORTER_TYPE", "oltp", "'oltp' but must be otlp, console or none", "Both" },
        { "OTEL_EXPORTER_OTLP_PROTOCOL", "grcp", "grpc", "Both" },
        { "OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "http/protobuf", "Both" },
        { "OTEL_SAMPLING_RATE", "1.5", "from 0 to 1", "Traces" },
        { "OTEL_SAMPLING_RATE", "10%", "from 0 to 1", "Traces" },
        { "OTEL_SAMPLING_RATE", "NaN", "from 0 to 1", "Traces" },
        { "OTEL_BATCH_EXPORT_SCHEDULE_DELAY", "-5", "milliseconds", "Traces" },
        { "OTEL_BATCH_EXPORT_SCHEDULE_DELAY", "0", "from 1 ms", "Traces" },
        { "OTEL_MAX_QUEUE_SIZE", "0", "from 1 to 1,000,000", "Traces" },
        { "OTEL_MAX_EXPORT_BATCH_SIZE", "4096", "at most OTEL_MAX_QUEUE_SIZE", "Traces" },
        { "OTEL_MAX_EXPORT_BATCH_SIZE", "many", "whole number", "Traces" },
        { "OTEL_METRIC_EXPORT_INTERVAL", "5", "from 100 ms", "Metrics" },
        { "OTEL_BATCH_EXPORT_TIMEOUT", "9999999999", "to 5 min", "Traces" },
        { "OTEL_METRIC_EXPORT_TIMEOUT", "x", "milliseconds", "Metrics" },
        { "Callwatch:OpenTelemetry:ModelCallSamplingRate", "-0.1", "from 0 to 1", "Traces" },
        { "Callwatch:OpenTelemetry:SamplingBufferSpans", "-1", "from 0 to 1,000,000", "Traces" },
        { "Callwatch:OpenTelemetry:SamplingBufferAge", "00:00:00", "from 1 s", "Traces" },
        { "Callwatch:OpenTelemetry:Compression", "zstd", "none or gzip", "Both" },
        { "Callwatch:OpenTelemetry:Certificate", "/no/such.pem", "PEM", "Both" },
        { "Callwatch:OpenTelemetry:Headers", "no equals sign", "names and values", "Both" },
        { "Callwatch:Endpoint", "nonsense", "http or https address", "Both" },
        { "Callwatch:ShutdownTimeout", "60000", "to 00:00:05", "None" },
        { "OTEL_TRACES_SAMPLER", "sometimes", "always_on", "Traces" },
        { "OTEL_METRICS_EXPORTER", "prometheus", "otlp, console or none", "Metrics" },
        { "OTEL_PROPAGATORS", "jaeger", "tracecontext", "None" },
    };

    [Theory]
    [MemberData(nameof(Valid))]
    public void A_setting_is_read_under_its_old_name_and_under_its_section(string name, string oldName, string value, string shows)
    {
        var setting = OpenTelemetrySettings.All.Single(one => one.Name == name);
        foreach (var key in new[] { oldName, "Callwatch:OpenTelemetry:" + name })
        {
            var settings = Read((key, value));
            Assert.Empty(settings.Troubles);
            Assert.Equal(shows, SettingText.Of(setting.Value(settings.Options.OpenTelemetry)));
        }
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void A_wrong_value_says_which_setting_and_what_would_be_right_and_switches_off_its_signal_alone(string key, string value, string cure, string off)
    {
        var trouble = Assert.Single(Read((key, value)).Troubles);
        Assert.StartsWith(key, trouble.Text);
        Assert.Contains(cure, trouble.Text);
        Assert.DoesNotContain('\n', trouble.Text);
        Assert.Equal(off, trouble.Off.ToString());
        Assert.True(trouble.Off != Signals.Traces || trouble.Text.EndsWith("; traces are off", StringComparison.Ordinal), trouble.Text);
    }

    [Fact]
    public void Defaults_are_those_that_people_know()
    {
        var options = Read().Options.OpenTelemetry;
        Assert.Equal((true, 0.1, 2_048, 512), (options.Enabled, options.SamplingRate, options.MaxQueueSize, options.MaxExportBatchSize));
        Assert.Equal((5_000, 10_000, 60_000, 30_000), (options.BatchDelay.TotalMilliseconds, options.TraceTimeout.TotalMilliseconds, options.MetricInterval.TotalMilliseconds, options.MetricTimeout.TotalMilliseconds));
        Assert.Equal((1d, 1d, TelemetryExporter.Otlp, OtlpProtocol.Http), (options.ModelCallSamplingRate, options.ErrorSamplingRate, options.TraceExporter, options.Protocol));
    }

    [Fact]
    public void Code_stands_above_the_old_name_that_above_the_section_that_above_the_standard_one()
    {
        (string, string)[] all = [("OTEL_BSP_MAX_QUEUE_SIZE", "1001"), ("Callwatch:OpenTelemetry:MaxQueueSize", "1002"), ("OTEL_MAX_QUEUE_SIZE", "1003")];
        Assert.Equal(1_001, Read(all[..1]).Options.OpenTelemetry.MaxQueueSize);
        Assert.Equal(1_002, Read(all[..2]).Options.OpenTelemetry.MaxQueueSize);
        Assert.Equal(1_003, Read(all).Options.OpenTelemetry.MaxQueueSize);
        Assert.Equal(1_004, Read(all, options => options.OpenTelemetry.MaxQueueSize = 1_004).Options.OpenTelemetry.MaxQueueSize);
    }

    [Fact]
    public void Where_the_address_is_wrong_records_go_nowhere_either()
    {
        Assert.True(Read(("Callwatch:Endpoint", "callwatch:4318")).Options.Records.IsOff);
        Assert.False(Read().Options.Records.IsOff);
        using var recorder = new Recorder(new RecorderOptions { Endpoint = null! }, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<Recorder>.Instance);
        Assert.False(recorder.Feedback(new FeedbackRecord { MessageId = "m", Value = 1 }));
    }

    [Fact]
    public void Keys_go_only_to_the_host_they_were_given_for()
    {
        (string, string)[] vendor = [("OTEL_EXPORTER_OTLP_ENDPOINT", "https://vendor.example"), ("OTEL_EXPORTER_OTLP_HEADERS", "x-vendor-key=secret")];
        Assert.Equal("secret", Read(vendor).Options.OpenTelemetry.Headers["x-vendor-key"]);
        Assert.Empty(Read([.. vendor, ("Callwatch:Endpoint", "http://callwatch:4318")]).Options.OpenTelemetry.Headers);
        Assert.Null(Read([("Callwatch:ApiKey", "cw_1")], options => options.Records.Endpoint = new Uri("http://elsewhere:4318")).Options.Records.ApiKey);
        Assert.Equal("cw_1", Read(("Callwatch:ApiKey", "cw_1")).Options.Records.ApiKey);
    }

    [Fact]
    public void What_code_leaves_empty_switches_telemetry_off_and_nothing_else()
    {
        var settings = Read([], options => options.OpenTelemetry.Headers["x-team"] = null!);
        Assert.Equal(Signals.Both, Assert.Single(settings.Troubles).Off);
    }

    [Theory]
    [InlineData("OTEL_TRACES_SAMPLER=always_on", 1)]
    [InlineData("OTEL_TRACES_SAMPLER=always_off", 0)]
    [InlineData("OTEL_TRACES_SAMPLER=parentbased_traceidratio;OTEL_TRACES_SAMPLER_ARG=0.4", 0.4)]
    [InlineData("OTEL_TRACES_SAMPLER=always_on;OTEL_SAMPLING_RATE=0.2", 0.2)]
    [InlineData("OTEL_TRACES_SAMPLER=nonsense;OTEL_SAMPLING_RATE=0.2", 0.2)]
    public void Standard_samplers_are_honoured_below_our_own_rate(string given, double rate)
    {
        var settings = Read([.. given.Split(';').Select(pair => (pair.Split('=')[0], pair.Split('=')[1]))]);
        Assert.Equal(rate, settings.Options.OpenTelemetry.SamplingRate);
        Assert.Empty(settings.Troubles);
    }

    [Theory]
    [InlineData("", "http://127.0.0.1:4318/v1/traces", "http://127.0.0.1:4318/v1/metrics")]
    [InlineData("Callwatch:Endpoint=http://cw:4318/", "http://cw:4318/v1/traces", "http://cw:4318/v1/metrics")]
    [InlineData("OTLP_BASE_ENDPOINT=http://c:1/", "http://c:1/v1/traces", "http://c:1/v1/metrics")]
    [InlineData("OTLP_BASE_ENDPOINT=http://c:1/otel//", "http://c:1/otel/v1/traces", "http://c:1/otel/v1/metrics")]
    [InlineData("OTLP_BASE_ENDPOINT=http://c:1;OTLP_TRACE_ENDPOINT=http://t/in", "http://t/in", "http://c:1/v1/metrics")]
    [InlineData("OTLP_METRIC_ENDPOINT=http://m/in?team=1", "http://127.0.0.1:4318/v1/traces", "http://m/in?team=1")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://s:1", "http://s:1/v1/traces", "http://s:1/v1/metrics")]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://s/t", "http://s/t", "http://127.0.0.1:4318/v1/metrics")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://s:1;Callwatch:Endpoint=http://cw:4318", "http://cw:4318/v1/traces", "http://cw:4318/v1/metrics")]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://s/t;OTLP_BASE_ENDPOINT=http://c:1", "http://c:1/v1/traces", "http://c:1/v1/metrics")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "http://127.0.0.1:4317/", "http://127.0.0.1:4317/")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL=grpc;OTLP_BASE_ENDPOINT=https://c:1", "https://c:1/", "https://c:1/")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL=grpc;Callwatch:Endpoint=https://cw", "https://cw/", "https://cw/")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL=grpc;OTLP_TRACE_ENDPOINT=http://t:5", "http://t:5/", "http://127.0.0.1:4317/")]
    public void Addresses_follow_the_rules(string given, string traces, string metrics)
    {
        var options = Read([.. given.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2)).Select(pair => (pair[0], pair[1]))]).Options;
        Assert.Equal((traces, metrics), (OtlpTarget.ForTraces(options).Address.AbsoluteUri, OtlpTarget.ForMetrics(options).Address.AbsoluteUri));
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("OTLP_API_KEY=  ", null)]
    [InlineData("OTLP_API_KEY=k1", "Bearer k1")]
    [InlineData("OTLP_API_KEY=k1;OTLP_BASE_ENDPOINT=http://elsewhere:1", "Bearer k1")]
    [InlineData("Callwatch:ApiKey=k2", "Bearer k2")]
    [InlineData("Callwatch:ApiKey=k2;OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "Bearer k2")]
    [InlineData("Callwatch:ApiKey=k2;OTLP_BASE_ENDPOINT=http://elsewhere:1", null)]
    [InlineData("Callwatch:ApiKey=k2;Callwatch:Endpoint=https://cw;OTLP_TRACE_ENDPOINT=http://cw/v1/traces", null)]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS=authorization=Basic%20eA;OTLP_BASE_ENDPOINT=http://elsewhere:1", "Basic eA")]
    public void A_key_is_sent_only_where_it_belongs_and_never_empty(string given, string? header)
    {
        var options = Read([.. given.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2)).Select(pair => (pair[0], pair[1]))]).Options;
        Assert.Equal(header, OtlpTarget.ForTraces(options).Headers.GetValueOrDefault("Authorization"));
    }

    [Fact]
    public void No_line_about_a_setting_shows_a_key_or_an_address()
    {
        var lines = string.Join('\n', Read(
            ("OTLP_API_KEY", "s3cret\u0001"), ("OTLP_BASE_ENDPOINT", "ftp://user:s3cret@host"), ("Callwatch:Endpoint", "s3cret"), ("Callwatch:ApiKey", "s3crét"),
            ("Callwatch:OpenTelemetry:Headers", "x-key s3cret")).Troubles.Select(trouble => trouble.Text));
        Assert.Equal(5, lines.Split('\n').Length);
        Assert.DoesNotContain("s3cr", lines);
    }

    [Fact]
    public void A_smaller_queue_makes_smaller_batches_where_nobody_spoke_of_these()
    {
        var settings = Read(("OTEL_MAX_QUEUE_SIZE", "100"));
        Assert.Empty(settings.Troubles);
        Assert.Equal(100, settings.Options.OpenTelemetry.MaxExportBatchSize);
    }

    [Fact]
    public void What_code_sets_is_checked_too_and_code_that_throws_is_left_where_it_came_to()
    {
        var settings = Read([], options => options.OpenTelemetry.SamplingRate = 2, _ => throw new InvalidOperationException("no"), options => options.App = "shop");
        Assert.Contains("Callwatch:OpenTelemetry:SamplingRate is '2' but must be a number from 0 to 1", Assert.Single(settings.Troubles).Text);
        Assert.Equal(("shop", "shop"), (settings.Options.App, settings.Options.Records.App));
    }

    [Fact]
    public async Task Settings_of_records_beyond_their_range_are_put_at_its_bound_and_said_and_times_may_be_milliseconds()
    {
        var lines = new LogLines();
        using var host = await Watched.WorkerAsync(null, builder => builder.Logging.AddProvider(lines), null,
            ("Callwatch:Records:QueueRecords", "0"), ("Callwatch:Records:BatchDelay", "1500"), ("Callwatch:Records:MaxDelay", "9:00:00"), ("Callwatch:Records:BatchRecords", "many"), ("Callwatch:OpenTelemetry:ExporterType", "none"));
        Assert.Equal(TimeSpan.FromSeconds(1.5), host.Services.GetRequiredService<Hosting.ClientSettings>().Options.Records.BatchDelay);
        Assert.Single(lines.All, line => line.EndsWith("Callwatch:Records:QueueRecords must be from 1 to 1,000,000; 1 is used", StringComparison.Ordinal));
        Assert.Single(lines.All, line => line.EndsWith("Callwatch:Records:MaxDelay must be from 1 ms to 60 min; 60 min is used", StringComparison.Ordinal));
        Assert.Single(lines.All, line => line.EndsWith("Callwatch:Records:BatchRecords must be a whole number; its default is used", StringComparison.Ordinal));
        Assert.DoesNotContain(lines.All, line => line.Contains("BatchDelay", StringComparison.Ordinal));
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Records_go_where_all_goes_unless_they_are_given_an_address_of_their_own()
    {
        var settings = Read(("Callwatch:Endpoint", "http://cw:4318"), ("Callwatch:ApiKey", "k"), ("Callwatch:Records:QueueRecords", "7"));
        Assert.Equal(("http://cw:4318/", "k", 7), (settings.Options.Records.Endpoint.AbsoluteUri, settings.Options.Records.ApiKey, settings.Options.Records.QueueRecords));
        var own = Read([], options => options.Records.Endpoint = new Uri("http://records:1"), options => options.Endpoint = new Uri("http://all:1"));
        Assert.Equal("http://records:1/", own.Options.Records.Endpoint.AbsoluteUri);
    }

    [Fact]
    public void Lists_are_read_from_a_text_and_from_a_section()
    {
        Assert.Equal(["A", "B.*"], Read(("Callwatch:OpenTelemetry:Sources", "A, B.*")).Options.OpenTelemetry.Sources);
        Assert.Equal(["A", "B.*"], Read(("Callwatch:OpenTelemetry:Sources:0", "A"), ("Callwatch:OpenTelemetry:Sources:1", "B.*")).Options.OpenTelemetry.Sources);
        Assert.Equal(["tracecontext"], Read(("OTEL_PROPAGATORS", "tracecontext")).Options.OpenTelemetry.Propagators);
    }

    private static ClientSettings Read(params (string Key, string Value)[] settings) => Read(settings, []);

    private static ClientSettings Read((string Key, string Value)[] settings, params Action<CallwatchClientOptions>[] changes)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(pair => pair.Key, pair => (string?)pair.Value)).Build();
        using var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).BuildServiceProvider();
        return new ClientSettings(changes.Select(change => new ClientChange(change)), services);
    }
}
