namespace Callwatch.Store.Rollups;

/// <summary>A histogram that many others are added to: its buckets lie side by side, so that adding is an addition and no search.</summary>
internal sealed class HistogramSum
{
    private const int Slack = 32;

    private long[] counts = [];
    private int first;

    public long Count { get; private set; }

    public void Add(long value) => At(Histogram.BucketOf(value), 1);

    public void Merge(HistogramSum other)
    {
        if (other.Count == 0) return;
        Reach(other.first, other.first + other.counts.Length - 1);
        var into = counts.AsSpan(other.first - first, other.counts.Length);
        for (var i = 0; i < into.Length; i++) into[i] += other.counts[i];
        Count += other.Count;
    }

    /// <param name="blob">As <see cref="Histogram.ToBlob"/> writes it.</param>
    public void Merge(ReadOnlySpan<byte> blob)
    {
        var read = new Varints(blob);
        if (blob.IsEmpty || read.Next() != Histogram.Format) return;
        var left = read.Next();
        if (counts.Length == 0 && Extent(read, left) is var (from, to)) (first, counts) = (from, new long[to - from + 1]);
        for (var bucket = 0L; left > 0 && !read.AtEnd; left--)
        {
            bucket += read.Next();
            // No time has a bucket past 2,200: a damaged blob must not ask for memory.
            if (bucket is < 0 or > Histogram.MostBuckets) return;
            At((int)bucket, read.Next());
        }
    }

    /// <summary>As <see cref="Histogram.Quantile"/>, of several shares from the least to the greatest; false when it is empty.</summary>
    public bool Quantiles(ReadOnlySpan<double> shares, Span<double> quantiles)
    {
        if (Count <= 0) return false;
        var (seen, last, at) = (0L, 0, 0);
        for (var i = 0; i < counts.Length && at < shares.Length; i++)
        {
            if (counts[i] == 0) continue;
            last = i;
            seen += counts[i];
            while (at < shares.Length && seen >= Math.Max(1, (long)Math.Ceiling(shares[at] * Count))) quantiles[at++] = Histogram.ValueOf(first + i);
        }

        while (at < shares.Length) quantiles[at++] = Histogram.ValueOf(first + last);
        return true;
    }

    /// <summary>Writes it as <see cref="Histogram.ToBlob"/> does and says how many bytes that took.</summary>
    public int Write(Span<byte> target)
    {
        if (Count == 0) return 0;
        var length = Varints.Write(target, Histogram.Format);
        length += Varints.Write(target[length..], Filled());
        var before = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] == 0) continue;
            length += Varints.Write(target[length..], first + i - before);
            length += Varints.Write(target[length..], counts[i]);
            before = first + i;
        }

        return length;
    }

    /// <summary>Most bytes that <see cref="Write"/> takes.</summary>
    public int MostBytes => (Filled() * 2 * Varints.Longest) + (2 * Varints.Longest);

    private int Filled()
    {
        var filled = 0;
        foreach (var count in counts)
            if (count != 0) filled++;
        return filled;
    }

    private void At(int bucket, long times)
    {
        var index = bucket - first;
        if ((uint)index >= (uint)counts.Length) index = MakeRoom(bucket);
        counts[index] += times;
        Count += times;
    }

    // Most sums are of one row, whose buckets are known before they are read: room is made once.
    private static (int First, int Last)? Extent(Varints read, long left)
    {
        var (first, bucket) = (-1L, 0L);
        for (; left > 0 && !read.AtEnd; left--)
        {
            var next = bucket + read.Next();
            if (next < bucket || next > Histogram.MostBuckets) break;
            bucket = next;
            if (first < 0) first = bucket;
            read.Next();
        }

        return first < 0 ? null : ((int)first, (int)bucket);
    }

    private int MakeRoom(int bucket)
    {
        if (counts.Length == 0) (first, counts) = (Math.Max(0, bucket - Slack), new long[2 * Slack]);
        else Reach(bucket < first ? Math.Max(0, bucket - Slack) : first, bucket >= first + counts.Length ? bucket + Slack : first + counts.Length - 1);
        return bucket - first;
    }

    private void Reach(int from, int to)
    {
        if (counts.Length == 0) first = from;
        (from, to) = (Math.Min(first, from), Math.Max(first + counts.Length - 1, to));
        if (from == first && to - from + 1 == counts.Length) return;
        var wider = new long[to - from + 1];
        counts.CopyTo(wider, first - from);
        (first, counts) = (from, wider);
    }
}
