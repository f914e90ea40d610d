using Microsoft.Win32.SafeHandles;

namespace Callwatch.Journal.Segments;

/// <summary>One reader's place: goes through the segments in order and keeps the one it stands in open.</summary>
internal sealed class SegmentCursor(SegmentList segments, Action<Segment, long> damage) : IDisposable
{
    private Segment? segment;
    private SafeFileHandle? handle;
    private SegmentWalk? walk;

    /// <summary>The first intact record from <paramref name="from"/> to <paramref name="through"/>; null when there is none (yet).</summary>
    public JournalRecord? Read(long from, long through)
    {
        while (true)
        {
            if (segment is null && !TryOpen(segments.Holding(from), from)) return null;
            var current = segment!;
            // In this order: what was full before its end was read has no more to come.
            var isFull = current.IsFull;
            if (Step(current, from, through, out var record)) return record;
            if (!isFull || current.LastNumber >= through || !TryOpen(segments.After(current), from)) return null;
        }
    }

    public void Dispose()
    {
        walk?.Dispose();
        handle?.Dispose();
        (segment, walk, handle) = (null, null, null);
    }

    private bool Step(Segment current, long from, long through, out JournalRecord? record)
    {
        record = null;
        try
        {
            while (walk!.MoveNext(current.End, Math.Min(through, current.LastNumber)))
            {
                if (walk.Header.Number < from || walk.ReadPayload() is not { } payload) continue;
                record = walk.Header.ToRecord(payload);
                return true;
            }
        }
        catch (IOException)
        {
            // The disk cannot read here: what is left of this file is as good as damaged.
            damage(current, walk!.Next);
        }

        return false;
    }

    private bool TryOpen(Segment? wanted, long from)
    {
        for (; wanted is not null; wanted = segments.After(wanted))
        {
            try
            {
                var opened = wanted.OpenToRead();
                Dispose();
                (segment, handle) = (wanted, opened);
                var place = wanted.Index.Before(from);
                walk = new SegmentWalk(wanted, opened, place.Offset, Math.Max(place.Number, wanted.FirstNumber) - 1, offset => damage(wanted, offset));
                return true;
            }
            catch (FileNotFoundException)
            {
                // Retention has taken it in the meantime.
            }
        }

        return false;
    }
}
