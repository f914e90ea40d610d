using System.Collections.Immutable;

namespace Callwatch.Store.Rollups;

/// <summary>
/// Counts of values in fixed logarithmic buckets (γ = 1.02): quantiles within 1 % of the exact ones, and since the buckets are the same
/// everywhere, histograms add up and can be taken away from each other. Values are whole numbers from 0; the blob is sparse
/// (varints: format 1, number of buckets, then for each the distance from the one before and its count).
/// </summary>
public sealed class Histogram
{
    internal const byte Format = 1;
    internal const int MostBuckets = 4_000;
    private static readonly double LogGamma = Math.Log(1.02);
    private static readonly double Middle = 2 / (1 + 1.02);

    // Sorted by bucket. Small: a day's worth of calls of one model fills some two hundred buckets.
    private readonly List<(int Bucket, long Count)> counts = [];

    /// <summary>How many values.</summary>
    public long Count { get; private set; }

    /// <summary>Buckets with a value in them.</summary>
    public int Buckets => counts.Count;

    public void Add(long value, long times = 1)
    {
        if (times != 0) AddToBucket(BucketOf(value), times, from: 0);
    }

    public void Subtract(long value, long times = 1) => Add(value, -times);

    public void Merge(Histogram other)
    {
        var from = 0;
        foreach (var (bucket, count) in other.counts) from = AddToBucket(bucket, count, from);
    }

    public void Subtract(Histogram other)
    {
        var from = 0;
        foreach (var (bucket, count) in other.counts) from = AddToBucket(bucket, -count, from);
    }

    /// <summary>Merges a blob without building a histogram of it.</summary>
    public void Merge(ReadOnlySpan<byte> blob)
    {
        var from = 0;
        var read = new Varints(blob);
        if (blob.IsEmpty || read.Next() != Format) return;
        var bucket = 0L;
        for (var left = read.Next(); left > 0 && !read.AtEnd; left--)
        {
            var step = read.Next();
            bucket += step;
            // They stand in order, and no time has a bucket past 2,200: a damaged blob is read as far as it makes sense.
            if (step < 0 || bucket is < 0 or > MostBuckets) return;
            from = AddToBucket((int)bucket, read.Next(), from);
        }
    }

    /// <summary>The value below which the given share (0 to 1) of values lies, within 1 %; null when empty.</summary>
    public double? Quantile(double share)
    {
        if (Count <= 0) return null;
        // The nearest rank, as for a sorted list: the smallest value with at least share × count values up to it.
        var rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        foreach (var (bucket, count) in counts)
        {
            seen += count;
            if (seen >= rank) return ValueOf(bucket);
        }

        return ValueOf(counts[^1].Bucket);
    }

    public static Histogram Read(ReadOnlySpan<byte> blob)
    {
        var histogram = new Histogram();
        histogram.Merge(blob);
        return histogram;
    }

    public byte[] ToBlob()
    {
        if (counts.Count == 0) return [];
        Span<byte> room = counts.Count <= 64 ? stackalloc byte[64 * 15 + 16] : new byte[(counts.Count * 15) + 16];
        var length = Varints.Write(room, Format);
        length += Varints.Write(room[length..], counts.Count);
        var before = 0;
        foreach (var (bucket, count) in counts)
        {
            length += Varints.Write(room[length..], bucket - before);
            length += Varints.Write(room[length..], count);
            before = bucket;
        }

        return room[..length].ToArray();
    }

    internal ImmutableArray<(int Bucket, long Count)> Contents => [.. counts];

    /// <summary>0 for values up to 0; else 1 + the least i with value ≤ 1.02^i.</summary>
    internal static int BucketOf(long value) => value <= 0 ? 0 : 1 + (int)Math.Ceiling(Math.Log(value) / LogGamma);

    // The point of a bucket that is at most 1 % away from both of its ends.
    internal static double ValueOf(int bucket) => bucket == 0 ? 0 : Math.Exp((bucket - 1) * LogGamma) * Middle;

    private int AddToBucket(int bucket, long times, int from)
    {
        Count += times;
        var index = from < counts.Count && counts[from].Bucket >= bucket ? from : Search(bucket, from);
        if (index < counts.Count && counts[index].Bucket == bucket)
        {
            var count = counts[index].Count + times;
            if (count == 0) counts.RemoveAt(index);
            else counts[index] = (bucket, count);
        }
        else
        {
            counts.Insert(index, (bucket, times));
        }

        return index;
    }

    private int Search(int bucket, int from)
    {
        int low = from, high = counts.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (counts[middle].Bucket < bucket) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
