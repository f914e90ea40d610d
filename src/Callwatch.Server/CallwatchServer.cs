using Callwatch.Control;
using Callwatch.Control.Secrets;
using Callwatch.Query;
using Callwatch.Server.Access;
using Callwatch.Server.Endpoints;
using Callwatch.Server.Endpoints.Destinations;
using Callwatch.Server.Hosting;
using Callwatch.Server.OpenApi;
using Callwatch.Server.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Callwatch.Server;

/// <summary>The web host: services in the order of the way, then access, then endpoints.</summary>
public static class CallwatchServer
{
    /// <summary>A builder that has the settings of <see cref="SettingSources"/> and quiet logs, and nothing else.</summary>
    /// <param name="commandLine">Settings by full key (<c>Callwatch:Data</c>); they go before all others.</param>
    /// <exception cref="StartRefusedException">A settings file cannot be read.</exception>
    public static WebApplicationBuilder CreateBuilder(IEnumerable<KeyValuePair<string, string?>> commandLine)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddCallwatchSettings(commandLine);
        builder.AddQuietLogs();
        return builder;
    }

    /// <summary>Builds the whole server; the caller runs it.</summary>
    /// <exception cref="StartRefusedException">A setting is wrong, or the data folder cannot be used.</exception>
    public static WebApplication Build(WebApplicationBuilder builder)
    {
        builder.CheckSettings();
        builder.AddErrorReports();
        builder.ListenAsConfigured();
        builder.Services.AddCallwatch();
        builder.Services.AddRoutingCore();
        builder.Services.AddAccess();
        builder.Services.AddReceiveLimits();
        builder.Services.AddApiDescription();
        builder.Services.AddSingleton<DestinationSight>();
        builder.Services.AddSingleton<LangfuseScores>();
        builder.Services.AddSupport();
        builder.Services.AddDashboardPages();

        var app = builder.Build();

        // Before a first start makes keys that are printed once: a bad setting must not keep them from being seen.
        app.Services.GetRequiredService<IStartupValidator>().Validate();
        app.Services.GetRequiredService<DataFolder>();
        app.Services.GetRequiredService<MasterKeys>();
        app.Services.GetRequiredService<StartFacts>();
        app.Services.GetRequiredService<SystemQueries>();
        app.UseConfiguredPathBase();
        app.UseAccessBeforeRouting();
        app.UseRouting();
        app.UseAccess();
        app.RefuseRepeatedParameters();
        app.MapSignIn();
        app.MapOtlp();
        app.MapRecords();
        app.MapFeedback();
        app.MapLangfuse();
        LangfuseScores.Map(app);
        app.MapLangfuseElsewhere();
        app.MapCalls();
        app.MapTraces();
        app.MapMedia();
        app.MapStats();
        app.MapReference();
        app.MapCompare();
        app.MapPeople();
        app.MapLookup();
        app.MapTail();
        app.MapExport();
        app.MapImport();
        app.MapSystem();
        app.MapReaders();
        app.MapDoctor();
        app.MapMetrics();
        app.MapApiDescription();
        app.MapApps();
        app.MapKeys();
        app.MapTenants();
        app.MapSecrets();
        app.MapPrices();
        app.MapBackup();
        app.MapReprice();
        app.MapCosts();
        app.MapReconcile();
        app.MapReindex();
        app.MapRetention();
        app.MapViews();
        app.MapSignIns();
        app.MapDestinations();
        app.MapTracing();
        app.MapDashboardPages();
        return app;
    }
}
