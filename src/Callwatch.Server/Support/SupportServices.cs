using Callwatch.Diagnose;
using Microsoft.Extensions.DependencyInjection;

namespace Callwatch.Server.Support;

internal static class SupportServices
{
    /// <summary>What the doctor looks at in the host, and what goes to support.</summary>
    public static void AddSupport(this IServiceCollection services)
    {
        services.AddSingleton<IHostCheck, SettingsCheck>();
        services.AddSingleton<IHostCheck, PortsCheck>();
        services.AddSingleton<SettingsReport>();
        services.AddSingleton<SupportBundle>();
    }
}
