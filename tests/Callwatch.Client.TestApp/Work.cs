using System.Diagnostics;
using Callwatch.Client.Calls;
using Callwatch.Client.Jobs;
using Callwatch.Client.Records;
using Microsoft.Extensions.Hosting;

namespace Callwatch.Client.TestApp;

/// <summary>Says when the application has started, and has a code of its own to end with.</summary>
internal sealed class Greeting(IHostApplicationLifetime lifetime) : IHostedService
{
    public const int ExitCode = 7;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(() => Console.WriteLine("ready"));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Spans, calls and records as fast as they can be made, until the end.</summary>
internal sealed class BusyWork(IServiceProvider services) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var recorder = (ICallwatchRecorder?)services.GetService(typeof(ICallwatchRecorder));
        for (var i = 0; !stoppingToken.IsCancellationRequested; i++)
        {
            await Job.RunAsync("round", _ => Task.FromResult(Round(recorder)), CancellationToken.None);
            if (i % 100 == 0) await Task.Yield();
        }
    }

    private static bool Round(ICallwatchRecorder? recorder)
    {
        using var call = ModelCall.Start("chat", "acme", "acme-7b");
        call.Output("An answer.", "stop");
        var timer = RecordTimer.Start();
        return recorder?.Record(new ToolRecord { ToolName = "look_up", StartTime = timer.StartTime, EndTime = timer.EndTime }) ?? false;
    }
}

/// <summary>One job with one outgoing request, then nothing more.</summary>
internal sealed class OneRound : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Job.RunAsync("one round", async cancel =>
    {
        Console.WriteLine("trace " + Activity.Current?.TraceId.ToHexString());
        if (Environment.GetEnvironmentVariable("CALLED") is not { Length: > 0 } address) return;
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(address), cancel);
    }, stoppingToken);
}
