using Callwatch.Control;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Callwatch.Normalize.Pricing;

public static class PricingServices
{
    /// <summary>Prices, with the operator's own on top.</summary>
    public static IServiceCollection AddPricing(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<PriceOptions>, PriceOptionsValidator>();
        services.AddOptions<PriceOptions>().BindConfiguration(PriceOptions.Section).ValidateOnStart();
        services.AddSingleton<PriceHistory>();
        services.AddSingleton<OwnPrices>();
        services.AddSingleton(provider =>
        {
            var own = provider.GetRequiredService<OwnPrices>();
            return new PriceBooks(provider.GetRequiredService<IOptions<PriceOptions>>().Value, own.AtStart, own.Past) { InForceAt = provider.GetRequiredService<PriceHistory>().VersionAt };
        });
        return services;
    }
}
