using Callwatch.Client.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Callwatch.Client.Sentry;

/// <summary>Registers error reports to Sentry.</summary>
public static class SentryServices
{
    /// <summary>
    /// Reports unhandled and logged exceptions to Sentry, and transactions and profiles if their rates are set. Settings: <c>Callwatch:Sentry:*</c> by the
    /// names of <see cref="SentryOptions"/>, then Sentry's own environment variables; then <paramref name="configure"/>. Without a DSN nothing is
    /// registered but an <see cref="ICallwatchSentry"/> that does nothing. Called again it only adds <paramref name="configure"/>.
    /// </summary>
    /// <param name="builder">Of a web application or a worker.</param>
    /// <param name="configure">Has the last word.</param>
    public static IHostApplicationBuilder AddCallwatchSentry(this IHostApplicationBuilder builder, Action<SentryOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        Add(builder.Services, builder.Configuration, builder.Environment.EnvironmentName, standard: true, configure);
        return builder;
    }

    /// <summary>As above, for a host that is built in another way.</summary>
    /// <param name="services">Of the host.</param>
    /// <param name="configuration">Where settings are looked for; they must be known by now, because without a DSN nothing is registered.</param>
    /// <param name="configure">Has the last word.</param>
    public static IServiceCollection AddCallwatchSentry(this IServiceCollection services, IConfiguration configuration, Action<SentryOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        Add(services, configuration, configuration[HostDefaults.EnvironmentKey], standard: true, configure);
        return services;
    }

    /// <param name="standard">Whether Sentry's own names (<c>SENTRY_DSN</c>, ...) are read.</param>
    internal static void Add(IServiceCollection services, IConfiguration configuration, string? environment, bool standard, Action<SentryOptions>? configure)
    {
        var setup = services.Where(service => !service.IsKeyedService).Select(service => service.ImplementationInstance).OfType<SentrySetup>().FirstOrDefault();
        if (setup is null) services.AddSingleton(setup = new SentrySetup(configuration, environment, standard));
        if (configure is not null) setup.Changes.Add(configure);
        if (setup.IsRegistered) return;
        var (found, wrong) = setup.Read();
        if (found is null && wrong.Count == 0)
        {
            services.TryAddSingleton<ICallwatchSentry, SilentSentry>();
            return;
        }

        setup.IsRegistered = true;
        services.RemoveAll<ICallwatchSentry>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IHostedService, SentryHost>();
        if (found is null)
        {
            services.AddSingleton<ICallwatchSentry, SilentSentry>();
            return;
        }

        services.AddSingleton(provider => setup.Hub(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ICallwatchSentry>(provider => provider.GetRequiredService<SentryHub>());
        services.AddSingleton<IClientPart>(provider => new SentryPart(provider.GetRequiredService<SentryHub>()));
        services.AddSingleton<ILoggerProvider>(provider => new SentryLogs(provider.GetRequiredService<SentryHub>()));
        services.AddLogging(logging => logging

            // What nobody caught is told by the framework's own log; no filter meant for people's eyes may keep it from here, and its chatter is no breadcrumb.
            .AddFilter<SentryLogs>("Microsoft.AspNetCore", LogLevel.Error)
            .AddFilter<SentryLogs>("Microsoft.Extensions.Hosting", LogLevel.Error)
            .AddFilter<SentryLogs>("Microsoft.Hosting", LogLevel.Warning)
            .AddFilter<SentryLogs>("System.Net.Http.HttpClient", LogLevel.Warning));
    }
}

/// <summary>What was said before the host is built: where settings are, and what code changes.</summary>
internal sealed class SentrySetup(IConfiguration configuration, string? environment, bool standard)
{
    private (SentryOptions Options, Envelopes.Dsn Dsn)? last;

    public List<Action<SentryOptions>> Changes { get; } = [];

    public bool IsRegistered { get; set; }

    /// <summary>What is wrong, a line each.</summary>
    public IReadOnlyList<string> Wrong { get; private set; } = [];

    /// <summary>As of now. Null where there is nowhere to send to; with lines where something was set that is no DSN.</summary>
    public ((SentryOptions Options, Envelopes.Dsn Dsn)? Found, IReadOnlyList<string> Wrong) Read()
    {
        var lines = new List<string>();
        var given = new SentryOptions();
        SentrySettings.Read(configuration, standard, given, lines);
        foreach (var change in Changes)
        {
            try
            {
                change(given);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                lines.Add($"What AddCallwatchSentry() was given to configure itself threw {e.GetType().FullName}; it is left where it came to");
            }
        }

        var found = SentrySettings.Checked(given, environment, lines);

        // A rate without a DSN is no mistake of anybody's.
        if (found is null && string.IsNullOrWhiteSpace(given.Dsn)) lines.Clear();
        Wrong = lines;
        last = found ?? last;
        return (found, lines);
    }

    public SentryHub Hub(TimeProvider time)
    {
        // A change that came later may have taken the DSN away again, or made it none: then the last good one is used.
        var (options, dsn) = Read().Found ?? last!.Value;
        return new SentryHub(options, dsn, time).Start();
    }
}

/// <summary>Says what is wrong once there is a log, and sends what waits when the host ends.</summary>
internal sealed partial class SentryHost(SentrySetup setup, IServiceProvider services, ILogger<SentryHost> log) : IHostedService
{
    private readonly SentryHub? hub = services.GetService<SentryHub>();

    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var line in setup.Wrong) Said(line);
        if (hub is null) return Task.CompletedTask;
        hub.Tell = Said;
        if (hub.Outbox.Trouble is { } trouble) Said(trouble);
        services.GetService<IHostApplicationLifetime>()?.ApplicationStopping.Register(hub.Leaving);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => hub is null || hub.IsPart ? Task.CompletedTask : hub.StopAsync(cancellationToken);

    [LoggerMessage(EventId = 530, Level = LogLevel.Warning, Message = "{What}")]
    private partial void Said(string what);
}

/// <summary>As a part of the library it ends with the others, so that their times do not add up.</summary>
internal sealed class SentryPart(SentryHub hub) : IClientPart
{
    public string Name => "Error reports";

    public void Start() => hub.IsPart = true;

    public Task StopAsync(TimeSpan within, CancellationToken cancel) => hub.StopAsync(cancel);
}
