using Callwatch.Control;
using Callwatch.Control.Secrets;
using Callwatch.Forward.Desk;
using Callwatch.Forward.Destinations.Aliyun;
using Callwatch.Forward.Destinations.Arize;
using Callwatch.Forward.Destinations.Langfuse;
using Callwatch.Forward.Destinations.LangSmith;
using Callwatch.Forward.Destinations.Opik;
using Callwatch.Forward.Destinations.Otlp;
using Callwatch.Forward.Destinations.Phoenix;
using Callwatch.Forward.Destinations.Sentry;
using Callwatch.Forward.Destinations.Weave;
using Callwatch.Forward.Lanes;
using Callwatch.Forward.Outbound;
using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Receive;
using Callwatch.Settle;
using Callwatch.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Callwatch.Forward;

/// <summary>Registers the sixth stage; after settling, whose sequence its lanes read.</summary>
public static class ForwardServices
{
    public static IServiceCollection AddForward(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<ForwardOptions>, ForwardOptionsValidator>();
        services.AddSingleton<IValidateOptions<ForwardOptions>, ForwardOptionsRules>();
        services.AddOptions<ForwardOptions>().BindConfiguration(ForwardOptions.Section).PostConfigure<IConfiguration>(AlsoAsList).ValidateOnStart();
        services.AddKinds();
        services.AddOutbound();
        services.AddDesk();
        services.AddLanes();
        return services;
    }

    /// <summary>One line per platform.</summary>
    private static void AddKinds(this IServiceCollection services)
    {
        services.AddSingleton<IDestinationKind, LangfuseKind>();
        services.AddSingleton<IDestinationKind, LangSmithKind>();
        services.AddSingleton<IDestinationKind, ArizeKind>();
        services.AddSingleton<IDestinationKind, PhoenixKind>();
        services.AddSingleton<IDestinationKind, OpikKind>();
        services.AddSingleton<IDestinationKind, WeaveKind>();
        services.AddSingleton<IDestinationKind, AliyunKind>();
        services.AddSingleton<IDestinationKind, SentryKind>();
        services.AddSingleton<IDestinationKind, OtlpKind>();
    }

    private static void AddOutbound(this IServiceCollection services)
    {
        services.AddSingleton(provider => new OutboundGuard(
            AllowedRanges.Read(Options(provider).AllowPrivateAddresses, out _) ?? AllowedRanges.None, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IOutboundHttp>(provider => new OutboundHttp(provider.GetRequiredService<OutboundGuard>(), Options(provider), provider.GetRequiredService<TimeProvider>()));
    }

    private static void AddDesk(this IServiceCollection services)
    {
        services.AddSingleton(provider => new Kinds(provider.GetServices<IDestinationKind>()));
        services.AddSingleton<DestinationWishes>();
        services.AddSingleton<DestinationChecks>();
        services.AddSingleton<DestinationDirectory>();
        services.AddSingleton<IDestinationDirectory>(provider => provider.GetRequiredService<DestinationDirectory>());
        services.AddSingleton<IDestinationDesk>(provider => new DestinationDesk(
            provider.GetRequiredService<ControlDb>(), provider.GetRequiredService<Apps>(), provider.GetRequiredService<Kinds>(), provider.GetRequiredService<DestinationWishes>(),
            provider.GetRequiredService<DestinationChecks>(), provider.GetRequiredService<SecretVault>(), provider.GetRequiredService<DestinationDirectory>(), Options(provider),
            id => provider.GetRequiredService<ILanes>().TryAtOnce(id), provider.GetRequiredService<TimeProvider>()));
    }

    private static void AddLanes(this IServiceCollection services)
    {
        services.AddSingleton(provider =>
        {
            // Not before the data folder is this process's own.
            _ = provider.GetRequiredService<DataFolder>();
            var db = new ForwardDb(provider.GetRequiredService<IOptions<CallwatchOptions>>().Value.ForwardFile, provider.GetRequiredService<TimeProvider>());
            db.Report(provider.GetRequiredService<Counters>(), provider.GetRequiredService<ILogger<ForwardDb>>());
            return db;
        });
        services.AddSingleton(provider => new LaneLosses(
            provider.GetRequiredService<IDestinationDirectory>(), provider.GetRequiredService<LaneTable>(), provider.GetRequiredService<ISettledLog>, provider.GetRequiredService<Counters>()));
        services.AddSingleton<ISettledReaders>(provider => provider.GetRequiredService<LaneLosses>());
        services.AddSingleton<IJournalUsers>(provider => provider.GetRequiredService<LaneLosses>());
        services.AddHostedService<ForwardUpkeep>();
        services.AddSingleton<Anchors>();
        services.AddSingleton<LaneTable>();
        services.AddSingleton(provider => new DeadLetters(provider.GetRequiredService<ForwardDb>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new TraceReader(
            provider.GetRequiredService<IJournal>(), provider.GetRequiredService<SpanNormalizer>(), provider.GetRequiredService<Apps>(), Options(provider).SharedBytes,
            provider.GetRequiredService<ISettledLog>()));
        services.AddSingleton(provider => new LaneServices(
            provider.GetRequiredService<ISettledLog>(), provider.GetRequiredService<TraceReader>(), provider.GetRequiredService<Anchors>(), provider.GetRequiredService<LaneTable>(),
            provider.GetRequiredService<DeadLetters>(), Options(provider), provider.GetRequiredService<Counters>(), Random.Shared, provider.GetRequiredService<TimeProvider>())
        {
            Age = provider.GetRequiredService<RetentionClock>(),
        });
        services.AddSingleton<ISignalTakers, SignalTakers>();
        services.AddSingleton<LaneHost>();
        services.AddSingleton<ILanes>(provider => provider.GetRequiredService<LaneHost>());
        services.AddHostedService(provider => provider.GetRequiredService<LaneHost>());
    }

    // Ranges may also be an array, as other lists may.
    private static void AlsoAsList(ForwardOptions options, IConfiguration settings)
    {
        string[] ranges = [.. settings.GetSection($"{ForwardOptions.Section}:{nameof(ForwardOptions.AllowPrivateAddresses)}").GetChildren().Select(child => child.Value).OfType<string>()];
        if (ranges.Length > 0) options.AllowPrivateAddresses = string.Join(',', ranges);
    }

    private static ForwardOptions Options(IServiceProvider provider) => provider.GetRequiredService<IOptions<ForwardOptions>>().Value;
}
