using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Callwatch.Forward.Lanes;

/// <summary>One destination at work: its live lane, its replays, and the dead letters that are to be sent again.</summary>
internal sealed partial class Running : IAsyncDisposable
{
    private static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(30);

    private readonly HttpClient http;
    private readonly Gate gate;
    private readonly LaneServices services;
    private readonly ILogger log;
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentDictionary<int, (CancellationTokenSource Stop, Task Work)> replays = new();
    private readonly Lock lettersGate = new();
    private Task work = Task.CompletedTask;
    private Task letters = Task.CompletedTask;
    private bool lettersWanted;
    private bool lettersRun;

    public Running(Destination destination, IDestination platform, HttpClient http, LaneRow row, LaneServices services, ILogger log)
    {
        (Destination, Platform, this.http, this.services, this.log) = (destination, platform, http, services, log);
        gate = new Gate(services.Options, services.Chance, services.Time, (words, wait) => InTrouble(destination.Name, words.Status, wait.TotalSeconds));
        Live = new Lane(destination, platform, gate, row, services, log);
    }

    public Destination Destination { get; }

    public IDestination Platform { get; }

    public Lane Live { get; }

    public void Start()
    {
        work = Task.Run(() => KeepAsync(Live.RunAsync, stop.Token));
        foreach (var row in services.Table.Of(Destination.Id))
            if (row is { Key.Replay: not 0, Ended: null }) BeginReplay(row);
        RetryLetters();
    }

    public void TryAtOnce()
    {
        Live.TryAtOnce();
        gate.TryAtOnce();
        RetryLetters();
    }

    public void BeginReplay(LaneRow row)
    {
        var own = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // Two at once ask for the same replay when it was made while the destination was being started.
        if (!replays.TryAdd(row.Key.Replay, (own, ReplayAsync(begin.Task, row, own.Token)))) own.Dispose();
        else begin.SetResult();
    }

    public void EndReplay(int replay)
    {
        if (replays.TryGetValue(replay, out var ended)) ended.Stop.Cancel();
    }

    /// <summary>Not waited for: marked letters stay marked, and are taken up again at the next start.</summary>
    public void RetryLetters()
    {
        lock (lettersGate)
        {
            lettersWanted = true;
            if (lettersRun || stop.IsCancellationRequested) return;
            lettersRun = true;
            letters = Task.Run(LettersAsync);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        Task last;
        lock (lettersGate) last = letters;
        await Task.WhenAll([work, last, .. replays.Values.Select(replay => replay.Work)]);
        Live.Dispose();
        await Platform.DisposeAsync();
        http.Dispose();
        foreach (var replay in replays.Values) replay.Stop.Dispose();
        stop.Dispose();
    }

    private async Task ReplayAsync(Task begin, LaneRow row, CancellationToken cancel)
    {
        await begin;
        using var lane = new Lane(Destination, Platform, gate, row, services, log, Live);
        await Task.Run(() => KeepAsync(lane.RunAsync, cancel), CancellationToken.None);
    }

    private async Task LettersAsync()
    {
        var retry = new LetterRetry(Destination, Platform, gate, services, log);
        while (true)
        {
            lock (lettersGate)
            {
                // Whoever asks after this begins anew.
                lettersRun = lettersWanted && !stop.IsCancellationRequested;
                if (!lettersRun) return;
                lettersWanted = false;
            }

            await KeepAsync(cancel => retry.RunAsync(Live.Refresh, cancel), stop.Token);
        }
    }

    // A lane's fault is its own: logged, waited for, begun again where its cursor stands.
    private async Task KeepAsync(Func<CancellationToken, Task> run, CancellationToken cancel)
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
                gate.Note("Something failed here (" + e.GetType().Name + ").", "It begins again by itself, where it stood; the log says more.");
                Faulted(Destination.Name, e.GetType().Name, e.StackTrace, AfterFault.TotalSeconds);
            }

            try
            {
                await Task.Delay(AfterFault, services.Time, cancel);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    [LoggerMessage(EventId = 601, Level = LogLevel.Warning, Message = "{Destination} does not take what is sent (status {Status}); trying again in {Seconds} s. The destination's status has its words.")]
    private partial void InTrouble(string destination, int? status, double seconds);

    [LoggerMessage(EventId = 604, Level = LogLevel.Error, Message = "The lane to {Destination} failed ({Why}) and begins again in {Seconds} s. {Where}")]
    private partial void Faulted(string destination, string why, string? where, double seconds);
}
