using System.Net;
using Callwatch.Client.Sentry;
using Callwatch.Testing.StandIns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Callwatch.Server.Tests.ErrorReports;

/// <summary>The server's own errors, reported by the client library.</summary>
public sealed class OwnErrorTests
{
    [Fact]
    public async Task Without_a_dsn_the_server_reports_nothing_and_has_nothing_for_it()
    {
        await using var server = await RunningServer.StartAsync();
        Assert.False(server.Services.GetRequiredService<ICallwatchSentry>().IsEnabled);
        Assert.DoesNotContain(server.Services.GetServices<ILoggerProvider>(), provider => provider.GetType().Namespace == typeof(ICallwatchSentry).Namespace);
    }

    [Fact]
    public async Task An_error_that_the_server_logs_is_reported_without_values()
    {
        await using var sentry = await SentryStandIn.StartedAsync();
        sentry.FromLibrary = true;
        await using var server = await RunningServer.StartAsync(settings: [("Callwatch:Sentry:Dsn", sentry.Dsn), ("Callwatch:Sentry:Environment", "staging")]);
        server.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Callwatch.Forward.Lanes").LogError(new InvalidOperationException("It broke, api_key=q9w8e7r6t5y4"), "A lane broke off: {Prompt}", "a whole prompt");
        await server.Services.GetRequiredService<ICallwatchSentry>().FlushAsync(TestContext.Current.CancellationToken);
        var told = Assert.Single(sentry.Events);
        Assert.StartsWith("callwatch@", (string?)told["release"], StringComparison.Ordinal);
        Assert.Equal(("staging", "It broke, api_key=[removed]", "Callwatch.Forward.Lanes"), ((string?)told["environment"], (string?)told["exception"]!["values"]![0]!["value"], (string?)told["logger"]));
        Assert.DoesNotContain("a whole prompt", told.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stage_that_fails_for_good_is_reported_before_the_server_has_stopped()
    {
        await using var sentry = await SentryStandIn.StartedAsync();
        sentry.FromLibrary = true;
        await using (var server = await RunningServer.StartAsync(settings: [("Callwatch:Sentry:Dsn", sentry.Dsn)], services: services => services.AddHostedService<Failing>()))
            await server.Services.GetRequiredService<IHost>().WaitForShutdownAsync(TestContext.Current.CancellationToken);
        var told = Assert.Single(sentry.Events);
        Assert.Equal("The stage broke", (string?)told["exception"]!["values"]!.AsArray()[^1]!["value"]);
    }

    [Theory]
    [InlineData("Callwatch:Sentry:Dsn", "https://geheim@")]
    [InlineData("Callwatch:Sentry:TracesSampleRate", "7")]
    public async Task A_wrong_setting_never_keeps_the_server_from_starting(string key, string value)
    {
        await using var server = await RunningServer.StartAsync(settings: [(key, value)]);
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync(new Uri("/healthz", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
        Assert.False(server.Services.GetRequiredService<ICallwatchSentry>().IsEnabled);
    }

    [Fact]
    public async Task What_may_send_more_is_no_setting_of_the_server() =>
        await Assert.ThrowsAsync<StartRefusedException>(() => RunningServer.StartAsync(settings: [("Callwatch:Sentry:SendDefaultPii", "true")]));

    private sealed class Failing : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            throw new InvalidOperationException("The stage broke");
        }
    }
}
