using Callwatch.Control.Secrets;
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
        services.AddSingleton<SignIns>();
        services.AddSingleton<KeyDesk>();
        services.AddSingleton<AuditLog>();
        services.AddSingleton<Views>();
        services.TryAddSingleton<RetentionRules>();
        services.AddSingleton<RetentionDesk>();
        services.AddSingleton<FirstStart>();
        services.AddSecrets();
        return services;
    }

    private static void AddSecrets(this IServiceCollection services)
    {
        services.AddOptions<SecretsOptions>().BindConfiguration(SecretsOptions.Section);
        services.AddSingleton(provider =>
        {
            var source = new MasterKeySource(provider.GetRequiredService<IOptions<SecretsOptions>>().Value, provider.GetRequiredService<DataFolder>().Path);
            return new MasterKeys(source, provider.GetRequiredService<ControlDb>(), provider.GetRequiredService<TimeProvider>());
        });
        services.AddSingleton(provider => new SecretVault(provider.GetRequiredService<MasterKeys>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new SecretsDesk(
            provider.GetRequiredService<ControlDb>(), provider.GetRequiredService<MasterKeys>(), provider.GetRequiredService<SecretVault>(), provider.GetRequiredService<TimeProvider>()));
    }
}

[OptionsValidator]
internal sealed partial class ControlOptionsValidator : IValidateOptions<ControlOptions>;
