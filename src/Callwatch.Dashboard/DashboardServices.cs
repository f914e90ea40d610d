using Callwatch.Dashboard.Assets;
using Callwatch.Dashboard.Completion;
using Callwatch.Dashboard.Destinations;
using Callwatch.Dashboard.FirstCall;
using Callwatch.Dashboard.Frame;
using Callwatch.Dashboard.Overview;
using Callwatch.Dashboard.Settings;
using Callwatch.Dashboard.SystemState;
using Microsoft.Extensions.DependencyInjection;

namespace Callwatch.Dashboard;

public static class DashboardServices
{
    /// <summary>The pages. The host adds its own <see cref="Frame.IViewer"/>.</summary>
    public static IServiceCollection AddDashboard(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddWebEncoders(encoders => encoders.TextEncoderSettings = new System.Text.Encodings.Web.TextEncoderSettings(System.Text.Unicode.UnicodeRanges.All));
        services.AddSingleton<AssetFiles>();
        services.AddSingleton<Pulse>();
        services.AddSingleton<SystemFacts>();
        services.AddSingleton<SystemSamples>();
        services.AddHostedService(provider => provider.GetRequiredService<SystemSamples>());
        services.AddSingleton<LanePulse>();
        services.AddSingleton<LaneRates>();
        services.AddSingleton<LaneFacts>();
        services.AddSingleton<NewKeys>();
        services.AddScoped<FormTokens>();
        services.AddScoped<Suggestions>();
        services.AddScoped<OverviewQuestions>();
        services.AddScoped<FirstCallWatch>();
        return services;
    }
}
