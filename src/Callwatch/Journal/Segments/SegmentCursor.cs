namespace Callwatch.Journal.Segments;

/// <summary>One reader's place: goes through the parts in order and keeps the one it stands in open, also when that has been sealed or removed meanwhile.</summary>
internal sealed class SegmentCursor(SegmentList segments, Damage damage) : IDisposable
{
    private JournalPart? part;
    private IPartReader? reader;

    /// <summary>The first intact record from <paramref name="from"/> to <paramref name="through"/>; null when there is none (yet).</summary>
    public JournalRecord? Read(long from, long through)
    {
        while (true)
        {
            if (part is null && !TryOpen(from)) return null;
            var current = part!;
            // In this order: what was full before its end was read has no more to come.
            var isFull = current.IsFull;
            if (reader!.Read(from, through) is { } record) return record;
            if (!isFull || current.LastNumber >= through || !TryOpen(Math.Max(from, current.LastNumber + 1))) return null;
        }
    }

    public void Dispose()
    {
        reader?.Dispose();
        (part, reader) = (null, null);
    }

    private bool TryOpen(long from)
    {
        var wanted = segments.Holding(from);
        while (wanted is not null)
        {
            try
            {
                var opened = wanted.OpenReader(from, damage);
                Dispose();
                (part, reader) = (wanted, opened);
                return true;
            }
            catch (FileNotFoundException)
            {
                // Sealed or taken by retention in the meantime: by now the list knows. What nobody knows of is passed over.
                var gone = wanted;
                wanted = segments.Holding(from);
                if (wanted != gone) continue;
                from = gone.LastNumber + 1;
                wanted = segments.Holding(from);
                if (wanted == gone) return false;
            }
        }

        return false;
    }
}
