using Callwatch.Cli.Connecting;
using Callwatch.Cli.Demo;
using Callwatch.Server;
using Callwatch.Server.Hosting;

namespace Callwatch.Cli.Serving;

/// <summary>Runs the server until it is told to stop, and turns whatever keeps it from starting into one line and exit code 2, or 1 where it may pass.</summary>
internal static class ServerRun
{
    public static async Task<int> UntilStoppedAsync(IEnumerable<KeyValuePair<string, string?>> settings, bool demo, CancellationToken cancel)
    {
        // Storing works through whole batches without pausing. With no more threads than cores, requests would wait in line for that;
        // so the system shares the cores among them all.
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(Math.Max(workers, 4 * Environment.ProcessorCount), completions);
        WebApplication? app = null;
        var data = Path.GetFullPath(new CallwatchOptions().Data);
        try
        {
            var builder = CallwatchServer.CreateBuilder(settings);
            if (builder.Configuration[CallwatchOptions.Section + ":Data"] is { } given) data = FullPathOf(given);
            app = CallwatchServer.Build(builder);
            await app.StartAsync(cancel);
        }
        catch (Exception e) when (StartTrouble.Of(e, app?.Services.GetService<Listeners>(), data) is { } refusal)
        {
            await Console.Error.WriteLineAsync("callwatch: " + refusal.Line);

            // What had begun before the refusal ends with the process, which harms it no more than any kill. Disposing of it while it runs would.
            return refusal.MayPass ? CommandLine.Failed : CommandLine.Misuse;
        }

        await using (app)
        {
            var ports = app.Services.GetRequiredService<Listeners>().HttpUrls.Select(url => new Uri(url).Port).ToList();
            var folder = app.Services.GetRequiredService<DataFolder>().Path;
            LocalServers.Announce(ports, folder);
            await Greeting.WriteAsync(Console.Out, app.Services);
            var traffic = demo ? DemoOfItself.RunAsync(app.Services, app.Lifetime.ApplicationStopping) : Task.CompletedTask;
            await app.WaitForShutdownAsync(cancel);
            await traffic;
            LocalServers.Withdraw(ports, folder);
            return WorkThatFailed(app.Services) is { } failed ? await TellAsync(failed) : CommandLine.Fine;
        }
    }

    private static string FullPathOf(string data) => string.IsNullOrWhiteSpace(data) || data.Contains('\0')
        ? throw new StartRefusedException(new StartRefusal.BadSetting(CallwatchOptions.Section + ":Data", "names no folder", "Give one with --data DIR."))
        : Path.GetFullPath(data);

    // A stage that fails for good stops the host (the journal must); the host itself would end as if all were well.
    private static BackgroundService? WorkThatFailed(IServiceProvider services) =>
        services.GetServices<IHostedService>().OfType<BackgroundService>().FirstOrDefault(service => service.ExecuteTask is { IsFaulted: true });

    private static async Task<int> TellAsync(BackgroundService failed)
    {
        await Console.Error.WriteLineAsync($"callwatch: stopped because {failed.GetType().Name} failed: {failed.ExecuteTask!.Exception!.GetBaseException()}");
        return CommandLine.Failed;
    }
}
