using System.Threading.Channels;
using Callwatch.Client.Sentry.Envelopes;
using Callwatch.Client.Sentry.Errors;
using Callwatch.Client.Sentry.Traces;
using Callwatch.Client.Spooling;

namespace Callwatch.Client.Sentry;

/// <summary>
/// The way of a report: bounded queue, envelope, Sentry. One background task does it all. What cannot be sent goes to the spool folder, if there is one,
/// and is tried again with growing pauses; else a few attempts are made before it is dropped. All that is dropped is counted, and told to Sentry.
/// </summary>
internal sealed class Outbox : IDisposable
{
    private const int MostAttempts = 3;

    private readonly SentryOptions options;
    private readonly Discards discards;
    private readonly RateLimits limits;
    private readonly TimeProvider time;
    private readonly EventWriter events;
    private readonly TransactionWriter transactions;
    private readonly Delivery delivery;
    private readonly Spool<Envelope>? spool;
    private readonly Channel<object> queue;
    private readonly CancellationTokenSource stop = new();
    private readonly ManualResetEventSlim over = new(initialState: false);
    private readonly Turns turns = new();
    private readonly Lock hookGate = new();
    private Task? work;
    private volatile bool stopped;

    public Outbox(SentryOptions options, Dsn dsn, Discards discards, RateLimits limits, TimeProvider time)
    {
        (this.options, this.discards, this.limits, this.time) = (options, discards, limits, time);
        events = new EventWriter(options);
        transactions = new TransactionWriter(options, dsn);
        delivery = new Delivery(options, dsn, discards, limits, time);
        queue = Channel.CreateBounded<object>(new BoundedChannelOptions(options.QueueItems) { SingleReader = true });
        if (options.SpoolFolder is { } folder && (spool = Spool<Envelope>.Open(folder, options.SpoolBytes, new EnvelopeFormat(discards))) is null) Trouble = "Callwatch:Sentry:SpoolFolder cannot be used; what cannot be sent is lost when the application ends";
    }

    /// <summary>What the operator should know before anything was sent.</summary>
    public string? Trouble { get; }

    public Action<string>? Tell
    {
        set => delivery.Tell = value;
    }

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
        turns.Taken();
        return true;
    }

    public Task FlushAsync(CancellationToken cancel) => turns.ReachedAsync(cancel);

    /// <summary>The process is about to die of this: onto disk first, then out, on this very thread; then what else waits, as far as the time reaches.</summary>
    public void SendNow(ErrorReport report, TimeSpan within)
    {
        var began = time.GetTimestamp();
        if (Prepared(report) is { } envelope)
        {
            discards.Took();
            var number = Keep(envelope);
            var answer = within > TimeSpan.Zero ? delivery.SendNow(envelope, within) : Sending.Lost;
            if (answer == Sending.Done) discards.Sent();
            else if (answer != Sending.Lost || number is null) discards.Dropped(answer switch { Sending.Limited => Discard.RatelimitBackoff, Sending.Refused => Discard.SendError, _ => Discard.NetworkError }, envelope.Contents);

            // Without an answer it waits on disk for the next start.
            if (answer != Sending.Lost && number is { } spooled) spool!.Remove(spooled);
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
            // A hook of the application that hangs must not hang the end of the host.
            await work.WaitAsync(TimeSpan.FromMilliseconds(500), time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
        delivery.Dispose();
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
                    await TakeCareAsync(report).ConfigureAwait(false);
                    turns.Handled();
                }

                await LookAfterAsync().ConfigureAwait(false);
                if (queue.Reader.Completion.IsCompleted) return;
                await WaitAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            turns.End();
            over.Set();
        }
    }

    private async Task TakeCareAsync(object report)
    {
        try
        {
            if (Prepared(report) is { } envelope) await DeliverAsync(envelope).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // One that cannot be sent must not be the last one that is.
            discards.Dropped(Discard.InternalSdkError, Contents(report));
            SentryEvents.Log.Broken(e.GetType().Name);
        }
    }

    private async Task LookAfterAsync()
    {
        try
        {
            if (spool is { IsEmpty: false } && delivery.IsDue && !stop.IsCancellationRequested) await DrainAsync(spool).ConfigureAwait(false);
            if (stopped || time.GetUtcNow() >= delivery.NextReport) await delivery.SendReportAsync(stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            delivery.PutOff();
            SentryEvents.Log.Broken(e.GetType().Name);
        }
    }

    // Until something comes, or something that waits is due.
    private async Task WaitAsync()
    {
        var due = DateTimeOffset.MaxValue;
        if (spool is { IsEmpty: false }) due = delivery.NextTry;

        // Something may be dropped while this waits: a look each half minute costs nothing.
        if (delivery.NextReport < due) due = delivery.NextReport;
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
            if ((spool is null || delivery.IsDue) && await delivery.SendAsync(envelope, stop.Token).ConfigureAwait(false)) return;
            if (Keep(envelope) is not null) return;
            if (attempt >= MostAttempts || stop.IsCancellationRequested || !await delivery.PauseAsync(stop.Token).ConfigureAwait(false))
            {
                discards.Dropped(Discard.NetworkError, envelope.Contents);
                return;
            }
        }
    }

    // Its number, where there is a folder that takes it.
    private long? Keep(Envelope envelope)
    {
        var number = spool?.TryAdd(envelope);
        if (number is not null) discards.Spooled();
        return number;
    }

    private async Task DrainAsync(Spool<Envelope> folder)
    {
        while (!stop.IsCancellationRequested && folder.Oldest() is { } oldest)
        {
            if (limits.IsLimited(oldest.Item.Category)) discards.Dropped(Discard.RatelimitBackoff, oldest.Item.Contents);
            else if (!await delivery.SendAsync(oldest.Item, stop.Token).ConfigureAwait(false)) return;
            folder.Remove(oldest.Number);

            // What comes meanwhile does not wait for a long backlog.
            if (queue.Reader.TryPeek(out _)) return;
        }

        // What is left cannot be read now.
        if (!folder.IsEmpty) delivery.PutOff();
    }
}
