using Microsoft.Win32.SafeHandles;

namespace Callwatch.Journal.Segments;

/// <summary>Reads a segment as it was written, also while it grows.</summary>
internal sealed class SegmentReader : IPartReader
{
    private readonly Segment segment;
    private readonly Damage damage;
    private readonly SafeFileHandle handle;
    private readonly SegmentWalk walk;

    public SegmentReader(Segment segment, long from, Damage damage)
    {
        (this.segment, this.damage) = (segment, damage);
        handle = segment.OpenToRead();
        var place = segment.Index.Before(from);
        walk = new SegmentWalk(segment, handle, place.Offset, Math.Max(place.Number, segment.FirstNumber) - 1, offset => damage.Record(segment, offset));
    }

    public JournalRecord? Read(long from, long through)
    {
        try
        {
            while (walk.MoveNext(segment.End, Math.Min(through, segment.LastNumber)))
                if (walk.Header.Number >= from && walk.ReadPayload() is { } payload) return walk.Header.ToRecord(payload);
        }
        catch (IOException)
        {
            // The disk cannot read here: what is left of this file is as good as damaged.
            damage.Record(segment, walk.Next);
        }

        return null;
    }

    public void Dispose()
    {
        walk.Dispose();
        handle.Dispose();
    }
}
