using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Callwatch.Client.Telemetry;
using Callwatch.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;
using Xunit.Sdk;

namespace Callwatch.Client.Tests.Telemetry;

/// <summary>Providers and propagators are the process's own: one such test at a time, and nothing beside it.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneAtATime
{
    public const string Name = "telemetry";
}

/// <summary>Applications with <c>AddCallwatch()</c>, as a user writes them.</summary>
internal static class Watched
{
    /// <summary>A web application on a free port. Everything is sampled unless the settings say otherwise.</summary>
    public static async Task<WebApplication> WebAsync(
        Collector? collector, Action<WebApplication> map, Action<WebApplicationBuilder>? build = null, Action<CallwatchClientOptions>? configure = null, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ApplicationName = "shop", EnvironmentName = "Testing" });
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        Set(builder.Configuration, collector, settings);
        builder.Logging.ClearProviders();
        build?.Invoke(builder);
        builder.AddCallwatch(configure);
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }

    /// <summary>A worker: no web, no logging to anywhere.</summary>
    public static async Task<IHost> WorkerAsync(Collector? collector, Action<HostApplicationBuilder>? build = null, Action<CallwatchClientOptions>? configure = null, params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "worker" });
        // The collector lives in this process too: what it is asked would itself be seen.
        Set(builder.Configuration, collector, [("Callwatch:OpenTelemetry:ExcludedSources", "Microsoft.AspNetCore,Microsoft.AspNetCore.*"), .. settings]);
        build?.Invoke(builder);
        builder.AddCallwatch(configure);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    public static Uri Url(this WebApplication app) => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static ICallwatchTelemetry Telemetry(this IHost host) => host.Services.GetRequiredService<ICallwatchTelemetry>();

    public static Task<bool> FlushAsync(this IHost host) => host.Telemetry().FlushAsync(Patience.Long, TestContext.Current.CancellationToken);

    /// <summary>
    /// What is promised of an end within seconds shows where the machine gives those seconds: a run that took longer than they are, and did not show it,
    /// is made once more.
    /// </summary>
    public static async Task GivenTimeAsync(Func<Task> run)
    {
        for (var made = 1; ; made++)
        {
            var began = Stopwatch.GetTimestamp();
            try
            {
                await run();
                return;
            }
            catch (XunitException) when (made < 20 && Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(3.5))
            {
                // The time was up before everything was done.
            }
        }
    }

    /// <summary>A trace to call with.</summary>
    public static (ActivityTraceId Trace, string Traceparent) NewTrace(bool sampled = true)
    {
        var trace = ActivityTraceId.CreateRandom();
        return (trace, $"00-{trace.ToHexString()}-{ActivitySpanId.CreateRandom().ToHexString()}-0{(sampled ? 1 : 0)}");
    }

    private static void Set(IConfigurationManager configuration, Collector? collector, (string Key, string Value)[] settings)
    {
        var all = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase) { ["OTEL_SAMPLING_RATE"] = "1", ["OTEL_BATCH_EXPORT_SCHEDULE_DELAY"] = "100" };
        if (collector is not null) all["Callwatch:Endpoint"] = collector.Address;
        foreach (var (key, value) in settings) all[key] = value;
        configuration.AddInMemoryCollection(all);
    }
}

/// <summary>Lines that were logged.</summary>
internal sealed class LogLines : ILoggerProvider
{
    private readonly ConcurrentQueue<string> lines = new();

    public IReadOnlyList<string> All => [.. lines];

    public ILogger CreateLogger(string categoryName) => new Log(this, categoryName);

    public void Dispose()
    {
        // Holds nothing.
    }

    private sealed class Log(LogLines all, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            all.lines.Enqueue($"{logLevel} {category} {formatter(state, exception)}");
    }
}
