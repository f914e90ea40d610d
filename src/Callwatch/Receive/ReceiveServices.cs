using Callwatch.Receive.Langfuse;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Callwatch.Receive;

public static class ReceiveServices
{
    /// <summary>Intake with its limits.</summary>
    public static IServiceCollection AddReceive(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<ReceiveOptions>, ReceiveOptionsValidator>();
        services.AddOptions<ReceiveOptions>().BindConfiguration(ReceiveOptions.Section).ValidateOnStart();
        services.AddSingleton<Intake>();
        services.AddSingleton<LangfuseMemory>();
        return services;
    }
}
