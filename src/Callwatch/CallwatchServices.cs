using Callwatch.Backup;
using Callwatch.Control;
using Callwatch.Costs;
using Callwatch.Diagnose;
using Callwatch.Forward;
using Callwatch.Journal;
using Callwatch.Media;
using Callwatch.Normalize.Pricing;
using Callwatch.Query;
using Callwatch.Receive;
using Callwatch.Search;
using Callwatch.Settle;
using Callwatch.Store;
using Callwatch.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Callwatch;

/// <summary>The engine: one line per stage, in the order of the way.</summary>
public static class CallwatchServices
{
    public static IServiceCollection AddCallwatch(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<Counters>();
        services.TryAddSingleton<DataHold>();
        services.AddOptions<CallwatchOptions>().BindConfiguration(CallwatchOptions.Section);
        services.AddSingleton(provider => DataFolder.Open(provider.GetRequiredService<IOptions<CallwatchOptions>>().Value.Data));
        services.AddHostedService<MemoryKeeper>();
        services.AddControl();
        services.AddReceive();
        services.AddJournal();
        services.AddMedia();
        services.AddPricing();
        services.AddStore();
        services.AddSearch();
        services.AddSettle();
        services.AddForward();
        services.AddQuery();
        services.AddCosts();
        services.AddBackup();
        services.AddDiagnose();
        return services;
    }
}
