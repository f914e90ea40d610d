using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Callwatch.Journal.Sealing;

/// <summary>Runs the sealer on a thread of its own, whenever a segment has become full and each minute.</summary>
internal sealed partial class SealingThread : IHostedService, IDisposable
{
    private readonly SegmentJournal journal;
    private readonly Func<IPace, Sealer> sealerAt;
    private readonly JournalOptions options;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly CancellationTokenSource stop = new();
    private readonly AutoResetEvent wanted = new(initialState: true);
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? timer;

    public SealingThread(SegmentJournal journal, Func<IPace, Sealer> sealerAt, JournalOptions options, TimeProvider time, ILogger log) =>
        (this.journal, this.sealerAt, this.options, this.time, this.log) = (journal, sealerAt, options, time, log);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.SealShare <= 0)
        {
            ended.SetResult();
            return Task.CompletedTask;
        }

        journal.SealWanted = () => wanted.Set();
        timer = time.CreateTimer(_ => wanted.Set(), null, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
        new Thread(Run) { IsBackground = true, Name = "sealing" }.Start();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // A window under way is given up; its files go.
        journal.SealWanted = null;
        await stop.CancelAsync();
        wanted.Set();
        // On a machine with much to do the thread, the least important of all, may not get its turn in time: then it goes with the process,
        // and what it has left behind goes at the next start.
        await ended.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        stop.Cancel();
        timer?.Dispose();
        // Not the others: the thread may still look at them, and they go with it.
    }

    private void Run()
    {
        ThreadImportance.Lower(ThreadImportance.Sealing);
        var pace = new Pace(options.SealShare, () => journal.Waiting, () => journal.Sealing.IsFarBehind, stop.Token);
        var sealer = sealerAt(pace);
        try
        {
            while (!stop.IsCancellationRequested)
            {
                wanted.WaitOne();
                while (!stop.IsCancellationRequested && journal.Sealing.MayTry && sealer.SealOne()) pace.Rest();
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // The journal was closed under its hands.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A fault of ours: what is received is safe without being sealed, so it does not stop the host.
            journal.Sealing.Failed("Sealing has stopped until the next start: " + e.GetType().Name);
            Ended(log, e);
        }

        ended.TrySetResult();
    }

    [LoggerMessage(EventId = 253, Level = LogLevel.Error, Message = "Sealing has stopped; the journal keeps what it receives uncompressed until the next start")]
    private static partial void Ended(ILogger log, Exception reason);
}
