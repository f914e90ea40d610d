using Callwatch.Costs.LostCaching;
using Callwatch.Diagnose.Comparing;
using Callwatch.Query.Running;
using Callwatch.Server.Hosting;
using Callwatch.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Callwatch.Server.Tests;

/// <summary>The whole server in this process, on free loopback ports and a folder of its own (or one given, which then outlives it).</summary>
public sealed class RunningServer : IAsyncDisposable
{
    private readonly TempFolder? ownFolder;
    private readonly WebApplication app;

    private RunningServer(WebApplication app, TempFolder? ownFolder, string dataFolder)
    {
        this.app = app;
        this.ownFolder = ownFolder;
        DataFolder = dataFolder;
        var listeners = app.Services.GetRequiredService<Listeners>();
        Url = new Uri(listeners.HttpUrls[0]);
        GrpcUrl = new Uri(listeners.GrpcUrls[0]);
        // Whoever asks before sending waits for the answer, however long a busy machine needs for it.
        Http = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = Patience.Long }) { BaseAddress = Url, Timeout = Patience.Long };
    }

    public Uri Url { get; }

    public Uri GrpcUrl { get; }

    public string DataFolder { get; }

    /// <summary>With the server's address, without a key: trusted as loopback.</summary>
    public HttpClient Http { get; }

    public IServiceProvider Services => app.Services;

    /// <param name="settings">Pairs of full key and value (<c>"Callwatch:Access:TrustLoopback", "false"</c>).</param>
    /// <param name="services">Changes registrations last, for a clock moved by hand for instance.</param>
    public static async Task<RunningServer> StartAsync(
        string? dataFolder = null, IEnumerable<(string Key, string? Value)>? settings = null, Action<IServiceCollection>? services = null)
    {
        var own = dataFolder is null ? new TempFolder() : null;
        var all = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["Callwatch:Data"] = dataFolder ?? own!.Path,
            ["Callwatch:Http:Urls"] = "http://127.0.0.1:0",
            ["Callwatch:Http:GrpcPort"] = "0",
        };
        foreach (var (key, value) in settings ?? []) all[key] = value;
        var builder = CallwatchServer.CreateBuilder(all);
        ((IHostApplicationBuilder)builder).ConfigureContainer(new DefaultServiceProviderFactory(), all =>
        {
            GiveTime(all);
            services?.Invoke(all);
        });
        var app = CallwatchServer.Build(builder);
        await app.StartAsync();
        return new RunningServer(app, own, all["Callwatch:Data"]!);
    }

    // What a question may take at most is a promise of its own, with tests of its own. Everywhere else a test that hangs on it would fail wherever the
    // machine has much to do.
    private static void GiveTime(IServiceCollection services)
    {
        // But not what looks for names and connects: where there is no name server every such test would wait for it.
        services.Replace(ServiceDescriptor.Singleton<TimeProvider>(new PatientTime(limit => limit < TimeSpan.FromSeconds(1) || limit > TimeSpan.FromSeconds(10))));
        services.AddSingleton(Unhurried<QueryGate>);
        services.AddSingleton(Unhurried<CompareQueries>);
        services.AddSingleton(Unhurried<PathSamples>);
        services.AddSingleton(Unhurried<LostCachingQueries>);
        services.PostConfigure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMinutes(2));
    }

    private static T Unhurried<T>(IServiceProvider services) => ActivatorUtilities.CreateInstance<T>(services, new StillTime(services.GetRequiredService<TimeProvider>()));

    /// <summary>Stops it as a signal does; it still has to be disposed of.</summary>
    public Task StopAsync() => app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        ownFolder?.Dispose();
    }
}
