using System.Runtime.CompilerServices;
using Callwatch.Journal;

namespace Callwatch.Store.Reindexing;

internal static class JournalReading
{
    private const int MostRecords = 2_000;
    private const long MostBytes = 8L * 1024 * 1024;

    /// <summary>Records after one number up to another, in batches, without waiting for what is not there.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<JournalRecord>> BatchesAsync(
        this IJournal journal, long after, long through, int mostSpans, [EnumeratorCancellation] CancellationToken cancel)
    {
        var batch = new List<JournalRecord>();
        var (bytes, spans) = (0L, 0);
        await foreach (var record in journal.ThroughAsync(after, through, cancel))
        {
            batch.Add(record);
            bytes += record.Payload.Length;
            spans += record.ItemCount;
            if (batch.Count < MostRecords && bytes < MostBytes && spans < mostSpans) continue;
            yield return batch;
            batch = [];
            (bytes, spans) = (0, 0);
        }

        if (batch.Count > 0) yield return batch;
    }

    private static async IAsyncEnumerable<JournalRecord> ThroughAsync(this IJournal journal, long after, long through, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var records = journal.ReadAsync(after, enough.Token).GetAsyncEnumerator(enough.Token);
        await using var _ = records.ConfigureAwait(false);
        while (true)
        {
            var next = records.MoveNextAsync();
            // Only at the head does reading wait: whatever was asked for has come by then, or is gone.
            if (!next.IsCompleted && journal.Head.Number >= through) await enough.CancelAsync();
            try
            {
                if (!await next || records.Current.Number > through) yield break;
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                yield break;
            }

            yield return records.Current;
            if (records.Current.Number == through) yield break;
        }
    }
}
