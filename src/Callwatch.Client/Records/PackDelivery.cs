using Microsoft.Extensions.Logging;

namespace Callwatch.Client.Records;

/// <summary>Brings one pack after the other to the server, however long that takes, and says once when it cannot. Packs of two tasks at a time at most.</summary>
internal sealed partial class PackDelivery(RecorderOptions options, TimeProvider time, Tally tally, ILogger log) : IDisposable
{
    private readonly RecordSender sender = new(options);
    private bool isFailing;

    /// <summary>Until it is taken or refused for good; false when the end has come before.</summary>
    public async Task<bool> DeliverAsync(RecordPack pack, CancellationToken stop)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                switch (await sender.SendAsync(pack, stop).ConfigureAwait(false))
                {
                    case Sending.Done done:
                        Done(done);
                        return true;
                    case Sending.Never when pack.Items.Count > 1:
                        var (first, second) = pack.Halves();
                        return await DeliverAsync(first, stop).ConfigureAwait(false) && await DeliverAsync(second, stop).ConfigureAwait(false);
                    case Sending.Never never:
                        tally.Dropped(Drop.Refused);
                        RecordEvents.Log.Refused(never.Why, "");
                        return true;
                    case Sending.Later later:
                        await WaitAsync(attempt, later, stop).ConfigureAwait(false);
                        break;
                }
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }
    }

    public void Dispose() => sender.Dispose();

    private void Done(Sending.Done done)
    {
        tally.Sent(done.Taken);
        tally.Dropped(Drop.Refused, done.Refused.Count);
        foreach (var refused in done.Refused) RecordEvents.Log.Refused(refused.Code, refused.Field);
        if (Interlocked.Exchange(ref isFailing, false)) SentAgain();
    }

    private async Task WaitAsync(int attempt, Sending.Later later, CancellationToken stop)
    {
        var doubled = options.BaseDelay * Math.Pow(2, Math.Min(attempt, 20));
        var delay = later.After is { } asked && asked > TimeSpan.Zero ? asked : doubled * (0.5 + (Random.Shared.NextDouble() / 2));
        if (delay > options.MaxDelay) delay = options.MaxDelay;
        tally.Retried();
        RecordEvents.Log.Failed(later.Why, (long)delay.TotalMilliseconds);
        if (!Interlocked.Exchange(ref isFailing, true)) CannotSend(options.Endpoint.Authority, later.Why);
        await Task.Delay(delay, time, stop).ConfigureAwait(false);
    }

    [LoggerMessage(EventId = 525, Level = LogLevel.Warning, Message = "Trace records cannot be sent to {Server} ({Why}); they wait and are tried again")]
    private partial void CannotSend(string server, string why);

    [LoggerMessage(EventId = 526, Level = LogLevel.Information, Message = "Trace records are sent again")]
    private partial void SentAgain();
}
