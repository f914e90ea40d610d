using Callwatch.Store.Partitions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Callwatch.Store;

/// <summary>Registers the fourth stage.</summary>
public static class StoreServices
{
    public static IServiceCollection AddStore(this IServiceCollection services)
    {
        services.AddSingleton(provider => new StoreFolder(provider.GetRequiredService<IOptions<CallwatchOptions>>().Value.StoreFolder));
        return services;
    }
}
