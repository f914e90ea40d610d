using System.Runtime.CompilerServices;
using Callwatch.Journal.Disk;
using Callwatch.Journal.Sealing;
using Callwatch.Journal.Writing;

namespace Callwatch.Journal.Segments;

/// <summary>The journal's reading side: one record after the other, or single ones, up to the head. Thread-safe.</summary>
internal sealed class SegmentReading(SegmentList segments, HeadSignal head, Damage damage, TimeProvider time)
{
    public async IAsyncEnumerable<JournalRecord> ReadAsync(long after, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var cursor = new SegmentCursor(segments, damage);
        var next = after + 1;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var through = head.Number;
            while (next <= through && await ReadAsync(cursor, next, through, cancel) is { } record)
            {
                next = record.Number + 1;
                yield return record;
                cancel.ThrowIfCancellationRequested();
            }

            // All up to the head is read or gone.
            next = Math.Max(next, through + 1);
            await head.BeyondAsync(through, cancel);
        }
    }

    public JournalRecord? FindItems(long number, params ReadOnlySpan<int> offsets)
    {
        // Twice: what was found may just have been sealed.
        for (var tries = 0; tries < 2; tries++)
        {
            if (PartOf(number) is not { } part) return null;
            try
            {
                return part.Find(number, offsets, damage);
            }
            catch (FileNotFoundException)
            {
                // Look again.
            }
            catch (Exception e) when (e is UnauthorizedAccessException || (e is IOException && !OutOfFiles.Is(e)))
            {
                // The disk cannot read it, or somebody has changed its rights.
                return null;
            }
        }

        return null;
    }

    public IReadOnlyList<JournalRecord> FindOn(long number, int tenantId, long mostBytes, Func<byte[]>? memory)
    {
        try
        {
            if (PartOf(number) is SealedWindow window && window.FindOn(number, tenantId, mostBytes, memory, damage) is { Count: > 0 } found) return found;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Taken or replaced this very moment, or unreadable: looking for the one tells.
        }

        return FindItems(number) is { } record ? [record] : [];
    }

    // A process without files left gets some back: a reader that ended for it would have to be started anew.
    private async ValueTask<JournalRecord?> ReadAsync(SegmentCursor cursor, long from, long through, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return cursor.Read(from, through);
            }
            catch (IOException e) when (OutOfFiles.Is(e))
            {
                await Task.Delay(JournalWriter.RetryAfter, time, cancel);
            }
        }
    }

    private JournalPart? PartOf(long number) =>
        number >= 1 && number <= head.Number && segments.Holding(number) is { } part && part.FirstNumber <= number ? part : null;
}
