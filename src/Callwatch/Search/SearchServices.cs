using Callwatch.Journal;
using Microsoft.Extensions.DependencyInjection;

namespace Callwatch.Search;

public static class SearchServices
{
    /// <summary>Must stand after the store, whose rows its answers lead to.</summary>
    public static IServiceCollection AddSearch(this IServiceCollection services)
    {
        services.AddSingleton<SearchIndex>();
        services.AddSingleton<SearchProgress>();
        services.AddSingleton<SearchReader>();
        services.AddSingleton<IJournalReader>(provider => provider.GetRequiredService<SearchReader>());
        services.AddHostedService(provider => provider.GetRequiredService<SearchReader>());
        return services;
    }
}
