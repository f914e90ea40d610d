using Callwatch.Query.Running;
using Callwatch.Store.Repricing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Callwatch.Query;

/// <summary>Registers the reading side.</summary>
public static class QueryServices
{
    public static IServiceCollection AddQuery(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<QueryOptions>, QueryOptionsValidator>();
        services.AddOptions<QueryOptions>().BindConfiguration(QueryOptions.Section).ValidateOnStart()
            .Validate(
                options => options.TimeLimit >= TimeSpan.FromMilliseconds(100) && options.TimeLimit <= TimeSpan.FromSeconds(2),
                "Callwatch:Query:TimeLimit must be from 100 ms to 2 s.")
            .Validate(
                options => options.PageTime > TimeSpan.Zero && options.PageTime <= options.TimeLimit,
                "Callwatch:Query:PageTime must be above zero and at most TimeLimit.");
        services.AddSingleton<QueryGate>();
        services.AddSingleton<Scopes>();
        services.AddSingleton<SpanBodies>();
        services.AddSingleton<CallQueries>();
        services.AddSingleton<TraceQueries>();
        services.AddSingleton<StatsQueries>();
        services.AddSingleton<ReferenceQueries>();
        services.AddSingleton<FacetQueries>();
        services.AddSingleton<ErrorQueries>();
        services.AddSingleton<DeliveryQueries>();
        services.AddSingleton<LookupQueries>();
        services.AddSingleton<FeedbackTargets>();
        services.AddSingleton<PeopleQueries>();
        services.AddSingleton<CoverageQueries>();
        services.AddSingleton<TotalQueries>();
        services.AddSingleton<TraceExport>();
        services.AddSingleton<SystemQueries>();
        services.AddSingleton<RepriceFilter>();
        services.AddSingleton<RepriceTestOf>(provider => provider.GetRequiredService<RepriceFilter>().Read);
        return services;
    }
}
