using System.Diagnostics;
using Callwatch.Client.Sentry;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Callwatch.Client.Tests.Sentry;

/// <summary>The library in real hosts, as applications use it.</summary>
[Collection("activities of the process")]
public sealed class HostTests
{
    [Fact]
    public async Task A_logged_exception_is_reported_with_the_lines_before_it_and_without_their_values()
    {
        await using var sentry = await StartedAsync();
        using (var host = await WorkerAsync(sentry))
        {
            var log = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Shop.Mailer");
            using var job = new Activity("job").SetIdFormat(ActivityIdFormat.W3C).Start();
            log.LogInformation("Asked {Prompt}", "the whole secret story");
            log.LogDebug("not of interest");
            log.LogWarning(new InvalidOperationException("only a warning"), "Trying {Again}", 2);
            log.LogError(new InvalidOperationException("no mail"), "Could not send to {Address}", "anna@example.org");
            job.Stop();
            await host.StopAsync(TestContext.Current.CancellationToken);
        }

        var told = Assert.Single(sentry.Events);
        Assert.Equal(("Shop.Mailer", "Could not send to {Address}", "ILogger", true), ((string?)told["logger"], (string?)told["logentry"]!["message"], (string?)told["exception"]!["values"]![0]!["mechanism"]!["type"], (bool)told["exception"]!["values"]![0]!["mechanism"]!["handled"]!));
        Assert.Equal(["Asked {Prompt}", "Trying {Again} (System.InvalidOperationException)"], told["breadcrumbs"]!["values"]!.AsArray().Select(one => (string?)one!["message"]));
        Assert.DoesNotContain("anna@", told.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task AddCallwatch_reports_errors_too_whatever_opentelemetry_is_set_to(string enabled)
    {
        await using var sentry = await StartedAsync();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<TimeProvider>(new PatientTime(waitsToo: true));
        builder.Configuration.AddInMemoryCollection([new("SENTRY_DSN", sentry.Dsn), new("ENABLE_OTEL", enabled), new("Callwatch:Endpoint", "http://127.0.0.1:1")]);
        builder.AddCallwatch();
        builder.AddCallwatchSentry(options => options.BeforeSend = told =>
        {
            told.Tags["seen"] = "yes";
            return told;
        });
        using (var host = builder.Build())
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            Assert.True(host.Services.GetRequiredService<SentryHub>().IsPart);
            host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Shop").LogError(new InvalidOperationException("x"), "It failed");
            await host.StopAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal("yes", (string?)Assert.Single(sentry.Events)["tags"]!["seen"]);
    }

    [Fact]
    public async Task Values_of_log_lines_go_along_where_personal_data_may()
    {
        await using var sentry = await StartedAsync();
        using (var host = await WorkerAsync(sentry, ("Callwatch:Sentry:SendDefaultPii", "true")))
        {
            host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Shop.Mailer").LogError(new InvalidOperationException("no mail"), "Could not send to {Address}", "anna@example.org");
            await host.StopAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal("Could not send to anna@example.org", (string?)Assert.Single(sentry.Events)["logentry"]!["message"]);
    }

    [Fact]
    public async Task Its_own_lines_are_never_reported()
    {
        await using var sentry = await StartedAsync();
        using var host = await WorkerAsync(sentry);
        host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Callwatch.Client.Sentry.SentryHub").LogError(new InvalidOperationException("its own"), "Own");
        await host.StopAsync(TestContext.Current.CancellationToken);
        Assert.Empty(sentry.Events);
    }

    [Fact]
    public async Task A_refusing_sentry_is_said_once_and_starts_no_loop()
    {
        await using var sentry = await StartedAsync();
        sentry.Always = _ => new StandInAnswer(403, "{}");
        var lines = new Lines();
        using var host = await WorkerAsync(sentry, lines);
        var log = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Shop");
        for (var i = 0; i < 10; i++) log.LogError(new InvalidOperationException("x"), "It failed");
        await host.Services.GetRequiredService<ICallwatchSentry>().FlushAsync(TestContext.Current.CancellationToken);
        Assert.Equal(10, sentry.Requests.Count);
        Assert.Single(lines.All, line => line.Contains("Sentry refuses", StringComparison.Ordinal));
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_background_service_that_fails_is_reported_as_unhandled_whatever_the_log_shows()
    {
        await using var sentry = await StartedAsync();
        var builder = Builder(sentry);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        builder.Services.AddHostedService<Failing>();
        using (var host = builder.Build())
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            await host.WaitForShutdownAsync(TestContext.Current.CancellationToken);
        }

        var told = Assert.Single(sentry.Events);
        Assert.Equal(("of the service", false), ((string?)told["exception"]!["values"]!.AsArray()[^1]!["value"], (bool)told["exception"]!["values"]!.AsArray()[^1]!["mechanism"]!["handled"]!));
    }

    [Fact]
    public async Task A_task_that_nobody_awaits_is_reported()
    {
        await using var world = await World.StartAsync();
        world.Hub.Unobserved(new AggregateException(World.Thrown(new FormatException("lost"))));
        var told = await world.OneAsync();
        Assert.Equal(("UnobservedTaskException", false, "System.FormatException"), ((string?)told["exception"]!["values"]![0]!["mechanism"]!["type"], (bool)told["exception"]!["values"]![0]!["mechanism"]!["handled"]!, (string?)told["exception"]!["values"]![0]!["type"]));
    }

    private static async Task<SentryStandIn> StartedAsync()
    {
        var sentry = await SentryStandIn.StartedAsync();
        sentry.FromLibrary = true;
        return sentry;
    }

    private static HostApplicationBuilder Builder(SentryStandIn sentry, params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        // Whether it is sent at the end is asked here, not how soon.
        builder.Services.AddSingleton<TimeProvider>(new PatientTime(waitsToo: true));
        builder.Configuration.AddInMemoryCollection([new("SENTRY_DSN", sentry.Dsn), .. settings.Select(one => KeyValuePair.Create(one.Key, (string?)one.Value))]);
        builder.AddCallwatchSentry();
        return builder;
    }

    private static async Task<IHost> WorkerAsync(SentryStandIn sentry, params (string Key, string Value)[] settings)
    {
        var host = Builder(sentry, settings).Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    private static async Task<IHost> WorkerAsync(SentryStandIn sentry, Lines lines)
    {
        var builder = Builder(sentry);
        builder.Logging.AddProvider(lines);
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    private sealed class Failing : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            throw new InvalidOperationException("of the service");
        }
    }
}
