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
        for (var i = 0; i < other.counts.Length; i++)
            if (other.counts[i] != 0) At(other.first + i, other.counts[i]);
    }

    /// <param name="blob">As <see cref="Histogram.ToBlob"/> writes it.</param>
    public void Merge(ReadOnlySpan<byte> blob)
    {
        var read = new Varints(blob);
        if (blob.IsEmpty || read.Next() != Histogram.Format) return;
        var bucket = 0L;
        for (var left = read.Next(); left > 0 && !read.AtEnd; left--)
        {
            bucket += read.Next();
            // No time has a bucket past 2,200: a damaged blob must not ask for memory.
            if (bucket is < 0 or > Histogram.MostBuckets) return;
            At((int)bucket, read.Next());
        }
    }

    /// <summary>As <see cref="Histogram.Quantile"/>.</summary>
    public double? Quantile(double share)
    {
        if (Count <= 0) return null;
        var rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        var last = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] == 0) continue;
            last = i;
            seen += counts[i];
            if (seen >= rank) break;
        }

        return Histogram.ValueOf(first + last);
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

    private int MakeRoom(int bucket)
    {
        if (counts.Length == 0)
        {
            (first, counts) = (Math.Max(0, bucket - Slack), new long[2 * Slack]);
            return bucket - first;
        }

        var from = bucket < first ? Math.Max(0, bucket - Slack) : first;
        var to = Math.Max(first + counts.Length, bucket + Slack);
        var wider = new long[to - from];
        counts.CopyTo(wider, first - from);
        (first, counts) = (from, wider);
        return bucket - first;
    }
}
