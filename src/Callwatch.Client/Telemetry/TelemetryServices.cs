using System.Diagnostics;
using Callwatch.Client.Hosting;
using Callwatch.Client.Telemetry.Propagation;
using Callwatch.Client.Telemetry.Sources;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Callwatch.Client.Telemetry;

/// <summary>Registers traces and metrics.</summary>
internal static class TelemetryServices
{
    public static void AddCallwatchTelemetry(this IServiceCollection services)
    {
        services.AddSingleton<TelemetryPart>();
        services.AddSingleton<IClientPart>(provider => provider.GetRequiredService<TelemetryPart>());
        services.AddSingleton<ICallwatchTelemetry>(provider => provider.GetRequiredService<TelemetryPart>());
        services.AddSingleton<ExceptionLogs.Switch>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ILoggerProvider, ExceptionLogs>());
        // ASP.NET Core asks the container for it; everything else the process.
        services.AddSingleton(provider => Propagators.Of(provider.GetRequiredService<ClientSettings>()) ?? DistributedContextPropagator.Current);
    }
}
