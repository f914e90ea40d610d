using System.Threading.Channels;
using Callwatch.Client.Sentry.Envelopes;
using Callwatch.Client.Sentry.Errors;
using Callwatch.Client.Sentry.Traces;

namespace Callwatch.Client.Sentry;

/// <summary>
/// The way of a report: bounded queue, envelope, Sentry. One background task does it all. What cannot be sent goes to the spool folder, if there is one,
/// and is tried again with growing pauses; else a few attempts are made before it is dropped. All that is dropped is counted, and told to Sentry.
/// </summary>
internal sealed class Outbox : IDisposable
{
    private const int MostAttempts = 3;

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ReportEach = TimeSpan.FromSeconds(30);

    private readonly SentryOptions options;
    private readonly Discards discards;
    private readonly RateLimits limits;
    private readonly TimeProvider time;
    private readonly EventWriter events;
    private readonly TransactionWriter transactions;
    private readonly EnvelopeSender sender;
    private readonly EnvelopeSpool? spool;
    private readonly Channel<object> queue;
    private readonly CancellationTokenSource stop = new();
    private readonly ManualResetEventSlim over = new(initialState: false);
    private readonly Lock waitersGate = new();
    private readonly List<(long Upto, TaskCompletionSource Done)> waiters = [];
    private readonly Lock hookGate = new();
    private Task? work;
    private long taken;
    private long handled;
    private int failures;
    private DateTimeOffset nextTry;
    private DateTimeOffset nextReport;
    private volatile bool stopped;

    public Outbox(SentryOptions options, Dsn dsn, Discards discards, RateLimits limits, TimeProvider time)
    {
        (this.options, this.discards, this.limits, this.time) = (options, discards, limits, time);
        events = new EventWriter(options);
        transactions = new TransactionWriter(options, dsn);
        sender = new EnvelopeSender(dsn, options.Timeout, limits, time);
        queue = Channel.CreateBounded<object>(new BoundedChannelOptions(options.QueueItems) { SingleReader = true });
        if (options.SpoolFolder is { } folder && (spool = EnvelopeSpool.Open(folder, options.SpoolBytes, discards)) is null) Trouble = "Callwatch:Sentry:SpoolFolder cannot be used; what cannot be sent is lost when the application ends";
        nextReport = time.GetUtcNow() + ReportEach;
    }

    /// <summary>What the operator should know before anything was sent.</summary>
    public string? Trouble { get; }

    public Action<string>? Tell { get; set; }

    // Not within the host's own start: whatever happens here must not keep it.
    public void Start() => work ??= Task.Run(WorkAsync, CancellationToken.None);

    // The order matters to FlushAsync: what it counts on must already be in the queue.
    public bool TryPut(object report)
    {
        if (!queue.Writer.TryWrite(report))
        {
            discards.Dropped(Discard.QueueOverflow, Contents(report));
            return false;
        }

        discards.Took();
        Interlocked.Increment(ref taken);
        return true;
    }

