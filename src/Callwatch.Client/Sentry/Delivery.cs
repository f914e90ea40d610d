using Callwatch.Client.Sentry.Envelopes;

namespace Callwatch.Client.Sentry;

/// <summary>Sends one envelope at a time, counts what becomes of it, and says when the next attempt may be made. Used by one task, but for <see cref="SendNow"/>.</summary>
internal sealed class Delivery : IDisposable
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ReportEach = TimeSpan.FromSeconds(30);

    private readonly SentryOptions options;
    private readonly Discards discards;
    private readonly TimeProvider time;
    private readonly EnvelopeSender sender;
    private DateTimeOffset nextReport;
    private int failures;

    public Delivery(SentryOptions options, Dsn dsn, Discards discards, RateLimits limits, TimeProvider time)
    {
        (this.options, this.discards, this.time) = (options, discards, time);
        sender = new EnvelopeSender(dsn, options.Timeout, limits, time);
        nextReport = time.GetUtcNow() + ReportEach;
    }

    public Action<string>? Tell { get; set; }

    /// <summary>Before it nothing is tried again.</summary>
    public DateTimeOffset NextTry { get; private set; }

    public bool IsDue => time.GetUtcNow() >= NextTry;

    /// <summary>When a client report goes out by itself; never, where Sentry is told nothing.</summary>
    public DateTimeOffset NextReport => options.SendClientReports ? nextReport : DateTimeOffset.MaxValue;

    /// <summary>Whether it is done with, for better or worse; false when no answer came.</summary>
    public async Task<bool> SendAsync(Envelope envelope, CancellationToken cancel)
    {
        if (cancel.IsCancellationRequested) return false;
        var report = options.SendClientReports ? discards.Take() : null;
        var answer = Sending.Lost;
        try
        {
            answer = await sender.SendAsync(envelope.ToSend(time.GetUtcNow(), report), cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The end has come.
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
                if (!cancel.IsCancellationRequested) Failed();
                return false;
        }

        if (failures > 0 && answer == Sending.Done) Tell?.Invoke("Errors are sent to Sentry again");
        if (failures == 0 && answer == Sending.Refused) Tell?.Invoke("Sentry refuses what is sent (" + sender.Why + "); is Callwatch:Sentry:Dsn right?");
        failures = answer == Sending.Refused ? failures + 1 : 0;
        NextTry = default;
        return true;
    }

    /// <summary>On this very thread.</summary>
    public Sending SendNow(Envelope envelope, TimeSpan within) => sender.SendNow(envelope.ToSend(time.GetUtcNow(), null), within);

    public async Task SendReportAsync(CancellationToken cancel)
    {
        nextReport = time.GetUtcNow() + ReportEach;
        if (!options.SendClientReports || cancel.IsCancellationRequested || discards.Take() is not { } report) return;
        try
        {
            if (await sender.SendAsync(Envelope.OfReport(report, time.GetUtcNow()), cancel).ConfigureAwait(false) != Sending.Done) discards.GiveBack(report);
        }
        catch (OperationCanceledException)
        {
            discards.GiveBack(report);
        }
    }

    /// <summary>Until the next attempt may be made; false when the end has come.</summary>
    public async Task<bool> PauseAsync(CancellationToken cancel)
    {
        try
        {
            var wait = NextTry - time.GetUtcNow();
            if (wait > TimeSpan.Zero) await Task.Delay(wait, time, cancel).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public void PutOff() => NextTry = time.GetUtcNow() + LongestWait;

    public void Dispose() => sender.Dispose();

    private void Failed()
    {
        var wait = FirstWait * Math.Pow(2, Math.Min(failures, 10));
        if (wait > LongestWait) wait = LongestWait;
        NextTry = time.GetUtcNow() + wait;
        SentryEvents.Log.Failed(sender.Why, (long)wait.TotalMilliseconds);
        if (failures++ == 0) Tell?.Invoke("Errors cannot be sent to Sentry (" + sender.Why + "); what can wait is tried again");
    }
}
