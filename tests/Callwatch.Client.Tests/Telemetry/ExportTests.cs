using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Callwatch.Client.Jobs;
using Callwatch.Client.Records;
using Callwatch.Client.Telemetry;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Callwatch.Client.Tests.Telemetry;

[Collection(OneAtATime.Name)]
public sealed class ExportTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_endpoint_that_is_down_at_the_start_gets_its_spans_when_it_comes_and_the_log_says_both_once()
    {
        var lines = new LogLines();
        await using var collector = await Collector.OpenAsync();
        collector.Always = new WireAnswer(503);
        using var host = await Watched.WorkerAsync(collector, builder => builder.Logging.AddProvider(lines));
        var trace = Trace();
        await Eventually.HoldsAsync(() => host.Telemetry().Counts.Retries > 0, "it has been tried");
        collector.Always = null;
        Assert.Equal("job", (await collector.OneAsync(trace)).Name);
        await Eventually.HoldsAsync(() => lines.All.Any(line => line.Contains("Spans are sent again", StringComparison.Ordinal)), "the log says so");
        Assert.Single(lines.All, line => line.Contains("Spans cannot be sent (503)", StringComparison.Ordinal));
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task An_endpoint_that_goes_away_costs_no_span_while_there_is_room_and_what_there_is_none_for_is_counted()
    {
        await using var collector = await Collector.OpenAsync();
        using var host = await Watched.WorkerAsync(collector, settings: [("OTEL_MAX_QUEUE_SIZE", "50"), ("OTEL_MAX_EXPORT_BATCH_SIZE", "10")]);
        await collector.OneAsync(Trace());
        collector.Always = new WireAnswer(429).With("Retry-After", "1");
        for (var i = 0; i < 200; i++) Trace();
        await Eventually.HoldsAsync(() => host.Telemetry().Counts.QueueFull >= 140, "what found no room is counted");
        collector.Always = null;
        await Eventually.HoldsAsync(() => Sum(host.Telemetry().Counts) == 201, "the rest has been sent");
        Assert.Equal(host.Telemetry().Counts.Exported, collector.Spans.Count(span => span.Name == "job"));
        Assert.InRange(host.Telemetry().Counts.Exported, 51, 61);
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task Nothing_listens_at_the_address_and_the_application_neither_waits_nor_fails()
    {
        using var host = await Watched.WorkerAsync(null, settings: ("Callwatch:Endpoint", Ports.DeadEnd.AbsoluteUri));

        // More than there is room for: who waited for room would wait for ever.
        await Task.Run(() =>
        {
            for (var i = 0; i < 5_000; i++) Trace();
        }, Cancel).WithPatience("the application goes on");
        Assert.True(host.Services.GetRequiredService<ICallwatchRecorder>().Record(Tool()));
        await host.StopAsync(Cancel);
        Assert.Equal(5_000, Sum(host.Telemetry().Counts));
    }

    [Fact]
    public async Task A_batch_that_is_too_large_goes_in_halves_and_one_that_is_refused_is_dropped_and_counted()
    {
        await using var collector = await Collector.OpenAsync();
        // Without metrics, whose request could take an answer that is meant for spans.
        using var host = await Watched.WorkerAsync(collector, settings: [("OTEL_BATCH_EXPORT_SCHEDULE_DELAY", "60000"), ("OTEL_METRICS_EXPORTER", "none")]);
        collector.Next(new WireAnswer(413), times: 3);
        for (var i = 0; i < 8; i++) Trace();
        await host.FlushAsync();
        Assert.Equal(8, host.Telemetry().Counts.Exported);
        collector.Next(new WireAnswer(400));
        Trace();
        await host.FlushAsync();
        Assert.Equal((8, 1), (host.Telemetry().Counts.Exported, host.Telemetry().Counts.Refused));
        await host.StopAsync(Cancel);
    }

    [Theory]
    [InlineData("http", "none")]
    [InlineData("http", "gzip")]
    [InlineData("grpc", "none")]
    [InlineData("grpc", "gzip")]
    public async Task Both_signals_go_over_either_protocol_with_the_key(string protocol, string compression)
    {
        await using var collector = await Collector.OpenAsync();
        using var host = await Watched.WorkerAsync(collector, settings:
        [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), ("OTLP_BASE_ENDPOINT", protocol == "grpc" ? collector.GrpcAddress : collector.Address + "/"), ("OTLP_API_KEY", "cw_1"),
            ("Callwatch:OpenTelemetry:Compression", compression), ("Callwatch:OpenTelemetry:Headers:x-team", "shop"), ("Callwatch:OpenTelemetry:Resource:zone", "eu"),
        ]);
        var trace = Trace();
        Assert.True(await host.FlushAsync());
        Assert.Equal("eu", Assert.Single(collector.Of(trace)).Resource.Find("zone"));
        var requests = collector.Requests;
        Assert.Equal(2, requests.Select(request => request.Path).Distinct().Count());
        Assert.All(requests, request => Assert.Equal(("Bearer cw_1", "shop", protocol == "grpc" ? "HTTP/2" : "HTTP/1.1"), (request.Header("authorization"), request.Header("x-team"), request.Protocol)));
        Assert.All(requests, request => Assert.DoesNotContain("//", request.Path));
        Assert.All(requests, request => Assert.Equal(compression == "gzip" ? "gzip" : null, request.Header(protocol == "grpc" ? "grpc-encoding" : "content-encoding")));
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task Refusals_of_grpc_are_understood()
    {
        await using var collector = await Collector.OpenAsync();
        using var host = await Watched.WorkerAsync(collector, settings:
            [("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTLP_BASE_ENDPOINT", collector.GrpcAddress), ("OTEL_BATCH_EXPORT_SCHEDULE_DELAY", "60000"), ("OTEL_METRICS_EXPORTER", "none")]);
        collector.Next(OtlpStandIn.GrpcStatus(14, "not yet"));
        collector.Next(OtlpStandIn.GrpcStatus(3, "never"));
        Trace();
        await host.FlushAsync();
        Assert.Equal((0, 1, 1), (host.Telemetry().Counts.Exported, host.Telemetry().Counts.Refused, host.Telemetry().Counts.Retries));
        await host.StopAsync(Cancel);
    }

    [Fact]
    public Task Switched_off_it_does_nothing_and_records_go_on() => Watched.GivenTimeAsync(async () =>
    {
        await using var collector = await Collector.OpenAsync();
        using var host = await Watched.WorkerAsync(collector, settings: ("ENABLE_OTEL", "false"));
        using (var job = Job.Start("job")) Assert.Null(job.Activity);
        Assert.True(host.Services.GetRequiredService<ICallwatchRecorder>().Record(Tool()));
        await host.StopAsync(Cancel);
        Assert.Equal("/api/v1/traces", Assert.Single(collector.Requests).Path);
    });

    [Fact]
    public async Task A_wrong_setting_of_one_signal_leaves_the_other_on()
    {
        await using var collector = await Collector.OpenAsync();
        using var host = await Watched.WorkerAsync(collector, settings: ("OTEL_SAMPLING_RATE", "2"));
        Assert.Contains("OTEL_SAMPLING_RATE", Assert.Single(host.Telemetry().Troubles));
        Trace();
        Assert.True(await host.FlushAsync());
        Assert.Empty(collector.Spans);
        Assert.NotEmpty(collector.Metrics);
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task Called_twice_it_is_there_once_and_the_recorders_own_call_adds_to_it()
    {
        await using var collector = await Collector.OpenAsync();
        using var host = await Watched.WorkerAsync(collector, builder =>
        {
            builder.AddCallwatch(options => options.App = "first");
            builder.Services.AddCallwatchRecorder(options => options.JoinCurrentActivity = false);
        }, options => options.OpenTelemetry.Resource["second"] = "yes");
        var trace = Trace();
        var span = await collector.OneAsync(trace);
        Assert.Equal(("first", "first", "yes"), ((string?)span.Resource.Find("service.name"), (string?)span.Resource.Find("callwatch.app"), (string?)span.Resource.Find("second")));
        await host.StopAsync(Cancel);
    }

    [Fact]
    public Task Without_a_host_it_begins_when_it_is_told_to_and_ends_with_the_container() => Watched.GivenTimeAsync(async () =>
    {
        await using var collector = await Collector.OpenAsync();
        var trace = default(ActivityTraceId);
        await using (var services = new ServiceCollection().AddLogging().AddCallwatch(options =>
        {
            options.Endpoint = new Uri(collector.Address);
            options.OpenTelemetry.SamplingRate = 1;
        }).BuildServiceProvider())
        {
            services.GetRequiredService<ICallwatchTelemetry>().Start();
            trace = Trace();
        }

        Assert.Single(collector.Of(trace));
    });

    [Fact]
    public Task A_container_that_does_not_wait_is_disposed_of_without_trouble() => Watched.GivenTimeAsync(async () =>
    {
        await using var collector = await Collector.OpenAsync();
        var services = new ServiceCollection().AddCallwatch(options => options.Endpoint = new Uri(collector.Address)).BuildServiceProvider();
        services.GetRequiredService<ICallwatchTelemetry>().Start();
        services.GetRequiredService<ICallwatchRecorder>().Record(Tool());
        services.Dispose();
        Assert.Contains(collector.Requests, request => request.Path == "/api/v1/traces");
    });

    [Fact]
    public Task What_services_do_while_they_start_and_stop_is_seen_under_a_host_of_the_older_kind() => Watched.GivenTimeAsync(async () =>
    {
        await using var collector = await Collector.OpenAsync();
        using (var host = new HostBuilder().UseEnvironment("Development")
            .UseDefaultServiceProvider(container => container.ValidateOnBuild = container.ValidateScopes = true)
            .AddCallwatch(options =>
            {
                options.Endpoint = new Uri(collector.Address);
                options.OpenTelemetry.SamplingRate = 1;
                options.OpenTelemetry.ExcludedSources.Add("Microsoft.AspNetCore");
            })
            .ConfigureServices(services => services.AddHostedService<Early>()).Build())
        {
            await host.StartAsync(Cancel);
            await host.StopAsync(Cancel);
        }

        Assert.Equal(["starting", "stopping"], collector.Spans.Select(span => span.Name).Order());
    });

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task An_https_endpoint_with_an_authority_of_its_own_is_trusted_by_its_certificate_alone(string protocol)
    {
        using var folder = new TempFolder();
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        await File.WriteAllTextAsync(folder.At("ca.pem"), made.ExportCertificatePem(), Cancel);
        await using var collector = new Collector { Certificate = certificate };
        await collector.StartAsync();
        (string, string)[] common = [("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), ("OTLP_BASE_ENDPOINT", collector.Address)];
        using (var without = await Watched.WorkerAsync(null, settings: common))
        {
            Trace();
            await Eventually.HoldsAsync(() => without.Telemetry().Counts.Retries > 0, "it is not trusted");
            await without.StopAsync(Cancel);
        }

        Assert.Empty(collector.Spans);
        using var host = await Watched.WorkerAsync(null, settings: [.. common, ("Callwatch:OpenTelemetry:Certificate", folder.At("ca.pem"))]);
        await collector.OneAsync(Trace());
        Assert.All(collector.Requests, one => Assert.Equal(protocol == "grpc" ? "HTTP/2" : "HTTP/1.1", one.Protocol));
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task Code_that_adds_to_the_providers_may_throw()
    {
        await using var collector = await Collector.OpenAsync();
        using var host = await Watched.WorkerAsync(collector, configure: options =>
        {
            options.OpenTelemetry.ConfigureTracing = _ => throw new InvalidOperationException("no");
            options.OpenTelemetry.ConfigureMetrics = _ => throw new InvalidOperationException("no");
            options.OpenTelemetry.Sources.Add(" ");
        });
        await collector.OneAsync(Trace());
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task Sources_can_be_added_and_known_ones_left_out()
    {
        await using var collector = await Collector.OpenAsync();
        using var own = new ActivitySource("Shop.Stock");
        using var host = await Watched.WorkerAsync(collector, settings: [("Callwatch:OpenTelemetry:Sources", "Shop.*"), ("Callwatch:OpenTelemetry:ExcludedSources", CallwatchSource.Name + ".Jobs,Microsoft.AspNetCore")]);
        var trace = default(ActivityTraceId);
        using (var span = own.StartActivity("count")) trace = span!.TraceId;
        using (var job = Job.Start("left out")) Assert.Null(job.Activity);
        Assert.Equal("count", (await collector.OneAsync(trace)).Name);
        await host.StopAsync(Cancel);
    }

    private static ActivityTraceId Trace()
    {
        using var job = Job.Start("job");
        return job.Activity?.TraceId ?? default;
    }

    private sealed class Early : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Job.RunAsync("starting", _ => Task.CompletedTask, cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Job.RunAsync("stopping", _ => Task.CompletedTask, cancellationToken);
    }

    private static ToolRecord Tool() => new() { ToolName = "x", StartTime = DateTimeOffset.UnixEpoch, EndTime = DateTimeOffset.UnixEpoch };

    private static long Sum(TelemetryCounts counts) => counts.Exported + counts.QueueFull + counts.Refused + counts.Stopped;
}
