using Callwatch.Client.Hosting;
using Callwatch.Client.Records;
using Callwatch.Client.Sentry;
using Callwatch.Client.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Callwatch.Client;

/// <summary>The one line in an application: <c>builder.AddCallwatch();</c></summary>
public static class CallwatchClientServices
{
    /// <summary>
    /// Reports requests, database calls, outgoing HTTP, jobs, logged exceptions, model calls and business traces to Callwatch, or to anything that takes OTLP;
    /// errors to Sentry where <c>SENTRY_DSN</c> or <c>Callwatch:Sentry:Dsn</c> says where to (<see cref="SentryServices"/>).
    /// Never waits, never throws into the application, never keeps it from starting; what is wrong with a setting is logged in one line.
    /// Called again it only adds <paramref name="configure"/>.
    /// </summary>
    /// <param name="builder">Of a web application or a worker.</param>
    /// <param name="configure">Has the last word, after configuration and environment.</param>
    public static IHostApplicationBuilder AddCallwatch(this IHostApplicationBuilder builder, Action<CallwatchClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        AddParts(builder.Services, configure);
        SentryServices.Add(builder.Services, builder.Configuration, builder.Environment.EnvironmentName, standard: true, null);
        return builder;
    }

    /// <summary>As above, for a host that is built by <c>Host.CreateDefaultBuilder()</c>.</summary>
    public static IHostBuilder AddCallwatch(this IHostBuilder builder, Action<CallwatchClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.ConfigureServices((host, services) =>
        {
            AddParts(services, configure);
            SentryServices.Add(services, host.Configuration, host.HostingEnvironment.EnvironmentName, standard: true, null);
        });
    }

    /// <summary>
    /// As above, where there are only services. Settings are read from the <c>IConfiguration</c> among them and from the environment. Without a host
    /// nothing starts by itself: see <see cref="ICallwatchTelemetry.Start"/>.
    /// </summary>
    public static IServiceCollection AddCallwatch(this IServiceCollection services, Action<CallwatchClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        AddParts(services, configure);

        // Whether errors are reported is decided here and now, so that nothing is registered where they are not.
        var configuration = services.Where(service => !service.IsKeyedService).Select(service => service.ImplementationInstance).OfType<IConfiguration>().LastOrDefault() ?? new ConfigurationBuilder().Build();
        SentryServices.Add(services, configuration, configuration[HostDefaults.EnvironmentKey], standard: true, null);
        return services;
    }

    private static void AddParts(IServiceCollection services, Action<CallwatchClientOptions>? configure)
    {
        if (configure is not null) services.AddSingleton(new ClientChange(configure));
        if (services.Any(service => service.ServiceType == typeof(CallwatchHost))) return;
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ClientSettings>();
        services.AddSingleton<CallwatchHost>();
        services.AddSingleton<CallwatchHost.Closing>();
        // In front: what the application's own services do while they start is to be seen.
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(provider => provider.GetRequiredService<CallwatchHost>()));

        services.AddCallwatchRecorder();
        services.AddSingleton<IClientPart, RecorderPart>();
        services.AddCallwatchTelemetry();
    }
}
