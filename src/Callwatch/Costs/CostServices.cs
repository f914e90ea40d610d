using Callwatch.Costs.LostCaching;
using Callwatch.Costs.Reconciling;
using Microsoft.Extensions.DependencyInjection;

namespace Callwatch.Costs;

public static class CostServices
{
    /// <summary>What things cost, for whoever pays: reads through Query.</summary>
    public static IServiceCollection AddCosts(this IServiceCollection services)
    {
        services.AddSingleton<CostQueries>();
        services.AddSingleton<Ledger>();
        services.AddSingleton<WhatIf>();
        services.AddSingleton<PricePreviews>();
        services.AddSingleton<LostCachingQueries>();
        services.AddSingleton<ReconcileImports>();
        services.AddSingleton<ReconcileQueries>();
        return services;
    }
}
