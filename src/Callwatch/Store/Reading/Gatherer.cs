using Callwatch.Journal;

namespace Callwatch.Store.Reading;

/// <summary>Gathers neighbouring journal records until they make a batch: enough spans or bytes, or the first has waited long enough for others.</summary>
internal sealed class Gatherer(IAsyncEnumerator<JournalRecord> records, StoreOptions options, TimeProvider time) : IAsyncDisposable
{
    private const long MostBytes = 32L * 1024 * 1024;

    // Kept over the end of a batch: a record that was asked for must not be lost because it came too late for it.
    private Task<bool>? next;

    /// <summary>Fills the list; false when the journal has ended.</summary>
    public async Task<bool> GatherAsync(List<JournalRecord> batch, CancellationToken cancel)
    {
        batch.Clear();
        if (!await Next()) return false;
        Take(batch);
        long bytes = batch[0].Payload.Length;
        var items = batch[0].ItemCount;
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var enough = Task.Delay(options.BatchDelay, time, late.Token);
        while (items < options.BatchSpans && bytes < MostBytes)
        {
            if (!Next().IsCompleted && await Task.WhenAny(Next(), enough) == enough) break;
            if (!await Next()) break;
            Take(batch);
            bytes += batch[^1].Payload.Length;
            items += batch[^1].ItemCount;
        }

        await late.CancelAsync();
        cancel.ThrowIfCancellationRequested();
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        // An enumerator must not be disposed of while it moves; its own cancellation ends that.
        if (next is not null) await next.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await records.DisposeAsync();
    }

    private Task<bool> Next() => next ??= records.MoveNextAsync().AsTask();

    private void Take(List<JournalRecord> batch)
    {
        batch.Add(records.Current);
        next = null;
    }
}
