using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Callwatch.Control;

public static class ControlServices
{
    /// <summary>Tenants, apps, keys and sign-ins, in <c>control.db</c>.</summary>
    public static IServiceCollection AddControl(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<ControlOptions>, ControlOptionsValidator>();
        services.AddOptions<ControlOptions>().BindConfiguration(ControlOptions.Section).ValidateOnStart();
        services.AddSingleton(provider =>
        {
            // Held first: another server on the same folder must not be disturbed.
            provider.GetRequiredService<DataFolder>();
            return new ControlDb(provider.GetRequiredService<IOptions<CallwatchOptions>>().Value.ControlFile);
        });
        services.AddSingleton<Tenants>();
        services.AddSingleton<Apps>();
        services.AddSingleton<IAppDirectory>(provider => provider.GetRequiredService<Apps>());
        services.AddSingleton<Keys>();
        services.AddSingleton<Sessions>();
        services.AddSingleton<KeyDesk>();
        services.TryAddSingleton<RetentionRules>();
        services.AddSingleton<RetentionDesk>();
        services.AddSingleton<FirstStart>();
        return services;
    }
}

[OptionsValidator]
internal sealed partial class ControlOptionsValidator : IValidateOptions<ControlOptions>;
