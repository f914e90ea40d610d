using Callwatch.Cli.Connecting;
using Callwatch.Server.Hosting;

namespace Callwatch.Cli.Demo;

/// <summary><c>serve --demo</c>: the server sends to itself, through its own front door.</summary>
internal static class DemoOfItself
{
    /// <summary>Runs beside the server until it stops; trouble is told and never stops the server.</summary>
    public static async Task RunAsync(IServiceProvider services, CancellationToken stopping)
    {
        var url = services.GetRequiredService<Listeners>().HttpUrls[0];
        using var link = ServerLink.Open(url, key: null, json: false, out _)!;
        var run = new DemoRun(new DemoSender(link.Http, TimeProvider.System), TimeProvider.System, new DemoPlan(), Console.WriteLine);
        try
        {
            if (await run.RunAsync(stopping) is { } status) await Console.Error.WriteLineAsync($"callwatch: the demo ended, because the server refuses it ({status}).");
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The server stops.
        }
        catch (HttpRequestException e) when (!stopping.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"callwatch: the demo ended: {e.Message.ReplaceLineEndings(" ")}");
        }
    }
}
