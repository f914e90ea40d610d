using Callwatch.Journal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Callwatch.Settle;

/// <summary>Registers the fifth stage; after the journal, which must be drained after it.</summary>
public static class SettleServices
{
    public static IServiceCollection AddSettle(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<SettleOptions>, SettleOptionsValidator>();
        services.AddOptions<SettleOptions>().BindConfiguration(SettleOptions.Section).ValidateOnStart();
        services.AddSingleton(provider =>
        {
            // Not before the data folder is this process's own.
            _ = provider.GetRequiredService<DataFolder>();
            return new SettledLog(provider.GetRequiredService<IOptions<CallwatchOptions>>().Value.SettledFolder, hold: provider.GetService<DataHold>());
        });
        services.AddSingleton<ISettledLog>(provider => provider.GetRequiredService<SettledLog>());
        services.AddSingleton<Settler>();
        services.AddSingleton<ISettleState>(provider => provider.GetRequiredService<Settler>());
        services.AddSingleton<IJournalReader>(provider => provider.GetRequiredService<Settler>());
        services.AddHostedService(provider => provider.GetRequiredService<Settler>());
        return services;
    }
}