    public async Task FlushAsync(CancellationToken cancel)
    {
        TaskCompletionSource done;
        lock (waitersGate)
        {
            var upto = Interlocked.Read(ref taken);
            if (handled >= upto) return;
            done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiters.Add((upto, done));
        }

        await done.Task.WaitAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>The process is about to die of this: onto disk first, then out, on this very thread; then what else waits, as far as the time reaches.</summary>
    public void SendNow(ErrorReport report, TimeSpan within)
    {
        var began = time.GetTimestamp();
        if (Prepared(report) is { } envelope)
        {
            discards.Took();
            var number = spool?.TryAdd(envelope);
            if (within > TimeSpan.Zero && sender.SendNow(envelope.ToSend(time.GetUtcNow(), null), within) is not Sending.Lost)
            {
                discards.Sent();
                if (number is { } spooled) spool!.Remove(spooled);
            }
            else if (number is null)
            {
                discards.Dropped(Discard.NetworkError, envelope.Contents);
            }
        }

        Finish(within - time.GetElapsedTime(began));
    }

    public async Task StopAsync(CancellationToken cancel)
    {
        stopped = true;
        queue.Writer.TryComplete();
        if (work is null) return;
        try
        {
            await work.WaitAsync(options.ShutdownTimeout, time, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>As above, where nobody can await.</summary>
    public void Finish(TimeSpan within)
    {
        stopped = true;
        queue.Writer.TryComplete();
        if (work is null || over.Wait(within > TimeSpan.Zero ? within : TimeSpan.Zero)) return;
        stop.Cancel();
        over.Wait(TimeSpan.FromMilliseconds(500));
    }

    public void Dispose()
    {
        stopped = true;
        sender.Dispose();
    }

    private static IReadOnlyList<Discards.Item> Contents(object report) =>
        report is TransactionReport transaction ? transaction.Contents : [new Discards.Item(((ErrorReport)report).Category)];

    private async Task WorkAsync()
    {
        try
        {
            while (true)
            {
                while (queue.Reader.TryRead(out var report))
                {
                    if (Prepared(report) is { } envelope) await DeliverAsync(envelope).ConfigureAwait(false);
                    Handled();
                }

                if (spool is { IsEmpty: false } && time.GetUtcNow() >= nextTry && !stop.IsCancellationRequested) await DrainAsync(spool).ConfigureAwait(false);
                if (options.SendClientReports && (stopped || time.GetUtcNow() >= nextReport)) await SendReportAsync().ConfigureAwait(false);
                if (queue.Reader.Completion.IsCompleted) return;
                await WaitAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            SentryEvents.Log.Broken(e.GetType().Name);
        }
        finally
        {
            Handled(all: true);
            over.Set();
        }
    }

    // Until something comes, or something that waits is due.
    private async Task WaitAsync()
    {
        var due = DateTimeOffset.MaxValue;
        if (spool is { IsEmpty: false }) due = nextTry;

        // Something may be dropped while this waits: a look each half minute costs nothing.
        if (options.SendClientReports && nextReport < due) due = nextReport;
        var wait = due - time.GetUtcNow();
        using var until = new CancellationTokenSource();
        var comes = queue.Reader.WaitToReadAsync(until.Token).AsTask();
        if (due == DateTimeOffset.MaxValue) await Task.WhenAny(comes).ConfigureAwait(false);
        else await Task.WhenAny(comes, Task.Delay(wait > TimeSpan.FromMilliseconds(1) ? wait : TimeSpan.FromMilliseconds(1), time, until.Token)).ConfigureAwait(false);
        await until.CancelAsync().ConfigureAwait(false);
    }

    private Envelope? Prepared(object report)
    {
        try
        {
            if (report is TransactionReport transaction) return transactions.Write(transaction);
            var error = (ErrorReport)report;
            var told = events.Prepare(error);
            if (options.BeforeSend is { } hook)
            {
                told = Shown(hook, told);
                if (told is null)
                {
                    discards.Dropped(Discard.BeforeSend, Contents(report));
                    return null;
                }
            }

            return events.Write(error, told);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The application's own hook, or an exception that cannot be looked at.
            discards.Dropped(Discard.EventProcessor, Contents(report));
            SentryEvents.Log.Broken(e.GetType().Name);
            return null;
        }
    }

    // One at a time, though the process may die while it is at work on another; stuck there, it must not keep the process from dying.
    private SentryEvent? Shown(Func<SentryEvent, SentryEvent?> hook, SentryEvent told)
    {
        if (!hookGate.TryEnter(TimeSpan.FromSeconds(1))) return null;
        try
        {
            return hook(told);
        }
        finally
        {
            hookGate.Exit();
        }
    }

    private async Task DeliverAsync(Envelope envelope)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (limits.IsLimited(envelope.Category))
            {
                discards.Dropped(Discard.RatelimitBackoff, envelope.Contents);
                return;
            }

            // While nothing gets through, the next attempt is the spool's.
            if ((spool is null || time.GetUtcNow() >= nextTry) && await SendAsync(envelope).ConfigureAwait(false)) return;
            if (spool is not null && spool.TryAdd(envelope) is not null) return;
            if (attempt >= MostAttempts || stop.IsCancellationRequested || !await PauseAsync().ConfigureAwait(false))
            {
                discards.Dropped(Discard.NetworkError, envelope.Contents);
                return;
            }
        }
    }

    private async Task DrainAsync(EnvelopeSpool folder)
    {
        while (!stop.IsCancellationRequested && folder.Oldest() is { } oldest)
        {
            if (limits.IsLimited(oldest.Envelope.Category)) discards.Dropped(Discard.RatelimitBackoff, oldest.Envelope.Contents);
            else if (!await SendAsync(oldest.Envelope).ConfigureAwait(false)) return;
            folder.Remove(oldest.Number);

            // What comes meanwhile does not wait for a long backlog.
            if (queue.Reader.TryPeek(out _)) return;
        }
    }

    /// <summary>Whether it is done with, for better or worse; false when no answer came.</summary>
    private async Task<bool> SendAsync(Envelope envelope)
    {
        if (stop.IsCancellationRequested) return false;
        var report = options.SendClientReports ? discards.Take() : null;
        Sending answer;
        try
        {
            answer = await sender.SendAsync(envelope.ToSend(time.GetUtcNow(), report), stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            answer = Sending.Lost;
        }

        if (answer != Sending.Done) discards.GiveBack(report);
        else nextReport = time.GetUtcNow() + ReportEach;
        switch (answer)
        {
            case Sending.Done:
                discards.Sent();
                break;
            case Sending.Limited:
                discards.Dropped(Discard.RatelimitBackoff, envelope.Contents, reported: false);
                break;
            case Sending.Refused:
                discards.Dropped(Discard.SendError, envelope.Contents);
                break;
            default:
                Failed();
                return false;
        }

        if (failures > 0 && answer == Sending.Done) Tell?.Invoke("Errors are sent to Sentry again");
        if (answer == Sending.Refused && failures == 0) Tell?.Invoke("Sentry refuses what is sent (" + sender.Why + "); is Callwatch:Sentry:Dsn right?");
        failures = answer == Sending.Refused ? failures + 1 : 0;
        nextTry = default;
        return true;
    }

    private void Failed()
    {
        if (stop.IsCancellationRequested) return;
        var wait = FirstWait * Math.Pow(2, Math.Min(failures, 10));
        if (wait > LongestWait) wait = LongestWait;
        nextTry = time.GetUtcNow() + wait;
        SentryEvents.Log.Failed(sender.Why, (long)wait.TotalMilliseconds);
        if (failures++ == 0) Tell?.Invoke("Errors cannot be sent to Sentry (" + sender.Why + "); what can wait is tried again");
    }

    private async Task<bool> PauseAsync()
    {
        try
        {
            var wait = nextTry - time.GetUtcNow();
            if (wait > TimeSpan.Zero) await Task.Delay(wait, time, stop.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task SendReportAsync()
    {
        nextReport = time.GetUtcNow() + ReportEach;
        if (stop.IsCancellationRequested || discards.Take() is not { } report) return;
        try
        {
            if (await sender.SendAsync(Envelope.OfReport(report, time.GetUtcNow()), stop.Token).ConfigureAwait(false) != Sending.Done) discards.GiveBack(report);
        }
        catch (OperationCanceledException)
        {
            discards.GiveBack(report);
        }
    }

    private void Handled(bool all = false)
    {
        lock (waitersGate)
        {
            handled = all ? Interlocked.Read(ref taken) : handled + 1;
            foreach (var (upto, done) in waiters)
                if (handled >= upto) done.TrySetResult();
            waiters.RemoveAll(waiter => handled >= waiter.Upto);
        }
    }
}
