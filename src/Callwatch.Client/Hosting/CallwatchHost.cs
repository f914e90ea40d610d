using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Callwatch.Client.Hosting;

/// <summary>
/// Starts the parts before everything else, and ends them after everything else, all together within <see cref="CallwatchClientOptions.ShutdownTimeout"/>:
/// one bound, whatever the network does. Nothing that goes wrong in here reaches the host.
/// </summary>
internal sealed partial class CallwatchHost(IServiceProvider services, TimeProvider time, ILogger<CallwatchHost> log) : IHostedLifecycleService, IAsyncDisposable, IDisposable
{
    // With the moment more that is given at the end it is 5 s.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(4.5);

    private readonly Lock gate = new();
    private readonly List<IClientPart> running = [];
    private TimeSpan within = TimeSpan.FromSeconds(4);
    private bool hasStarted;
    private Task? ending;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        Start();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // A host of an older make knows no StartingAsync.
        Start();
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // The token may have come long ago, when the application's own services needed all of the host's time; our bound is our own.
    public Task StoppedAsync(CancellationToken cancellationToken) => EndAsync();

    public ValueTask DisposeAsync() => new(EndAsync());

    // For a container that is disposed of without a host. Never waits on a thread pool that may be busy: the parts have their own bound.
    public void Dispose() => Task.Run(EndAsync).ConfigureAwait(false).GetAwaiter().GetResult();

    public void Start()
    {
        lock (gate)
        {
            if (hasStarted) return;
            hasStarted = true;
            try
            {
                var asked = services.GetRequiredService<ClientSettings>().Options.ShutdownTimeout;
                within = asked < Longest ? asked : Longest;
                foreach (var part in services.GetServices<IClientPart>()) Start(part);
                services.GetRequiredService<Closing>();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                NotStarted("Callwatch", e.GetType().FullName!);
            }
        }
    }

    /// <summary>A container disposes of what it made last first: this, and with it us, before the parts and what they stand on.</summary>
    public sealed class Closing(CallwatchHost host) : IAsyncDisposable, IDisposable
    {
        public ValueTask DisposeAsync() => host.DisposeAsync();

        public void Dispose() => host.Dispose();
    }

    private void Start(IClientPart part)
    {
        try
        {
            part.Start();
            running.Add(part);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            NotStarted(part.Name, e.GetType().FullName!);
        }
    }

    private Task EndAsync()
    {
        lock (gate)
        {
            hasStarted = true;
            return ending ??= EndAllAsync([.. running]);
        }
    }

    private async Task EndAllAsync(IClientPart[] parts)
    {
        if (parts.Length == 0) return;
        using var over = new CancellationTokenSource(within, time);
        try
        {
            var all = Task.WhenAll(parts.Select(part => EndAsync(part, over.Token)));
            // A moment more for those that count what they give up; then without them.
            await all.WaitAsync(within + TimeSpan.FromMilliseconds(500), time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            NotEnded();
        }
    }

    private async Task EndAsync(IClientPart part, CancellationToken over)
    {
        try
        {
            await Task.Yield();
            await part.StopAsync(within, over).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            if (!over.IsCancellationRequested) NotStopped(part.Name, e.GetType().FullName!);
        }
    }

    [LoggerMessage(EventId = 533, Level = LogLevel.Warning, Message = "{Part} could not be started ({Type}); the application goes on without it")]
    private partial void NotStarted(string part, string type);

    [LoggerMessage(EventId = 534, Level = LogLevel.Warning, Message = "{Part} could not be ended ({Type})")]
    private partial void NotStopped(string part, string type);

    [LoggerMessage(EventId = 535, Level = LogLevel.Warning, Message = "The end did not wait for everything to be sent")]
    private partial void NotEnded();
}
