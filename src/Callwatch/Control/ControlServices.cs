using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Callwatch.Control;

public static class ControlServices
{
    /// <summary>Tenants, apps and keys, in <c>control.db</c>.</summary>
    public static IServiceCollection AddControl(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<ControlOptions>, ControlOptionsValidator>();
        services.AddOptions<ControlOptions>().BindConfiguration(ControlOptions.Section).ValidateOnStart();
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<CallwatchOptions>>().Value;
            Directory.CreateDirectory(options.Data);
            return new ControlDb(options.ControlFile);
        });
        services.AddSingleton<Tenants>();
        services.AddSingleton<Apps>();
        services.AddSingleton<IAppDirectory>(provider => provider.GetRequiredService<Apps>());
        services.AddSingleton<Keys>();
        services.AddSingleton<FirstStart>();
        return services;
    }
}

[OptionsValidator]
internal sealed partial class ControlOptionsValidator : IValidateOptions<ControlOptions>;
