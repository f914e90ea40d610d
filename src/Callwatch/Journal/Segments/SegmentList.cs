namespace Callwatch.Journal.Segments;

/// <summary>The segments in the order of their numbers. The writer adds at the end, retention takes from the front, readers see a snapshot.</summary>
internal sealed class SegmentList(IEnumerable<Segment> segments)
{
    private readonly Lock gate = new();
    private volatile Segment[] all = [.. segments];

    public IReadOnlyList<Segment> All => all;

    public void Add(Segment segment)
    {
        lock (gate) all = [.. all, segment];
    }

    public void Remove(Segment segment)
    {
        lock (gate) all = [.. all.Where(other => other != segment)];
    }

    /// <summary>The segment in which a number lies, or else the first after it.</summary>
    public Segment? Holding(long number)
    {
        var snapshot = all;
        var (low, high) = (0, snapshot.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (snapshot[middle].FirstNumber <= number) low = middle + 1;
            else high = middle;
        }

        if (low > 0 && (!snapshot[low - 1].IsFull || snapshot[low - 1].LastNumber >= number)) return snapshot[low - 1];
        return low < snapshot.Length ? snapshot[low] : null;
    }

    public Segment? After(Segment segment)
    {
        foreach (var other in all)
            if (other.FirstNumber > segment.FirstNumber) return other;
        return null;
    }
}
