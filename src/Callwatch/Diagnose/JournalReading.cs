using Callwatch.Journal;

namespace Callwatch.Diagnose;

/// <summary>Reads a whole journal, sealed or not, and with it every checksum: what is damaged is in its status afterwards.</summary>
internal static class JournalReading
{
    public static async Task ReadAllAsync(SegmentJournal journal, CancellationToken cancel)
    {
        var head = journal.Head.Number;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var records = journal.ReadAsync(journal.FirstNumber - 1, enough.Token).GetAsyncEnumerator(enough.Token);
        try
        {
            while (true)
            {
                var next = records.MoveNextAsync();

                // Reading itself never waits: it stands at the head, and the last records were damaged.
                if (!next.IsCompleted) await enough.CancelAsync();
                if (!await next || records.Current.Number >= head) return;
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // At the head.
        }
        finally
        {
            await records.DisposeAsync();
        }
    }
}
