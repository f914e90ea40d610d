using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Callwatch.Forward.Lanes;

/// <summary>One destination at work: its live lane, its replays, and the dead letters that are to be sent again.</summary>
internal sealed partial class Running(
    Destination destination, IDestination platform, HttpClient client, Lane live, LaneServices services, ILogger log, CancellationTokenSource stop) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<int, (CancellationTokenSource Stop, Task Work)> replays = new();
    private readonly SemaphoreSlim letters = new(1, 1);
    private Task work = Task.CompletedTask;

    public Destination Destination => destination;

    public IDestination Platform => platform;

    public Lane Live => live;

    public void Start(TimeSpan afterFault)
    {
        work = Task.Run(() => KeepAsync(live.RunAsync, afterFault, stop.Token));
        foreach (var row in services.Table.Of(destination.Id))
            if (row is { Key.Replay: not 0, Ended: null }) BeginReplay(row);
        RetryLetters();
    }

    public void BeginReplay(LaneRow row)
    {
        var own = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        var lane = new Lane(destination, platform, row, services, log);
        replays[row.Key.Replay] = (own, Task.Run(() => KeepAsync(lane.RunAsync, TimeSpan.FromSeconds(30), own.Token)));
    }

    public void EndReplay(int replay)
    {
        if (replays.TryRemove(replay, out var ended)) ended.Stop.Cancel();
    }

    /// <summary>Not waited for: marked letters stay marked, and are taken up again at the next start.</summary>
    public void RetryLetters() => _ = Task.Run(async () =>
    {
        if (!await letters.WaitAsync(0)) return;
        try
        {
            await KeepAsync(live.RetryLettersAsync, TimeSpan.FromSeconds(30), stop.Token);
        }
        finally
        {
            letters.Release();
        }
    });

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll([work, .. replays.Values.Select(replay => replay.Work)]);
        await letters.WaitAsync();
        await platform.DisposeAsync();
        client.Dispose();
        foreach (var replay in replays.Values) replay.Stop.Dispose();
        letters.Dispose();
        stop.Dispose();
    }

    // A lane's fault is its own: logged, waited for, begun again where its cursor stands.
    private async Task KeepAsync(Func<CancellationToken, Task> run, TimeSpan afterFault, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await run(cancel);
                return;
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Faulted(destination.Name, e.GetType().Name, e.StackTrace, afterFault.TotalSeconds);
            }

            try
            {
                await Task.Delay(afterFault, services.Time, cancel);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    [LoggerMessage(EventId = 604, Level = LogLevel.Error, Message = "The lane to {Destination} failed ({Why}) and begins again in {Seconds} s. {Where}")]
    private partial void Faulted(string destination, string why, string? where, double seconds);
}
