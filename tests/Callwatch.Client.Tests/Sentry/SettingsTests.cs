using Callwatch.Client.Sentry;
using Callwatch.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Callwatch.Client.Tests.Sentry;

public sealed class SettingsTests
{
    private const string Dsn = "https://abc@sentry.example.org/42";

    [Fact]
    public void Without_a_dsn_nothing_is_registered_but_what_does_nothing()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var before = builder.Services.Count;
        builder.AddCallwatchSentry();
        builder.AddCallwatchSentry();
        Assert.DoesNotContain(builder.Services.Skip(before), service => service.ServiceType == typeof(IHostedService) || service.ServiceType == typeof(ILoggerProvider) || service.ServiceType == typeof(SentryHub));
        using var host = builder.Build();
        var sentry = host.Services.GetRequiredService<ICallwatchSentry>();
        Assert.False(sentry.IsEnabled);
        Assert.Null(sentry.Capture(new InvalidOperationException()));
        sentry.Breadcrumb("x");
        sentry.SetTag("a", "b");
        sentry.SetUser("c");
        Assert.Equal(0, sentry.Counts.Taken);
    }

    [Fact]
    public async Task A_second_call_adds_what_it_says_and_may_bring_the_dsn()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.AddCallwatchSentry(options => options.MaxBreadcrumbs = 7);
        builder.AddCallwatchSentry(options => options.Dsn = "http://abc@127.0.0.1:1/42");
        builder.AddCallwatchSentry(options => options.TracesSampleRate = 0);
        using var host = builder.Build();
        var hub = host.Services.GetRequiredService<SentryHub>();
        Assert.Equal((7, 0.0, "production"), (hub.Options.MaxBreadcrumbs, hub.Options.TracesSampleRate, hub.Options.Environment));
        Assert.Same(hub, Assert.Single(host.Services.GetServices<ICallwatchSentry>()));
        await hub.DisposeAsync();
    }

    [Fact]
    public void Ours_go_before_sentrys_own_names_and_code_before_both()
    {
        var options = Read(out _, ("SENTRY_DSN", "https://env@sentry.example.org/1"), ("SENTRY_TRACES_SAMPLE_RATE", "0.25"), ("SENTRY_ENVIRONMENT", "blue"), ("Callwatch:Sentry:Dsn", Dsn), ("Callwatch:Sentry:ProfilesSampleRate", "1"),
            ("Callwatch:Sentry:ShutdownTimeout", "00:00:01"), ("Callwatch:Sentry:IgnoredExceptions", "A.B, C.D"));
        Assert.Equal((Dsn, 0.25, 1.0, "blue", TimeSpan.FromSeconds(1)), (options.Dsn, options.TracesSampleRate, options.ProfilesSampleRate, options.Environment, options.ShutdownTimeout));
        Assert.Contains("C.D", options.IgnoredExceptions);
    }

    [Theory]
    [InlineData("SENTRY_TRACES_SAMPLE_RATE", "1.5")]
    [InlineData("SENTRY_TRACES_SAMPLE_RATE", "-0.1")]
    [InlineData("SENTRY_PROFILES_SAMPLE_RATE", "much")]
    [InlineData("SENTRY_PROFILES_SAMPLE_RATE", "NaN")]
    [InlineData("Callwatch:Sentry:SampleRate", "2")]
    [InlineData("Callwatch:Sentry:MaxBreadcrumbs", "many")]
    [InlineData("Callwatch:Sentry:Timeout", "soon")]
    [InlineData("Callwatch:Sentry:SendDefaultPii", "perhaps")]
    public void A_wrong_setting_is_said_in_one_line_that_names_it_and_left_out(string key, string value)
    {
        var options = Read(out var wrong, (key, value), ("SENTRY_DSN", Dsn));
        Assert.StartsWith(key + " must be ", Assert.Single(wrong), StringComparison.Ordinal);
        Assert.Equal((null, null, 1.0, 100, false), (options.TracesSampleRate, options.ProfilesSampleRate, options.SampleRate, options.MaxBreadcrumbs, options.SendDefaultPii));
    }

    [Theory]
    [InlineData(null, "shop api", "shop-api")]
    [InlineData(null, "Production", "production")]
    [InlineData("blue/green", "Staging", "staging")]
    [InlineData("blue", "Staging", "blue")]
    public void The_environment_is_the_given_one_or_the_hosts(string? given, string host, string expected) =>
        Assert.Equal(expected, SentrySettings.Checked(new SentryOptions { Dsn = Dsn, Environment = given }, host, [])!.Value.Options.Environment);

    [Fact]
    public void What_code_sets_beyond_the_range_is_left_out_too()
    {
        var wrong = new List<string>();
        var options = SentrySettings.Checked(new SentryOptions { Dsn = Dsn, TracesSampleRate = 7, QueueItems = -5, ShutdownTimeout = TimeSpan.FromHours(1), Release = "a/b" }, null, wrong)!.Value.Options;
        Assert.Equal((null, 1, TimeSpan.FromSeconds(10), 4), (options.TracesSampleRate, options.QueueItems, options.ShutdownTimeout, wrong.Count));
        Assert.DoesNotContain("/", options.Release, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dsn_that_is_none_is_said_and_never_repeated_and_the_host_starts()
    {
        var lines = new Lines();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("SENTRY_DSN", "https://geheim@")]);
        builder.Logging.AddProvider(lines);
        builder.AddCallwatchSentry();
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        var line = Assert.Single(lines.All, line => line.Contains("DSN", StringComparison.Ordinal));
        Assert.DoesNotContain("geheim", line, StringComparison.Ordinal);
        Assert.False(host.Services.GetRequiredService<ICallwatchSentry>().IsEnabled);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Code_that_throws_and_a_spool_folder_that_is_none_are_said_and_the_host_starts()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.At("file"), "", TestContext.Current.CancellationToken);
        var lines = new Lines();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("Callwatch:Sentry:Dsn", "http://abc@127.0.0.1:1/42"), new("Callwatch:Sentry:SpoolFolder", folder.At("file", "below"))]);
        builder.Logging.AddProvider(lines);
        builder.AddCallwatchSentry(_ => throw new InvalidOperationException("of the application"));
        using (var host = builder.Build())
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            Assert.True(host.Services.GetRequiredService<ICallwatchSentry>().IsEnabled);
            await host.StopAsync(TestContext.Current.CancellationToken);
        }

        Assert.Contains(lines.All, line => line.Contains("InvalidOperationException", StringComparison.Ordinal));
        Assert.Contains(lines.All, line => line.Contains("SpoolFolder", StringComparison.Ordinal));
    }

    private static SentryOptions Read(out List<string> wrong, params (string Key, string Value)[] settings)
    {
        var options = new SentryOptions();
        SentrySettings.Read(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(one => KeyValuePair.Create(one.Key, (string?)one.Value))).Build(), standard: true, options, wrong = []);
        return options;
    }
}

/// <summary>What was logged.</summary>
internal sealed class Lines : ILoggerProvider, ILogger
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> all = new();

    public IReadOnlyList<string> All => [.. all];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => all.Enqueue(formatter(state, exception));

    public void Dispose()
    {
    }
}
